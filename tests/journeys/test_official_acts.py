"""Advancement, credit and report cards: given on what was mastered, pinned to it, and reviewed when it is gone."""

import asyncio
from typing import Any

import pytest

from domain.policy.starters import CUTS, starter
from tests.journeys.public import Public
from tests.journeys.test_needs import ME, NF1, NF2, show
from tests.sample import ADMINISTRATOR, GUARDIAN, LEARNER, TEACHER

pytestmark = pytest.mark.anyio
WHY = {"text": "seen in class, on other work"}


async def put_in_force(public: Public, cuts: str = "percent", **stages: Any) -> None:
    """Have another policy decide from now on."""
    document = starter("average", **CUTS[cuts], **stages)
    await public.put_in_force("later", document.model_dump(mode="json", exclude_none=True))


async def reviews(public: Public, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await public.ask("reviews", **query))["reviews"]
    return found


@pytest.mark.need("NEED-08", "NEED-40")
async def test_a_learner_advances_as_soon_as_the_policy_says_mastered(public: Public) -> None:
    await show(public, "e1", "2")
    refused = await public.try_to(f"{ME}/advancements", LEARNER, competency_id=NF1)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-mastered")
    assert refused.json()["detail"].startswith("level is developing, mastered is proficient (learner l-91")
    unknown = await public.try_to(f"{ME}/advancements", LEARNER, competency_id="nonsense")
    assert (unknown.status_code, unknown.json()["code"]) == (409, "competency-unknown")
    assert (await public.ask(f"{ME}/ready-to-advance", LEARNER))["ready"] is False
    await show(public, "e2", "4")
    ready = await public.ask(f"{ME}/ready-to-advance", LEARNER)
    assert (ready["ready"], [(one["competency_id"], one["state"]) for one in ready["mastered"]]) == (
        True,
        [(NF1, "ready")],
    )
    (requested,) = await public.do(f"{ME}/advancements", LEARNER, act_id="a1", competency_id=NF1)
    assert requested["type"] == "advancement.requested.v1"
    assert (await public.ask(f"{ME}/ready-to-advance", LEARNER))["mastered"][0]["state"] == "requested"
    (granted,) = await public.do("advancements/a1/grant")
    basis = granted["data"]["basis"]
    assert (basis["level"], basis["value_micro"], basis["score_ids"]) == ("proficient", 75_000_000, ["e1.1", "e2.1"])
    told = await public.ask(f"{ME}/ready-to-advance", LEARNER)
    assert (told["ready"], told["mastered"][0]["state"]) == (False, "advanced")


async def test_a_judgement_with_a_reason_is_enough_to_advance_on(public: Public) -> None:
    await public.do(f"{ME}/competencies/{NF1}/judgement", level="proficient", reason=WHY)
    _, granted = await public.do(f"{ME}/advancements", competency_id=NF1)
    assert granted["data"]["basis"]["judgement_id"] is not None
    assert granted["data"]["basis"]["score_ids"] == []


async def test_an_act_on_a_competency_that_is_made_of_others_names_the_scores_of_its_parts(public: Public) -> None:
    parts = [{"kind": "isChildOf", "from_id": one, "to_id": to} for one, to in ((NF1, "NF"), (NF2, "NF"), ("NF", "N"))]
    competencies = [{"competency_id": one, "statement": f"Shows {one}"} for one in (NF1, NF2, "NF", "N")]
    edition: dict[str, Any] = {"framework_id": "math-4", "title": "Mathematics", "edition": "2027"}
    scale: dict[str, Any] = {"scale_id": "four-point", "competencies": competencies, "associations": parts}
    await public.do("frameworks", ADMINISTRATOR, **edition, **scale)
    await put_in_force(public, "four-levels", rollup={"unknown": "ignore"})
    await show(public, "e1", "3")
    await show(public, "e2", "4", competency_ids=[NF1, NF2])
    await public.do("evidence/e2/scores", competency_id=NF2, value="4")
    _, granted = await public.do(f"{ME}/advancements", act_id="a1", competency_id="N")
    basis = granted["data"]["basis"]
    assert (basis["level"], basis["score_ids"]) == ("advanced", ["e1.1", "e2.1", "e2.2"])
    await public.do(f"{ME}/report-cards", act_id="r1", period="autumn")
    await public.do("scores/e2.2/void", reason={"code": "wrong-learner"})
    await public.do("scores/e2.1/corrections", value="1", reason={"code": "typing-error"})
    assert [one["act"]["act_id"] for one in await reviews(public)] == ["r1", "a1"]


async def test_a_request_is_answered_once_and_by_an_educator(public: Public) -> None:
    await show(public, "e1", "4")
    await public.do(f"{ME}/advancements", GUARDIAN, act_id="a1", competency_id=NF1)
    assert (await public.try_to("advancements/a1/grant", LEARNER)).status_code == 403
    assert (await public.try_to("advancements/a1/decline")).json()["code"] == "reason-required"
    await public.do("advancements/a1/decline", reason={"text": "one more piece"})
    assert (await public.try_to("advancements/a1/grant")).json()["code"] == "act-closed"
    assert (await public.try_to("advancements/a2/grant")).status_code == 404
    (request,) = (await public.ask(f"{ME}/credits", GUARDIAN))["requests"]
    assert (request["state"], request["answer_reason"]) == ("declined", "one more piece")


async def test_of_many_requests_to_advance_one_is_taken_and_one_is_granted(public: Public) -> None:
    await show(public, "e1", "4")
    wanted = [public.try_to(f"{ME}/advancements", actor, competency_id=NF1) for actor in (LEARNER, GUARDIAN) * 4]
    answers = await asyncio.gather(*wanted)
    assert sorted(one.status_code for one in answers) == [201] + 7 * [409]
    (taken,) = [one.json()["events"][0]["data"]["act_id"] for one in answers if one.status_code == 201]
    refused = {(one.json()["code"], one.json()["detail"]) for one in answers if one.status_code == 409}
    detail = f"advancement {taken} waits for an answer (learner l-91, competency 4.NF.1)"
    assert refused == {("advancement-exists", detail)}
    await public.do(f"advancements/{taken}/grant")
    again = await public.try_to(f"{ME}/advancements", competency_id=NF1)
    assert again.json()["detail"] == f"advancement {taken} counts already (learner l-91, competency 4.NF.1)"


async def test_of_credits_of_one_title_one_is_given_until_it_is_revoked(public: Public) -> None:
    await show(public, "e1", "4")
    credit: dict[str, Any] = {"credits": "0.5", "competency_ids": [NF1]}
    titles = ("Fractions", "fractions ", "FRACTIONS") * 2
    answers = await asyncio.gather(*(public.try_to(f"{ME}/credits", title=title, **credit) for title in titles))
    assert sorted(one.status_code for one in answers) == [201] + 5 * [409]
    (given,) = [one.json()["events"][0]["data"]["act_id"] for one in answers if one.status_code == 201]
    again = await public.try_to(f"{ME}/credits", title="Fractions", **credit)
    detail = f"credit {given} counts already (learner l-91, title Fractions)"
    assert (again.json()["code"], again.json()["detail"]) == ("credit-exists", detail)
    await public.do(f"{ME}/credits", title="Fractions, the second half", **credit)
    await public.do(f"credits/{given}/revocation", reason=WHY)
    await public.do(f"{ME}/credits", act_id="c3", title="Fractions", **credit)
    assert (await public.ask(f"{ME}/credits", LEARNER))["credits"] == "1"


async def test_after_an_answer_of_no_or_a_revocation_a_learner_may_advance_anew(public: Public) -> None:
    await show(public, "e1", "4")
    for act_id in ("a1", "a2"):
        await public.do(f"{ME}/advancements", LEARNER, act_id=act_id, competency_id=NF1)
        await public.do(f"advancements/{act_id}/decline", reason=WHY)
    await public.do(f"{ME}/advancements", act_id="a3", competency_id=NF1)
    await public.do("scores/e1.1/corrections", value="1", reason={"code": "typing-error"})
    await public.do("reviews/a3/settlement", outcome="revoked", reason=WHY)
    await public.do("scores/e1.1/corrections", value="4", reason={"code": "typing-error"})
    await public.do(f"{ME}/advancements", act_id="a4", competency_id=NF1)
    acts = (await public.ask(f"{ME}/credits", LEARNER))["acts"]
    assert [(one["act_id"], one["counts"]) for one in acts] == [("a3", False), ("a4", True)]


@pytest.mark.need("NEED-24")
async def test_an_advancement_names_its_basis_and_a_later_policy_opens_a_review(public: Public) -> None:
    await show(public, "e1", "3")
    _, granted = await public.do(f"{ME}/advancements", act_id="a1", competency_id=NF1)
    then = (await public.ask(f"{ME}/credits", LEARNER))["acts"]
    assert await reviews(public) == []
    await put_in_force(public, require=[{"count_at_least": 2}])
    (review,) = await reviews(public)
    assert granted["data"]["decided_position"] < review["lost"][0].pop("cause_position") <= public.position
    assert (review["act"]["act_id"], review["lost"]) == (
        "a1",
        [
            {
                "competency_id": NF1,
                "why": "rule",
                "event_type": None,
                "level_then": "proficient",
                "level_after": None,
                "policy_version": starter("average", **CUTS["percent"], require=[{"count_at_least": 2}]).version,
            }
        ],
    )
    assert (await public.ask(f"{ME}/credits", LEARNER))["acts"] == then
    assert (await public.try_to("reviews/a1/settlement", outcome="upheld")).json()["code"] == "reason-required"
    await public.do("reviews/a1/settlement", outcome="upheld", reason=WHY)
    assert await reviews(public) == []
    assert (await public.try_to("reviews/a1/settlement", outcome="upheld", reason=WHY)).json()["code"] == (
        "review-not-open"
    )


async def test_a_voided_score_opens_a_review_and_fresh_work_does_not(public: Public) -> None:
    await show(public, "e1", "4")
    await public.do(f"{ME}/credits", act_id="c1", title="Fractions", credits="0.5", competency_ids=[NF1])
    await show(public, "e2", "0")
    assert (await public.ask(f"{ME}/mastery"))["competencies"][0]["level"] == "developing"
    assert await reviews(public) == []
    await public.do("scores/e2.1/void", reason={"code": "wrong-learner"})
    await public.do("scores/e1.1/corrections", value="1", reason={"code": "typing-error"})
    (review,) = await reviews(public, learner="l-91")
    assert [(one["why"], one["event_type"]) for one in review["lost"]] == [("work", "score.corrected.v1")]
    await public.do("reviews/c1/settlement", ADMINISTRATOR, outcome="revoked", reason=WHY)
    told = await public.ask(f"{ME}/credits", LEARNER)
    assert (told["credits"], told["acts"][0]["counts"], told["acts"][0]["revoked_reason"]) == ("0", False, WHY["text"])
    assert await reviews(public) == []


async def test_a_basis_that_comes_back_closes_the_review_by_itself(public: Public) -> None:
    await show(public, "e1", "4")
    await public.do(f"{ME}/advancements", act_id="a1", competency_id=NF1)
    await public.do("scores/e1.1/corrections", value="1", reason={"code": "typing-error"})
    assert len(await reviews(public)) == 1
    await public.do("scores/e1.1/corrections", value="4", reason={"code": "typing-error"})
    assert await reviews(public) == []


@pytest.mark.need("NEED-57")
async def test_one_ledger_gives_credit_on_demonstration_and_a_report_by_standards(public: Public) -> None:
    await put_in_force(public, convert=[{"mark": "A", "at": "85"}, {"mark": "B", "at": "70"}])
    await show(public, "e1", "4")
    credit: dict[str, Any] = {"title": "Fractions", "credits": "0.5", "competency_ids": [NF1, NF2]}
    assert (await public.try_to(f"{ME}/credits", **credit)).json()["code"] == "not-mastered"
    await public.do("evidence/e1/alignments", competency_ids=[NF2])
    await public.do("evidence/e1/scores", competency_id=NF2, value="3")
    await public.do(f"{ME}/credits", act_id="c1", **credit)
    await public.do(f"{ME}/report-cards", act_id="r1", period="autumn", comment="Explains fractions with ease.")
    card = await public.ask(f"{ME}/report-cards/r1", GUARDIAN)
    assert [(one["competency_id"], one["level"], one["mark"]) for one in card["competencies"]] == [
        (NF1, "advanced", "A"),
        (NF2, "proficient", "B"),
    ]
    assert (await public.ask(f"{ME}/credits", GUARDIAN))["credits"] == "0.5"
    await public.do("credits/c1/revocation", reason=WHY)
    assert (await public.ask(f"{ME}/credits", GUARDIAN))["credits"] == "0"
    assert (await public.try_to("credits/r1/revocation", reason=WHY)).status_code == 404


async def test_a_report_card_stays_as_issued_and_is_reviewed_when_the_rule_lowers_a_level(public: Public) -> None:
    await show(public, "e1", "4")
    await public.do(f"{ME}/report-cards", act_id="r1", period="autumn")
    issued = (await public.ask(f"{ME}/report-cards/r1"))["competencies"]
    await put_in_force(public, require=[{"count_at_least": 2}], unmet={"cap": "developing"})
    assert (await public.ask(f"{ME}/report-cards/r1"))["competencies"] == issued
    (review,) = await reviews(public)
    assert [(one["level_then"], one["level_after"], one["why"]) for one in review["lost"]] == [
        ("advanced", "developing", "rule")
    ]


async def test_only_educators_give_acts_and_only_once(public: Public) -> None:
    await show(public, "e1", "4")
    credit: dict[str, Any] = {"title": "Fractions", "credits": "1", "competency_ids": [NF1]}
    card: dict[str, Any] = {"period": "autumn"}
    for path, told in (("credits", credit), ("report-cards", card)):
        assert (await public.try_to(f"{ME}/{path}", LEARNER, **told)).status_code == 403
        await public.do(f"{ME}/{path}", TEACHER, act_id=path, **told)
        assert (await public.try_to(f"{ME}/{path}", TEACHER, act_id=path, **told)).json()["code"] == "act-exists"
    unread = await public.questions.get("/v1/reviews", headers=public.sign_in(LEARNER))
    assert unread.status_code == 403


async def lost_by(public: Public, **stages: Any) -> dict[str, int]:
    """Return how many acts of each kind a what-if says to lose their basis; put the policy in force."""
    document = starter("average", **stages).model_dump(mode="json", exclude_none=True)
    await public.put_in_force("later", document)
    life = (await public.ask("policies/later"))["life"]
    *_, simulation = (one["simulation"] for one in life if one["simulation"])
    found = await public.ask(f"simulations/{simulation['simulation_id']}")
    return {one["kind"]: one["acts"] for one in found["impact"]["acts"]}


async def test_a_what_if_counts_the_acts_that_the_review_list_then_has(public: Public) -> None:
    await show(public, "e1", "3", competency_ids=[NF1, NF2])
    await public.do("evidence/e1/scores", competency_id=NF2, value="3")
    await public.do(f"{ME}/advancements", act_id="a1", competency_id=NF1)
    await public.do(f"{ME}/credits", act_id="c1", title="Fractions", credits="1", competency_ids=[NF1, NF2])
    lower: dict[str, Any] = {
        **CUTS["percent"],
        "levels": [{"code": "proficient", "at": "90"}, {"code": "developing", "at": "50"}],
    }
    assert await lost_by(public, **lower, mastered="developing") == {}
    assert await reviews(public) == []
    assert await lost_by(public, **lower) == {"advancement": 1, "credit": 1}
    assert [one["act"]["act_id"] for one in await reviews(public)] == ["c1", "a1"]
