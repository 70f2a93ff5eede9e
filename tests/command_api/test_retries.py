"""Idempotency keys, versions and simultaneous commands over HTTP."""

import asyncio
from typing import Final

import pytest

from domain.kernel.envelope import Actor, Role
from domain.kernel.ids import ActorId
from infra.postgres.event_store import EventStore
from tests.command_api.door import Door
from tests.sample import SERVICE

pytestmark = pytest.mark.anyio
NAMELESS: Final = {"learner_id": "l-91", "competency_ids": ["4.NF.1"], "kind": "quiz"}
EVIDENCE: Final = NAMELESS | {"evidence_id": "e1"}
SCORE: Final = {"competency_id": "4.NF.1", "value": "3.5"}


async def test_the_same_key_and_body_get_the_same_answer(door: Door, store: EventStore) -> None:
    first = await door.post("/v1/evidence", NAMELESS, idempotency_key="k1")
    again = await door.post("/v1/evidence", NAMELESS, idempotency_key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await store.head() == 4


async def test_the_same_key_with_another_body_is_refused(door: Door) -> None:
    await door.post("/v1/evidence", NAMELESS, idempotency_key="k1")
    other = await door.post("/v1/evidence", NAMELESS | {"kind": "project"}, idempotency_key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")


async def test_the_same_key_for_another_route_is_refused(door: Door) -> None:
    await door.post("/v1/evidence", EVIDENCE)
    await door.post("/v1/evidence/e1/attempts", {}, idempotency_key="k1")
    other = await door.post("/v1/evidence/e1/withdrawal", {"reason": {"code": "x"}}, idempotency_key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")


async def test_a_key_belongs_to_its_actor(door: Door, store: EventStore) -> None:
    await door.post("/v1/evidence", NAMELESS, idempotency_key="k1")
    await door.post("/v1/evidence", NAMELESS, SERVICE, idempotency_key="k1")
    assert await store.head() == 5


async def test_two_actors_never_share_a_key(door: Door, store: EventStore) -> None:
    await door.post("/v1/evidence", NAMELESS, Actor(id=ActorId("lms"), role=Role.SERVICE), idempotency_key="2:7")
    await door.post("/v1/evidence", NAMELESS, Actor(id=ActorId("lms:2"), role=Role.SERVICE), idempotency_key="7")
    assert await store.head() == 5


async def test_a_retry_of_an_act_that_would_be_refused_now_gets_its_answer(door: Door) -> None:
    first = await door.post("/v1/evidence", EVIDENCE, idempotency_key="k1")
    again = await door.post("/v1/evidence", EVIDENCE, idempotency_key="k1")
    assert again.json() == first.json()


async def test_simultaneous_retries_record_once(door: Door, store: EventStore) -> None:
    answers = await asyncio.gather(*(door.post("/v1/evidence", NAMELESS, idempotency_key="k1") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert await store.head() == 4


@pytest.mark.parametrize("length", [0, 201])
async def test_a_key_has_a_length(door: Door, length: int) -> None:
    assert (await door.post("/v1/evidence", NAMELESS, idempotency_key="k" * length)).status_code == 422


async def test_a_stale_version_is_refused(door: Door, store: EventStore) -> None:
    submitted = await door.post("/v1/evidence", EVIDENCE)
    seen = submitted.headers["etag"]
    assert (await door.post("/v1/evidence/e1/scores", SCORE, if_match=seen)).status_code == 201
    stale = await door.post("/v1/evidence/e1/scores", SCORE, if_match=seen)
    assert (stale.status_code, stale.json()["code"]) == (412, "version-conflict")
    assert await store.head() == 5


async def test_a_version_that_is_none_is_malformed(door: Door) -> None:
    await door.post("/v1/evidence", EVIDENCE)
    assert (await door.post("/v1/evidence/e1/scores", SCORE, if_match="x")).status_code == 422


async def test_simultaneous_scores_of_one_piece_are_all_recorded(door: Door, store: EventStore) -> None:
    await door.post("/v1/evidence", EVIDENCE)
    answers = await asyncio.gather(*(door.post("/v1/evidence/e1/scores", SCORE) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    scores = {answer.json()["events"][0]["data"]["score_id"] for answer in answers}
    assert scores == {"e1.1", "e1.2", "e1.3", "e1.4"}
