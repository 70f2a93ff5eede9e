"""The life of a policy through the public interface, from the draft to its end, in the place that it is for."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from domain.policy.starters import CUTS
from tests.journeys.public import Public
from tests.sample import ADMINISTRATOR, BOARD, LEARNER, TEACHER

pytestmark = pytest.mark.anyio
ME: Final = "learners/l-91/mastery"
NF1: Final = "4.NF.1"
LATEST: Final[dict[str, Any]] = {"name": "Latest", "combine": {"op": "latest"}, **CUTS["percent"]}
HIGHEST: Final[dict[str, Any]] = {"name": "Highest", "combine": {"op": "highest"}, **CUTS["percent"]}
WHY: Final = {"text": "board decision of 2 March"}


async def score(public: Public, *values: str) -> None:
    """Score learner l-91, who is enrolled in school north, on pieces of evidence for 4.NF.1."""
    await public.do("learners", ADMINISTRATOR, learner_id="l-91")
    place = {"enrolment_id": "n1", "learner_id": "l-91", "section_id": "4a", "school_id": "north"}
    await public.do("enrolments", ADMINISTRATOR, **place)
    for number, value in enumerate(values):
        evidence: dict[str, Any] = {
            "evidence_id": f"e{number}",
            "learner_id": "l-91",
            "competency_ids": [NF1],
            "kind": "quiz",
        }
        await public.do("evidence", **evidence)
        await public.do(f"evidence/e{number}/scores", competency_id=NF1, value=value)


async def level(public: Public) -> str:
    found: str = (await public.ask(ME))["competencies"][0]["level"]
    return found


async def answering(public: Public, **where: Any) -> list[str]:
    """Return the ids of the policies that stand behind each other, the one that answers first."""
    return [one["policy_id"] for one in (await public.ask("policies:effective", **where))["candidates"]]


async def test_a_policy_is_drafted_linted_simulated_approved_published_ahead_and_retired(public: Public) -> None:
    await score(public, "4", "2")
    headers = public.sign_in(TEACHER)
    linted = await public.questions.post("/v1/policies:lint", json={"document": HIGHEST}, headers=headers)
    assert linted.json()["publishable"]
    await public.do("policies", policy_id="best", document=HIGHEST)
    assert (await public.ask("policies/best"))["state"] == "drafted"
    early = await public.try_to("policies/best/publication", ADMINISTRATOR, reason=WHY)
    assert (early.status_code, early.json()["code"]) == (409, "policy-not-simulated")
    await public.simulate("best", hold_harmless="never_lower")
    own = await public.try_to("policies/best/approvals", ADMINISTRATOR, revision=2, reason=WHY)
    assert (own.status_code, own.json()["code"]) == (409, "policy-superseded")
    assert (await public.ask("policies/best"))["state"] == "simulated"
    await public.approve("best", *BOARD)
    assert (await public.ask("policies/best"))["revisions"][0]["state"] == "approved"
    soon, later = (datetime.now(UTC) + timedelta(seconds=seconds) for seconds in (4, 86_400))
    terms = {"hold_harmless": "never_lower"}
    await public.do(
        "policies/best/publication", ADMINISTRATOR, terms=terms, effective_from=soon.isoformat(), reason=WHY
    )
    assert (await public.ask("policies/best"))["state"] == "scheduled"
    assert await answering(public) == ["default"]
    assert await answering(public, on=f"{later:%Y-%m-%d}") == ["best", "default"]
    await public.wait_for("best", "in-force")
    assert datetime.now(UTC) >= soon
    assert (await level(public), await answering(public, learner="l-91")) == ("advanced", ["best", "default"])
    await public.do("policies/best/retirement", ADMINISTRATOR, reason={"text": "the pilot is over"})
    await public.wait_for("best", "retired")
    assert (await level(public), await answering(public)) == ("proficient", ["default"])
    told = await public.ask("policies/best", LEARNER)
    assert [(one["type"], one["by"], (one["reason"] or {}).get("text")) for one in told["life"]] == [
        ("policy.simulated.v1", "t-1", None),
        ("policy.approved.v1", "a-2", "as simulated"),
        ("policy.approved.v1", "a-3", "as simulated"),
        ("policy.published.v1", "a-1", "board decision of 2 March"),
        ("policy.activated.v1", "mastery-projector", None),
        ("policy.retired.v1", "a-1", "the pilot is over"),
    ]
    published = told["life"][3]
    assert (published["terms"]["hold_harmless"], published["revision"]) == ("never_lower", 1)


@pytest.mark.need("NEED-56")
async def test_each_school_has_its_policy_within_what_the_district_locks(public: Public) -> None:
    await score(public, "4", "2")
    await public.put_in_force("district", LATEST, locked=["levels"])
    await public.put_in_force("north", HIGHEST, school_id="north")
    assert await level(public) == "advanced"
    found = await public.ask("policies:effective", school="north", competency=NF1, on="2040-01-01")
    assert (found["policy_id"], found["locks"]) == ("north", [{"stage": "levels", "policy_id": "district"}])
    assert [(one["policy_id"], one["scope"]["school_id"]) for one in found["candidates"]] == [
        ("north", "north"),
        ("district", None),
        ("default", None),
    ]
    assert found["candidates"][0]["position"] > found["candidates"][1]["position"] > 0
    assert "The value is the best score." in [one["text"] for one in found["in_words"]]
    await public.do("enrolments", ADMINISTRATOR, learner_id="l-5", section_id="sec-5", school_id="south")
    assert await answering(public, school="south", competency=NF1) == ["district", "default"]
    assert await answering(public, learner="l-91") == ["north", "district", "default"]
    known_at = found["candidates"][1]["in_force_from"]
    assert await answering(public, school="north", known_at=known_at) == ["district", "default"]
    assert await answering(public, school="north", on="2020-01-01") == ["default"]
    other = HIGHEST | {"levels": [{"code": "proficient", "at": "60"}]}
    refused = await public.try_to("policies", policy_id="north", document=other, school_id="north")
    assert (refused.status_code, refused.json()["code"]) == (409, "stage-locked")
    assert refused.json()["detail"] == "stage levels is locked (by district, revision 1)"


async def test_a_scope_that_does_not_exist_is_refused_and_one_with_nobody_in_it_is_warned_of(public: Public) -> None:
    await score(public, "4")
    unknown = [
        await public.try_to("policies", TEACHER, policy_id="p", document=HIGHEST, **scope)
        for scope in ({"framework_id": "art"}, {"framework_id": "math-4", "competency_id": "9.X"})
    ]
    assert [(one.status_code, one.json()["code"]) for one in unknown] == [
        (409, "framework-unknown"),
        (409, "competency-unknown"),
    ]
    await public.ask(ME)
    headers = public.sign_in(TEACHER)
    for scope, value in (({"school_id": "nroth"}, "school nroth"), ({"course_id": "algebra"}, "course algebra")):
        body = {"document": HIGHEST, **scope}
        found = (await public.questions.post("/v1/policies:lint", json=body, headers=headers)).json()
        assert [(one["severity"], one["value"]) for one in found["findings"] if one["place"] == "scope"] == [
            ("warn", value)
        ]
        assert found["publishable"], "learners may be enrolled later"
    await public.do("policies", policy_id="p", document=HIGHEST, school_id="north")
    (revision,) = (await public.ask("policies/p"))["revisions"]
    assert "nobody-there" not in [one["rule"] for one in revision["findings"]]
    scoped = {"document": HIGHEST, "framework_id": "math-4", "competency_id": "9.X"}
    linted = (await public.questions.post("/v1/policies:lint", json=scoped, headers=headers)).json()
    assert (linted["publishable"], linted["findings"][0]["rule"]) == (False, "competency-unknown")


async def test_which_policy_answers_is_not_guessed_where_frameworks_have_their_own(public: Public) -> None:
    await score(public, "4")
    competency = {"competency_id": "A.1", "statement": "Draws a face"}
    art = {"framework_id": "art", "title": "Art", "edition": "1", "scale_id": "four-point"}
    await public.do("frameworks", ADMINISTRATOR, **art, competencies=[competency])
    assert await answering(public) == ["default"]
    await public.put_in_force("math", HIGHEST, framework_id="math-4")
    refused = await public.questions.get("/v1/policies:effective", headers=public.sign_in(TEACHER))
    assert (refused.status_code, refused.json()["code"]) == (422, "framework-needed")
    assert refused.json()["detail"] == "the answer depends on the framework: default in art, math in math-4"
    assert await answering(public, framework="math-4") == ["math", "default"]
    assert await answering(public, competency="A.1") == ["default"]
