"""GET /v1/learners/{id}/profile, /goals and /pathway."""

import httpx
import pytest

from infra.postgres.event_store import EventStore
from services.projectors.learner_profile import LearnerProfile
from tests.projectors.feeding import append, feed
from tests.query_api.histories import goal, signature, whole_learner

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def learner(store: EventStore, database: str) -> None:
    """Learner l1 of `whole_learner`, in the read model."""
    await append(store, *whole_learner())
    feed(database, LearnerProfile())


async def test_a_profile_shows_what_holds_with_age_and_source(api: httpx.AsyncClient) -> None:
    answer = (await api.get("/v1/learners/l1/profile", params={"as_of": "2025-10-02T12:00:00Z"})).json()
    assert [(entry["entry_id"], entry["kind"], entry["area"], entry["age_days"]) for entry in answer["entries"]] == [
        ("n1", "interest", "creative", 30),
        ("n2", "need", "academic", 29),
    ]
    assert (answer["entries"][0]["noted_by_role"], answer["entries"][0]["source_system"]) == ("guardian", "intake-form")
    assert answer["retired"] == []
    assert (answer["display_name"], answer["subgroups"]) == ("Ada", ["ell:Y"])
    assert [(one["school_id"], one["closed_at"]) for one in answer["enrolments"]] == [("north", None)]


async def test_a_profile_now_has_retired_entries_apart(api: httpx.AsyncClient) -> None:
    answer = (await api.get("/v1/learners/l1/profile")).json()
    assert [entry["entry_id"] for entry in answer["entries"]] == ["n1"]
    assert [(entry["entry_id"], entry["retired_reason"], entry["age_days"]) for entry in answer["retired"]] == [
        ("n2", "Reads with ease now.", 89)
    ]
    assert answer["subgroups"] == ["ell:N"]
    assert answer["enrolments"][0]["closed_at"] == "2026-02-01T12:00:00Z"


async def test_a_profile_counts_progress_up_to_a_day(api: httpx.AsyncClient) -> None:
    early = (await api.get("/v1/learners/l1/profile", params={"as_of": "2025-09-30T00:00:00Z"})).json()["progress"]
    assert early == {
        "evidence": 1,
        "scores": 1,
        "amendments": 0,
        "plans": 4,
        "active_days": 5,
        "last_occurred_at": "2025-09-16T12:00:00Z",
        "freshness_seconds": 13 * 86_400 + 12 * 3600,
    }
    now = (await api.get("/v1/learners/l1/profile")).json()["progress"]
    assert (now["evidence"], now["scores"], now["amendments"], now["plans"]) == (3, 3, 3, 12)


async def test_a_goal_is_active_once_three_have_signed(api: httpx.AsyncClient) -> None:
    before = (await api.get("/v1/learners/l1/goals", params={"as_of": "2025-10-03T23:00:00Z"})).json()["goals"][0]
    after = (await api.get("/v1/learners/l1/goals")).json()["goals"][0]
    assert (before["state"], [one["actor_role"] for one in before["signatures"]]) == (
        "proposed",
        ["learner", "guardian"],
    )
    assert (after["state"], len(after["signatures"]), after["due_on"]) == ("active", 3, "2025-12-20")
    assert [(one["note"], one["percent"], one["by"]) for one in after["progress"]] == [
        ("Two of three steps alone", 60, "t1")
    ]


async def test_a_revision_clears_the_signatures_and_a_closed_goal_says_its_outcome(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    revision = goal("2026-03-01", "revised", statement="Solve systems", horizon="long_term", competency_ids=["m2"])
    await append(store, revision, signature("2026-03-02", "l1", "learner"))
    feed(database, LearnerProfile())
    revised = (await api.get("/v1/learners/l1/goals")).json()["goals"][0]
    assert (revised["state"], revised["revision"], len(revised["signatures"])) == ("proposed", 2, 1)
    assert (revised["statement"], revised["due_on"]) == ("Solve systems", None)
    await append(store, goal("2026-06-01", "closed", outcome="achieved"))
    feed(database, LearnerProfile())
    closed = (await api.get("/v1/learners/l1/goals")).json()["goals"][0]
    assert (closed["state"], closed["closed_at"]) == ("achieved", "2026-06-01T12:00:00Z")


async def test_a_pathway_shows_each_change_with_its_because_old_beside_new(api: httpx.AsyncClient) -> None:
    pathway = (await api.get("/v1/learners/l1/pathway")).json()["pathways"][0]
    assert [(one["step"]["step_id"], one["state"]) for one in pathway["steps"]] == [
        ("p1-1", "started"),
        ("p1-2", "waiting"),
        ("p1-3", "waiting"),
    ]
    (change,) = pathway["changes"]
    assert change["because"] == {"kind": "score", "ref": "s-b", "text": "Ready for more"}
    assert (change["before"], change["after"]) == (["p1-1", "p1-2"], ["p1-1", "p1-2", "p1-3"])
    assert [step["competency_id"] for step in change["added"]] == ["d1"]
    assert [(one["before"]["modality"], one["after"]["modality"]) for one in change["altered"]] == [
        ("independent", "project")
    ]
    assert change["removed"] == []


async def test_a_pathway_as_of_its_approval_has_no_change_yet(api: httpx.AsyncClient) -> None:
    answer = (await api.get("/v1/learners/l1/pathway", params={"as_of": "2025-09-15T12:00:00Z"})).json()
    (pathway,) = answer["pathways"]
    assert (len(pathway["steps"]), pathway["changes"], pathway["title"]) == (2, [], "Toward algebra")
