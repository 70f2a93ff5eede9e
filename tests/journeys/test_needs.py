"""The mission, row by row, through the public interface: commands in, answers out, projectors between."""

import subprocess
from typing import Any

import pytest

from domain.kernel.envelope import Actor
from domain.policy.starters import starter
from tests.journeys.public import Public
from tests.sample import ADMINISTRATOR, GUARDIAN, LEARNER, TEACHER

pytestmark = pytest.mark.anyio
ME = "learners/l-91"
NF1, NF2 = "4.NF.1", "4.NF.2"
TYPING_ERROR = {"code": "typing-error", "text": "Two digits swapped."}


async def show(public: Public, evidence_id: str, value: str | None = None, **words: Any) -> None:
    """Have learner l-91 show 4.NF.1 by a task of its own, and perhaps have it scored."""
    told: dict[str, Any] = {"competency_ids": [NF1], "kind": "task", "task": evidence_id, **words}
    await public.do("evidence", evidence_id=evidence_id, learner_id="l-91", **told)
    if value is not None:
        await public.do(f"evidence/{evidence_id}/scores", competency_id=NF1, value=value)


@pytest.mark.need("NEED-01")
async def test_a_profile_keeps_strengths_needs_and_motivations_with_age_and_source(public: Public) -> None:
    noted: dict[str, Any] = {
        "kind": "motivation",
        "text": "wants to build bridges",
        "occurred_at": "2026-01-10T08:00:00Z",
    }
    await public.do(f"{ME}/profile-entries", GUARDIAN, entry_id="n1", **noted)
    need: dict[str, Any] = {"kind": "need", "text": "time to read", "occurred_at": "2026-02-01T08:00:00Z"}
    await public.do(f"{ME}/profile-entries", entry_id="n2", **need)
    await public.do(
        f"{ME}/profile-entries/n2/retirement", occurred_at="2026-03-01T08:00:00Z", reason={"text": "reads with ease"}
    )
    then = await public.ask(f"{ME}/profile", GUARDIAN, as_of="2026-02-11T08:00:00Z")
    assert [(one["kind"], one["age_days"], one["noted_by_role"]) for one in then["entries"]] == [
        ("motivation", 32, "guardian"),
        ("need", 10, "teacher"),
    ]
    now = await public.ask(f"{ME}/profile")
    assert ([one["entry_id"] for one in now["entries"]], [one["entry_id"] for one in now["retired"]]) == (
        ["n1"],
        ["n2"],
    )


@pytest.mark.need("NEED-02")
async def test_progress_is_in_the_profile_as_soon_as_it_is_recorded(public: Public) -> None:
    await show(public, "e1", "3")
    answer = await public.ask(f"{ME}/profile", LEARNER)
    assert (answer["progress"]["evidence"], answer["progress"]["scores"]) == (1, 1)
    assert answer["progress"]["freshness_seconds"] <= 30
    assert answer["position"] >= public.position


@pytest.mark.need("NEED-04")
async def test_a_pathway_responds_to_progress_and_says_why(public: Public) -> None:
    first = {"step_id": "s1", "competency_id": NF1}
    await public.do("pathways", pathway_id="p1", learner_id="l-91", steps=[first])
    await show(public, "e1", "3.5")
    grown = [first, {"step_id": "s2", "competency_id": NF2, "modality": "project"}]
    refused = await public.try_to("pathways/p1/changes", steps=grown)
    assert refused.json()["code"] == "because-required"
    await public.do("pathways/p1/changes", steps=grown, because={"kind": "score", "ref": "e1.1"})
    (pathway,) = (await public.ask(f"{ME}/pathway", LEARNER))["pathways"]
    (change,) = pathway["changes"]
    assert (change["because"]["ref"], change["before"], change["after"]) == ("e1.1", ["s1"], ["s1", "s2"])


@pytest.mark.need("NEED-07")
async def test_each_score_moves_mastery_toward_defined_levels(public: Public) -> None:
    levels = []
    for evidence_id, value in (("e1", "1"), ("e2", "3"), ("e3", "4")):
        await show(public, evidence_id, value)
        (cell,) = (await public.ask(f"{ME}/mastery", LEARNER))["competencies"]
        levels.append((cell["value"], cell["level"]))
    assert levels == [("25", "beginning"), ("50", "developing"), ("66.67", "developing")]


@pytest.mark.need("NEED-10")
async def test_math_is_shown_inside_a_retail_internship(public: Public) -> None:
    await show(public, "e1", "4", form="performance", context="a retail internship", chosen_by="learner")
    history = await public.ask(f"{ME}/history", LEARNER)
    submitted = history["entries"][-1]["data"]
    assert (submitted["context"], submitted["form"]) == ("a retail internship", "performance")
    (cell,) = (await public.ask(f"{ME}/mastery", LEARNER))["competencies"]
    assert cell["level"] == "advanced"


@pytest.mark.need("NEED-11")
async def test_one_piece_of_work_shows_several_competencies(public: Public) -> None:
    await show(public, "e1", "4", competency_ids=[NF1])
    await public.do("evidence/e1/alignments", competency_ids=[NF2])
    await public.do("evidence/e1/scores", competency_id=NF2, value="2")
    cells = (await public.ask(f"{ME}/mastery"))["competencies"]
    assert [(cell["competency_id"], cell["value"]) for cell in cells] == [(NF1, "100"), (NF2, "50")]


@pytest.mark.need("NEED-13")
async def test_there_are_many_chances_and_all_attempts_are_kept(public: Public) -> None:
    await show(public, "e1", "1")
    for value in ("2", "4"):
        await public.do("evidence/e1/attempts")
        await public.do("evidence/e1/scores", competency_id=NF1, value=value)
    told = await public.ask(f"{ME}/explanation", LEARNER, competency=NF1)
    assert [(one["attempt"], one["value"], one["dropped_because"]) for one in told["entries"]] == [
        (1, "1", "replaced-in-its-task"),
        (2, "2", "replaced-in-its-task"),
        (3, "4", None),
    ]
    assert told["effective"] == "advanced"


@pytest.mark.need("NEED-23")
async def test_a_learner_submits_unasked_evidence_and_notes_a_talent(public: Public) -> None:
    told = {"learner_id": "l-91", "competency_ids": [NF1], "kind": "portfolio", "chosen_by": "learner"}
    await public.do("evidence", LEARNER, evidence_id="e1", **told)
    await public.do(f"{ME}/profile-entries", LEARNER, kind="strength", text="explains with songs")
    newest, submitted = (await public.ask(f"{ME}/history", LEARNER))["entries"]
    assert (submitted["actor_role"], submitted["data"]["chosen_by"]) == ("learner", "learner")
    assert (newest["actor_role"], newest["after"]) == ("learner", "explains with songs")


@pytest.mark.need("NEED-32")
async def test_a_song_counts_as_a_story_does(public: Public) -> None:
    for form in ("audio", "text", "video", "performance", "link"):
        await show(public, form, "4", form=form)
    told = await public.ask(f"{ME}/explanation", LEARNER, competency=NF1)
    assert [(one["value"], one["share"]) for one in told["entries"]] == [("4", "0.2")] * 5
    assert (told["value"], told["level"]) == ("100", "advanced")


@pytest.mark.need("NEED-45")
async def test_no_policy_can_count_time_participation_or_effort(public: Public) -> None:
    for word in ("attendance", "seat_time", "effort", "participation"):
        document = starter("highest").model_dump(mode="json", exclude_none=True) | {word: {"weight": "0.1"}}
        refused = await public.try_to("policies", ADMINISTRATOR, policy_id="p", document=document)
        assert (refused.status_code, refused.json()["code"]) == (422, "policy-invalid")
    await show(public, "e1", "4")
    told = await public.ask(f"{ME}/explanation", LEARNER, competency=NF1)
    assert [(one["score_id"], one["share"]) for one in told["entries"]] == [("e1.1", "1")]


@pytest.mark.need("NEED-52")
async def test_a_profile_shows_the_whole_child(public: Public) -> None:
    for kind, area in (("prior_experience", "civic"), ("disposition", "social-emotional"), ("interest", "creative")):
        await public.do(f"{ME}/profile-entries", kind=kind, area=area, text=f"something {area}")
    entries = (await public.ask(f"{ME}/profile", GUARDIAN))["entries"]
    assert {(one["kind"], one["area"]) for one in entries} == {
        ("prior_experience", "civic"),
        ("disposition", "social-emotional"),
        ("interest", "creative"),
    }


@pytest.mark.need("NEED-55")
async def test_a_learner_sets_a_goal_that_family_and_teacher_sign(public: Public) -> None:
    aim = {"statement": "compare any fractions", "horizon": "short_term", "competency_ids": [NF2]}
    await public.do("goals", LEARNER, goal_id="g1", learner_id="l-91", **aim)
    states = []
    for signer in (LEARNER, GUARDIAN, TEACHER):
        await public.do("goals/g1/signatures", signer)
        (goal,) = (await public.ask(f"{ME}/goals", LEARNER))["goals"]
        states.append((goal["state"], len(goal["signatures"])))
    assert states == [("proposed", 1), ("proposed", 2), ("active", 3)]


@pytest.mark.need("NEED-79")
async def test_every_observation_is_appended_and_none_is_ever_changed(public: Public) -> None:
    await show(public, "e1", "3")
    await public.do("goals", LEARNER, goal_id="g1", learner_id="l-91", statement="more", horizon="long_term")
    steps = [{"step_id": "s1", "competency_id": NF1}]
    await public.do("pathways", pathway_id="p1", learner_id="l-91", steps=steps)
    changed = [*steps, {"step_id": "s2", "competency_id": NF2}]
    await public.do("pathways/p1/changes", steps=changed, because={"kind": "pace", "text": "ahead"})
    history = (await public.ask(f"{ME}/history"))["entries"]
    assert [one["type"] for one in reversed(history)] == [
        "evidence.submitted.v1",
        "score.given.v1",
        "goal.set.v1",
        "pathway.approved.v1",
        "pathway.changed.v2",
    ]
    for method in ("PUT", "PATCH", "DELETE"):
        answer = await public.commands.request(method, "/v1/evidence", headers=public.sign_in(ADMINISTRATOR))
        assert answer.status_code == 405


@pytest.mark.need("NEED-80")
async def test_three_processes_keep_three_read_models(apis: Public, processes: list[subprocess.Popen[bytes]]) -> None:
    await show(apis, "e1", "3")
    for question in ("mastery", "profile", "history"):
        assert (await apis.ask(f"{ME}/{question}"))["position"] >= apis.position
    told = (await apis.ask("projections"))["projectors"]
    assert [one["name"] for one in told] == ["audit_trail", "learner_profile", "mastery"]
    assert [process.poll() for process in processes] == [None, None, None]


@pytest.mark.need("NEED-81")
async def test_a_new_policy_recomputes_history_and_can_be_rolled_back(public: Public) -> None:
    await show(public, "e1", "1")
    await show(public, "e2", "3")
    document = starter("highest", levels=[{"code": "reached", "at": "3"}]).model_dump(mode="json", exclude_none=True)
    values = [(await public.ask(f"{ME}/mastery"))["competencies"][0]["value"]]
    await public.put_in_force("best", document)
    values.append((await public.ask(f"{ME}/mastery"))["competencies"][0]["value"])
    await public.do("policies/best/rollback", ADMINISTRATOR, reason={"text": "too many moved"})
    await public.wait_for("best", "rolled-back")
    values.append((await public.ask(f"{ME}/mastery"))["competencies"][0]["value"])
    tried = (await public.ask(f"{ME}/mastery", policy="best"))["competencies"]
    assert (tried[0]["value"], tried[0]["level"]) == ("3", "reached")
    assert values == ["50", "3", "50"]


@pytest.mark.need("NEED-82")
async def test_a_grade_is_audited_from_the_first_value_to_the_last(public: Public) -> None:
    other = Actor.model_validate({"id": "t-2", "role": "teacher"})
    await show(public, "e1", "2")
    await public.do("scores/e1.1/corrections", other, value="3", reason=TYPING_ERROR)
    await public.do("scores/e1.1/void", ADMINISTRATOR, reason={"code": "wrong-learner"})
    chain = (await public.ask("scores/e1.1/chain"))["entries"]
    assert [(one["actor_id"], one["reason_code"], one["before"], one["after"]) for one in chain[1:]] == [
        ("t-1", None, None, "2"),
        ("t-2", "typing-error", "2", "3"),
        ("a-1", "wrong-learner", "3", None),
    ]
    found = await public.ask("audit", ADMINISTRATOR, learner="l-91", competency=NF1, reason="typing-error")
    assert [(one["type"], one["reason_text"]) for one in found["entries"]] == [
        ("score.corrected.v1", "Two digits swapped.")
    ]
