"""What a learner may do next: from each score, from the level, and on the card of a target."""

from typing import Any

import httpx
import pytest

from domain.policy.starters import starter
from infra.postgres.event_store import EventStore
from tests.projectors.feeding import append, project
from tests.query_api.asking import ask
from tests.query_api.histories import evidence, fact, goal, scale, score

pytestmark = pytest.mark.anyio
ME = "/v1/learners/l1"
CUTS = [{"code": "advanced", "at": "3.5"}, {"code": "proficient", "at": "2.5"}, {"code": "beginning", "at": "0"}]
CAREFUL = starter(
    "average",
    levels=CUTS,
    replace={"keep": "highest"},
    require=[{"at_or_above": {"value": "3", "count": 2, "kinds": ["project"]}}],
    unmet={"cap": "beginning"},
)


@pytest.fixture(autouse=True)
async def learner(store: EventStore, database: str) -> None:
    """Learner l1 has a quiz at 2 and a project at 4 in m1, m2 without work, and a goal for m1."""
    competencies = [
        {
            "competency_id": "m1", "statement": "Solve linear equations.", "can_do": "I can solve an equation.",
            "measure": "Solves four of five.", "transfer": "Plans a budget.",
        },
        {"competency_id": "m2", "statement": "Reason with ratios."},
    ]  # fmt: skip
    named: dict[str, Any] = {"policy_id": "p", "version": CAREFUL.version}
    await append(
        store,
        scale(),
        fact("framework-math", "2025-08-01", "framework.published.v1", framework_id="math", title="M", edition="1",
             scale_id="four", competencies=competencies),
        fact("policy-p", "2025-08-02", "policy.drafted.v1", **named, revision=1,
             document=CAREFUL.model_dump(mode="json", exclude_none=True)),
        fact("policy-p", "2025-08-03", "policy.activated.v1", **named, policies=[named]),
        evidence("q", "2025-09-10"), score("q", "2025-09-10", 2_000_000),
        evidence("r", "2025-09-11", kind="project"), score("r", "2025-09-11", 4_000_000, kind="project"),
        goal("2025-10-01", "set", statement="Solve any equation", horizon="short_term", competency_ids=["m1"],
             target_level="proficient"),
    )  # fmt: skip
    project(database)


@pytest.mark.need("NEED-29")
async def test_the_explanation_says_what_is_still_needed_from_the_policys_clause(api: httpx.AsyncClient) -> None:
    told = await ask(api, f"{ME}/explanation", competency="m1")
    assert told["next_step"] == "To reach proficient: 1 more score of kind project at 3 or above."
    spanish = await ask(api, f"{ME}/explanation", competency="m1", lang="es")
    assert spanish["next_step"] == "Para llegar a proficient: 1 calificación más del tipo project, de 3 o más."


@pytest.mark.need("NEED-49")
async def test_each_score_ends_in_a_next_step(api: httpx.AsyncClient) -> None:
    told = await ask(api, f"{ME}/explanation", competency="m1")
    step = "To reach proficient: 1 more score of kind project at 3 or above."
    assert [(one["score_id"], one["next_step"]) for one in told["entries"]] == [
        ("s-q", f"Task task-q may be done again: its best score counts. {step}"),
        ("s-r", f"Task task-r may be done again: its best score counts. {step}"),
    ]


async def test_the_next_step_is_told_until_no_level_is_left(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    lacks = (await ask(api, f"{ME}/explanation", competency="m2"))["next_step"]
    assert lacks.startswith("To reach beginning: 2 more scores")
    await append(store, score("r2", "2025-09-12", 4_000_000, kind="project"))
    project(database)
    lacks = (await ask(api, f"{ME}/explanation", competency="m1"))["next_step"]
    assert lacks == "To reach advanced: 0.17 more in the value."
    await append(store, *(score(f"r{n}", "2025-09-13", 4_000_000, kind="project") for n in range(3, 9)))
    project(database)
    assert (await ask(api, f"{ME}/explanation", competency="m1"))["next_step"] == "No higher level is left to reach."


@pytest.mark.need("NEED-20")
async def test_the_card_of_a_target_says_what_each_level_takes_and_how_far_it_is(api: httpx.AsyncClient) -> None:
    card = await ask(api, f"{ME}/targets/m1")
    assert (card["target"]["can_do"], card["target"]["measure"], card["target"]["transfer"]) == (
        "I can solve an equation.", "Solves four of five.", "Plans a budget.",
    )  # fmt: skip
    assert [(one["in_words"], one["reached"], one["distance"]) for one in card["levels"]] == [
        ("Level beginning is reached at 0 or above.", True, "0"),
        ("Level proficient is reached at 2.5 or above.", False, "0"),
        ("Level advanced is reached at 3.5 or above.", False, "0.5"),
    ]
    assert (card["level"], card["value"], card["mastered"], card["next_level"]) == (
        "beginning", "3", "proficient", "proficient",
    )  # fmt: skip
    assert card["next_step"] == "To reach proficient: 1 more score of kind project at 3 or above."
    assert [one["statement"] for one in card["goals"]] == ["Solve any equation"]
    fresh = await ask(api, f"{ME}/targets/m2", lang="es")
    assert (fresh["level"], fresh["levels"][0]["distance"], fresh["goals"]) == (None, None, [])
