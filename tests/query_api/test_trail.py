"""GET /v1/audit and /v1/learners/{id}/history."""

from typing import Any

import httpx
import pytest

from infra.postgres.event_store import EventStore
from services.projectors.audit_trail import AuditTrail
from tests.projectors.feeding import append, feed, select
from tests.query_api.histories import evidence, whole_learner

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def trail(store: EventStore, database: str) -> None:
    """The trail of learner l1 of `whole_learner`, positions 1 to 27."""
    await append(store, *whole_learner())
    feed(database, AuditTrail())


@pytest.mark.parametrize(
    ("search", "positions"),
    [
        ({"learner": "l1", "type": "score.given.v1"}, [22, 10, 8]),
        ({"actor": "t2"}, [23, 20]),
        ({"actor": "g1"}, [13, 5]),
        ({"competency": "d1"}, [19]),
        ({"reason": "misread"}, [20]),
        ({"reason": "score"}, [19]),
        ({"type": "goal.signed.v1", "actor": "l1"}, [12]),
        ({"first_position": 5, "last_position": 7}, [7, 6, 5]),
        ({"from": "2100-01-01T00:00:00Z"}, []),
        ({"to": "2100-01-01T00:00:00Z", "last_position": 1}, [1]),
    ],
)
async def test_the_trail_is_searched_newest_first(
    api: httpx.AsyncClient, search: dict[str, Any], positions: list[int]
) -> None:
    answer = (await api.get("/v1/audit", params=search)).json()
    assert [entry["position"] for entry in answer["entries"]] == positions


async def test_the_trail_is_searched_by_time_of_recording(api: httpx.AsyncClient, database: str) -> None:
    (row,) = select(database, "SELECT recorded_at FROM ledger.event WHERE position = 20")
    span = {"from": row["recorded_at"].isoformat(), "last_position": 20}
    answer = (await api.get("/v1/audit", params=span)).json()
    assert [entry["position"] for entry in answer["entries"]] == [20]


async def test_pages_follow_each_other_while_the_log_grows(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    first = (await api.get("/v1/audit", params={"learner": "l1", "limit": 10})).json()
    await append(store, evidence("z", "2026-02-02"))
    feed(database, AuditTrail())
    second = (await api.get("/v1/audit", params={"learner": "l1", "limit": 10, "after": first["next"]})).json()
    third = (await api.get("/v1/audit", params={"learner": "l1", "limit": 10, "after": second["next"]})).json()
    seen = [entry["position"] for page in (first, second, third) for entry in page["entries"]]
    assert seen == list(range(27, 2, -1))
    assert third["next"] is None


async def test_a_cursor_of_somebody_else_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/audit", params={"after": "bm9uc2Vuc2U"})
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


async def test_an_entry_tells_who_what_why_before_and_after_and_the_event_itself(api: httpx.AsyncClient) -> None:
    answer = (await api.get("/v1/audit", params={"first_position": 20, "last_position": 20})).json()
    (entry,) = answer["entries"]
    told = ("type", "actor_id", "actor_role", "learner_id", "reason_code", "reason_text", "before", "after")
    assert [entry[word] for word in told] == [
        "score.corrected.v1",
        "t2",
        "teacher",
        "l1",
        "misread",
        "Question 3 was right.",
        "2",
        "2.5",
    ]
    assert entry["occurred_at"] == "2025-11-02T12:00:00Z"
    assert entry["data"]["value_micro"] == 2_500_000


async def test_a_history_has_all_events_about_the_learner_and_no_other(api: httpx.AsyncClient) -> None:
    answer = (await api.get("/v1/learners/l1/history", params={"limit": 100})).json()
    assert [entry["position"] for entry in answer["entries"]] == list(range(27, 2, -1))
