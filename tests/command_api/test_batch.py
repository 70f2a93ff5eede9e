"""Observations in bulk over HTTP."""

import json
from typing import Any, Final

import httpx
import pytest

from infra.postgres.event_store import EventStore
from tests.command_api.door import Door
from tests.sample import LEARNER, SERVICE, TEACHER

pytestmark = pytest.mark.anyio
BATCH: Final = "/v1/observations:batch"
LINE: Final[dict[str, Any]] = {
    "evidence_id": "e1",
    "learner_id": "l-91",
    "competency_id": "4.NF.1",
    "kind": "quiz",
    "value": "3.5",
    "occurred_at": "2026-03-02T10:15:00+01:00",
}


def lines(*observations: dict[str, Any]) -> str:
    return "".join(json.dumps(LINE | words) + "\n" for words in observations)


def results(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_good_lines_are_recorded_and_bad_ones_reported(door: Door, store: EventStore) -> None:
    body = (
        lines({}, {"evidence_id": "e2", "value": "9"}, {"evidence_id": "e3"}) + "{bad\n\n" + lines({"learner_id": ""})
    )
    found = results(await door.post(BATCH, body))
    assert [(one["line"], one["status"], one.get("code")) for one in found] == [
        (1, "recorded", None),
        (2, "refused", "score-outside-scale"),
        (3, "recorded", None),
        (4, "refused", "malformed"),
        (6, "refused", "malformed"),
    ]
    assert found[0] == {"line": 1, "status": "recorded", "evidence_id": "e1", "position": 5}
    assert found[1]["detail"] == "score 9 is outside 0..4 (learner l-91)"
    assert await store.head() == 7


async def test_a_number_that_no_table_holds_harms_no_other_line(door: Door, store: EventStore) -> None:
    body = lines({"attempt": 2**40}, {"attempt": 0}, {"source": {"system": "lms", "row": 2**70}}, {})
    found = results(await door.post(BATCH, body))
    assert [(one["status"], one.get("code")) for one in found] == [("refused", "malformed")] * 3 + [("recorded", None)]


async def test_a_repeat_adds_nothing_and_says_so(door: Door, store: EventStore) -> None:
    body = lines(*({"evidence_id": f"e{number}"} for number in range(7)), {"evidence_id": None})
    first = results(await door.post(BATCH, body))
    head = await store.head()
    again = results(await door.post(BATCH, body))
    assert {one["status"] for one in first} == {"recorded"}
    assert {one["status"] for one in again} == {"repeated"}
    assert [one["position"] for one in again] == [one["position"] for one in first]
    assert await store.head() == head


async def test_the_same_line_twice_in_a_batch_is_recorded_once(door: Door) -> None:
    found = results(await door.post(BATCH, lines({}, {})))
    assert [one["status"] for one in found] == ["recorded", "repeated"]


@pytest.mark.parametrize("words", [{"value": "3"}, {"occurred_at": "2026-03-03T10:15:00+01:00"}])
async def test_other_words_under_the_same_id_are_refused(door: Door, words: dict[str, Any]) -> None:
    found = results(await door.post(BATCH, lines({}, words)))
    assert [one.get("code") for one in found] == [None, "evidence-exists"]
    assert found[1]["detail"] == "evidence e1 is on record already, and differs"


async def test_evidence_that_was_scored_since_is_still_the_same_evidence(door: Door) -> None:
    body = lines({"value": None})
    results(await door.post(BATCH, body))
    await door.post("/v1/evidence/e1/scores", {"competency_id": "4.NF.1", "value": "3"})
    assert [one["status"] for one in results(await door.post(BATCH, body))] == ["repeated"]


async def test_the_last_line_needs_no_line_end_and_long_lines_harm_no_other(door: Door) -> None:
    long = {"evidence_id": "e2", "context": "x" * 2000}
    found = results(await door.post(BATCH, (lines({}, long, {"evidence_id": "e3"})).rstrip("\n")))
    assert [one.get("code") for one in found] == [None, "too-large", None]


async def test_an_empty_batch_has_no_results(door: Door) -> None:
    assert results(await door.post(BATCH, "")) == []


async def test_a_line_has_its_own_source_reason_and_assessor(door: Door, store: EventStore) -> None:
    words = {"source": {"system": "lms", "row": 7}, "assessor": {"id": "t-9", "role": "teacher"}, "on_behalf_of": "t-9"}
    results(await door.post(BATCH, lines(words), SERVICE))
    [_, score] = (await store.load("evidence-e1")).events
    assert score.meta.model_dump(exclude_none=True) == {
        "actor": {"id": "gradebook", "role": "service"},
        "on_behalf_of": "t-9",
        "source": {"system": "lms", "row": 7},
    }
    [refused] = results(await door.post(BATCH, lines(words | {"evidence_id": "e2"}), TEACHER))
    assert refused["code"] == "server-sets-it"


async def test_a_learner_records_no_batch(door: Door) -> None:
    assert (await door.post(BATCH, lines({}), LEARNER)).status_code == 403


@pytest.mark.parametrize("size", [1, 7, 64, 5000])
async def test_lines_do_not_depend_on_how_the_body_is_cut(door: Door, size: int) -> None:
    body = lines({}, {"evidence_id": "e2"}, {"evidence_id": "e3"}, {"evidence_id": "e4"}).encode()

    async def chunks() -> Any:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    headers = {"Authorization": f"Bearer {door.token(TEACHER)}"}
    found = results(await door.client.post(BATCH, content=chunks(), headers=headers))
    assert [one["status"] for one in found] == ["recorded"] * 4
