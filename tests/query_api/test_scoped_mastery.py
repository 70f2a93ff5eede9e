"""Mastery and explanation where a policy is scoped to a school, keeps a level of before, or counts from a day on."""

from typing import Any

import httpx
import pytest

from domain.policy.document import PolicyDocument
from domain.policy.starters import CUTS, starter
from infra.postgres.event_store import EventStore
from tests.projectors.feeding import append, project
from tests.query_api.histories import drafted, evidence, fact, framework, scale, score

pytestmark = pytest.mark.anyio
ASKED = {"competency": "m1"}
HIGHEST = starter("highest", **CUTS["four-levels"])
LATEST = starter("latest", **CUTS["four-levels"])


def activated(*policies: dict[str, Any]) -> Any:
    last = policies[-1]
    return fact(
        f"policy-{last['policy_id']}", "2025-11-01", "policy.activated.v1", policy_id=last["policy_id"],
        version=last["version"], policies=policies,
    )  # fmt: skip


def of(name: str, document: PolicyDocument, scope: dict[str, str] | None = None, **terms: str) -> dict[str, Any]:
    return {"policy_id": name, "version": document.version, "terms": terms, **(scope or {})}


@pytest.fixture(autouse=True)
async def learner(store: EventStore) -> None:
    """Learner l1 has 4, then 2 of 4; the policies high and low are drafted, high is in force."""
    facts = [evidence("e1", "2025-09-01"), score("e1", "2025-09-01", 4_000_000)]
    facts += [evidence("e2", "2025-10-01"), score("e2", "2025-10-01", 2_000_000)]
    await append(store, scale(), framework(), drafted("high", HIGHEST), drafted("low", LATEST))
    await append(store, activated(of("high", HIGHEST)), *facts)


async def answers(api: httpx.AsyncClient, **view: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the learner's mastery says, and the explanation."""
    mastery = (await api.get("/v1/learners/l1/mastery", params=view)).json()
    explanation = await api.get("/v1/learners/l1/explanation", params={**ASKED, **view})
    assert explanation.status_code == 200, explanation.text
    return mastery["competencies"][0], explanation.json()


async def test_a_held_level_is_told_with_the_computed_one_and_since_when(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    await append(store, activated(of("low", LATEST, hold_harmless="after_next_evidence")))
    project(database)
    mastery, explained = await answers(api)
    computed, _ = await answers(api, as_of="2100-01-01T00:00:00Z")
    assert (mastery["level"], mastery["held_level"], mastery["effective_level"]) == (
        "developing", "advanced", "advanced",
    )  # fmt: skip
    assert computed == mastery
    assert (explained["level"], explained["effective"], explained["version"]) == (
        "developing", "advanced", LATEST.version,
    )  # fmt: skip
    kept = explained["kept"]
    assert (kept["level"], kept["hold_harmless"]) == ("advanced", "after_next_evidence")
    day = kept["since"][:10]
    assert (
        f"The level stands at advanced since the change of policy on {day}, until the next score; "
        "the computed level is developing." in explained["in_words"]
    )
    await append(store, evidence("e3", "2025-12-01"), score("e3", "2025-12-01", 1_000_000))
    project(database)
    mastery, explained = await answers(api)
    assert (mastery["effective_level"], explained["effective"], explained["kept"]) == ("beginning", "beginning", None)


async def test_a_policy_of_a_school_answers_for_its_learners(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    await append(store, activated(of("high", HIGHEST), of("low", LATEST, {"school_id": "north"})))
    enrolled: dict[str, Any] = {"enrolment_id": "en1", "learner_id": "l1", "section_id": "a", "school_id": "north"}
    project(database)
    assert [one["policy_id"] for one in await answers(api)] == ["high", "high"]
    await append(store, fact("enrolment-en1", "2025-11-05", "enrolment.opened.v1", **enrolled))
    project(database)
    assert [one["policy_id"] for one in await answers(api)] == ["low", "low"]
    as_of = await answers(api, as_of="2025-11-04T00:00:00Z")
    assert [(one["policy_id"], one["effective_level" if "counted" in one else "effective"]) for one in as_of] == [
        ("high", "advanced"), ("high", "advanced"),
    ]  # fmt: skip


async def test_work_from_before_the_reach_is_named_as_dropped(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    await append(store, activated(of("high", HIGHEST, reach="evidence_since", evidence_since="2025-09-15")))
    project(database)
    mastery, explained = await answers(api)
    assert (mastery["effective_level"], explained["effective"]) == ("developing", "developing")
    assert [(entry["score_id"], entry["dropped_because"]) for entry in explained["entries"]] == [
        ("s-e1", "before-the-reach"), ("s-e2", None),
    ]  # fmt: skip
    assert "1 was given for work from before the day that the policy counts from" in explained["in_words"]
