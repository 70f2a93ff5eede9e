"""Explicit targets, required standards, minimum levels, and the depth of evidence: what a district expects."""

from typing import Any, Final

import pytest

from domain.kernel.envelope import Actor
from tests.journeys.public import Public
from tests.journeys.test_needs import ME, NF1, show
from tests.sample import ADMINISTRATOR, GUARDIAN, LEARNER

pytestmark = pytest.mark.anyio
EXPLICIT: Final[dict[str, Any]] = {
    "competency_id": "5.RP.1",
    "statement": "Understands ratios",
    "can_do": "I can share fairly",
    "measure": "shares 12 among 3 and says why",
    "transfer": "recipes, maps",
    "outcome": "apply",
}
FRAMEWORK: Final[dict[str, Any]] = {"framework_id": "math-5", "title": "Grade 5", "scale_id": "four-point"}
WHY: Final = {"text": "moved here in May, covered at the former school"}


def steps(*competency_ids: str, **words: Any) -> list[dict[str, Any]]:
    return [{"step_id": one, "competency_id": one, **words} for one in competency_ids]


@pytest.mark.need("NEED-25")
async def test_a_framework_can_have_targets_refused_that_nobody_could_measure(public: Public) -> None:
    vague = {"competency_id": "5.RP.1", "statement": "Understand ratios"}
    headers = public.sign_in(ADMINISTRATOR)
    told = await public.questions.post("/v1/frameworks:lint", json={"competencies": [vague]}, headers=headers)
    assert [one["rule"] for one in told.json()["findings"]] == [
        "target-unmeasurable",
        "target-not-explicit",
        "target-not-transferable",
    ]
    draft: dict[str, Any] = {**FRAMEWORK, "edition": "1", "lint": "deny"}
    refused = await public.try_to("frameworks", ADMINISTRATOR, **draft, competencies=[vague])
    assert (refused.status_code, refused.json()["code"]) == (409, "framework-denied-by-lint")
    await public.do("frameworks", ADMINISTRATOR, **draft, competencies=[EXPLICIT])
    (held,) = (await public.ask("frameworks/math-5", GUARDIAN))["competencies"]
    assert (held["can_do"], held["measure"], held["transfer"]) == (
        "I can share fairly",
        "shares 12 among 3 and says why",
        "recipes, maps",
    )


@pytest.mark.need("NEED-28", "NEED-53")
async def test_coverage_by_depth_shows_what_was_only_recalled(public: Public) -> None:
    await public.do("frameworks", ADMINISTRATOR, **FRAMEWORK, edition="1", competencies=[EXPLICIT])
    ratio: dict[str, Any] = {"competency_ids": ["5.RP.1"]}
    await show(public, "e1", form="test", outcome="recall", **ratio)
    (covered,) = (await public.ask(f"{ME}/evidence-coverage", LEARNER))["competencies"]
    assert (covered["by_depth"], covered["demanded_depth"], covered["gaps"]) == (
        {"recall": 1},
        "apply",
        ["only-tests-so-far", "nothing-applied-or-created", "not-as-deep-as-demanded"],
    )
    await show(public, "e2", form="project", outcome="create", **ratio)
    await show(public, "e3", form="project", **ratio)
    await public.do("evidence/e3/withdrawal", reason=WHY)
    (covered,) = (await public.ask(f"{ME}/evidence-coverage", LEARNER))["competencies"]
    assert (covered["by_depth"], covered["gaps"]) == ({"recall": 1, "create": 1}, [])


@pytest.mark.need("NEED-63")
async def test_a_pathway_that_leaves_out_a_required_standard_is_approved_with_a_reason_only(public: Public) -> None:
    grade = {"subject": "math", "grade": "5"}
    competencies = [
        EXPLICIT | grade,
        {"competency_id": "5.RP", "statement": "Ratios", **grade},
        {"competency_id": "5.RP.2", "statement": "Scales recipes", "required": True, **grade},
        {"competency_id": "6.RP.1", "statement": "Uses rates", "required": True, **grade, "grade": "6"},
    ]
    whole = [{"kind": "isChildOf", "from_id": "5.RP.2", "to_id": "5.RP"}]
    published = {**FRAMEWORK, "edition": "1", "competencies": competencies, "associations": whole}
    await public.do("frameworks", ADMINISTRATOR, **published)
    words: dict[str, Any] = {"learner_id": "l-91", "steps": steps("5.RP.1")}
    refused = await public.try_to("pathways", pathway_id="p1", **words)
    assert (refused.status_code, refused.json()["code"]) == (409, "standard-uncovered")
    assert refused.json()["detail"] == "no step leads to 5.RP.2, and no reason is given"
    (approved,) = await public.do("pathways", pathway_id="p1", **words, reason=WHY)
    assert approved["data"]["excepted"]["uncovered"] == ["5.RP.2"]
    entry = (await public.ask(f"{ME}/history"))["entries"][0]
    assert (entry["reason_text"], entry["data"]["excepted"]["uncovered"]) == (WHY["text"], ["5.RP.2"])
    await public.do("pathways", pathway_id="p2", learner_id="l-91", steps=steps("5.RP.1", "5.RP"))


@pytest.mark.need("NEED-70")
async def test_a_pathway_that_aims_below_the_districts_expectation_needs_a_reason(public: Public) -> None:
    competency = EXPLICIT | {"minimum_level": "proficient"}
    wrong = {**FRAMEWORK, "edition": "1", "competencies": [competency | {"minimum_level": "gold"}]}
    assert (await public.try_to("frameworks", ADMINISTRATOR, **wrong)).json()["code"] == "level-unknown"
    await public.do("frameworks", ADMINISTRATOR, **FRAMEWORK, edition="1", competencies=[competency])
    words: dict[str, Any] = {"pathway_id": "p1", "learner_id": "l-91"}
    low = steps("5.RP.1", target_level="beginning")
    refused = await public.try_to("pathways", **words, steps=low)
    assert (refused.status_code, refused.json()["code"]) == (409, "below-minimum-expectation")
    await public.do("pathways", **words, steps=steps("5.RP.1", target_level="proficient"))
    because = {"kind": "pace", "text": "more time"}
    assert (await public.try_to("pathways/p1/changes", steps=low, because=because)).status_code == 409
    (changed,) = await public.do("pathways/p1/changes", steps=low, because=because, reason=WHY)
    assert changed["data"]["excepted"]["below_minimum"] == ["5.RP.1"]


@pytest.mark.need("NEED-37")
async def test_two_teachers_of_two_courses_score_one_level_that_belongs_to_neither(public: Public) -> None:
    science = Actor.model_validate({"id": "t-sci", "role": "teacher"})
    await show(public, "e1", section_id="math-4a")
    await show(public, "e2", section_id="science-4b", kind="lab")
    await public.do("evidence/e1/scores", competency_id=NF1, value="3")
    await public.do("evidence/e2/scores", science, competency_id=NF1, value="4")
    (cell,) = (await public.ask(f"{ME}/mastery", LEARNER))["competencies"]
    assert (cell["competency_id"], cell["value"], cell["counted"]) == (NF1, "87.5", 2)
    told = await public.ask(f"{ME}/explanation", LEARNER, competency=NF1)
    assert [one["assessor_id"] for one in told["entries"]] == ["t-1", "t-sci"]


@pytest.mark.need("NEED-09")
async def test_a_report_card_tells_dispositions_apart_from_skills(public: Public) -> None:
    persists = {"competency_id": "5.MP.1", "statement": "Persists", "kind": "disposition"}
    await public.do("frameworks", ADMINISTRATOR, **FRAMEWORK, edition="1", competencies=[EXPLICIT, persists])
    for evidence_id, competency_id in (("e1", "5.RP.1"), ("e2", "5.MP.1")):
        await show(public, evidence_id, competency_ids=[competency_id])
        await public.do(f"evidence/{evidence_id}/scores", competency_id=competency_id, value="4")
    await public.do(f"{ME}/report-cards", act_id="r1", period="autumn")
    card = await public.ask(f"{ME}/report-cards/r1", GUARDIAN)
    told = [[one["competency_id"] for one in card[part]] for part in ("competencies", "dispositions")]
    assert told == [["5.RP.1"], ["5.MP.1"]]


@pytest.mark.need("NEED-58")
async def test_an_adaptive_program_reports_work_and_changes_no_path(public: Public) -> None:
    program = Actor.model_validate({"id": "adaptive-1", "role": "service"})
    words: dict[str, Any] = {"learner_id": "l-91", "competency_ids": [NF1], "kind": "adaptive_program"}
    await public.do("evidence", program, evidence_id="e1", **words)
    await public.do("pathways", pathway_id="p1", learner_id="l-91", steps=steps(NF1))
    because = {"kind": "score", "text": "90 % in the program"}
    refused = await public.try_to("pathways/p1/changes", program, steps=steps("4.NF.2"), because=because)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-permitted")
