"""Levels are derived from the scores that a rebuild kept in memory as from those that the database sends."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from infra.postgres.event_store import BlockingEventStore
from services.projectors import generations, ledger, parts
from services.projectors.cells import kept
from services.projectors.filler import Filler
from services.projectors.mastery import Mastery
from services.projectors.rebuilding.crew import build_parts
from services.projectors.rebuilding.rebuild import rebuild
from tests.projectors.history import Log, corrected, given, judged, voided

Connection = psycopg.Connection[Any]
SCORES = 24


@pytest.fixture
def connection(database: str, blocking: BlockingEventStore) -> Iterator[Connection]:
    """Scores with and without a task; some corrected, voided or judged, one left to be looked at singly; all live."""
    with ledger.connect(database) as opened:
        rebuild(opened, "mastery")
    log = Log()
    scores = [
        given(f"s{number}", number % 5, f"l{number % 4}", f"c{number % 3}", **({"task": "a"} if number % 2 else {}))
        for number in range(SCORES)
    ]
    scores[5] = scores[5].model_copy(update={"task": 'say "a"'})
    for number, score in enumerate(scores):
        blocking.append(log.append(f"evidence-{score.evidence_id}", score, day=number))
        if number % 7 == 0:
            blocking.append(log.append(f"evidence-{score.evidence_id}", corrected(score, 3), day=number))
        if number % 11 == 0:
            blocking.append(log.append(f"evidence-{score.evidence_id}", voided(score), day=number))
    blocking.append(log.append("judgement-j1", judged("j1", "beginning", "l1", "c2")))
    with ledger.connect(database) as opened:
        assert Filler(opened, "mastery").step().is_last
        yield opened


@pytest.mark.parametrize("limit", [SCORES, 6, 0])
def test_few_scores_are_kept_and_many_are_read_again_with_the_same_levels(
    limit: int, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "SCORES_MAX", limit)
    monkeypatch.setattr("services.projectors.filler.BATCH_EVENTS_MAX", 4)
    assert rebuild(connection, "mastery").digest is not None


def test_a_part_that_another_process_began_is_read_from_the_database(connection: Connection) -> None:
    begun = generations.create(connection, Mastery())
    head = ledger.head(connection)
    parts.begin(connection, "mastery", begun.generation, 1, head)
    other = Filler(connection, "mastery", begun.generation, parts.WHOLE)
    other.limit = 3
    assert other.step(head).position == 3
    build_parts(connection, "mastery", begun.generation, 1, lambda _: None)
    switched = rebuild(connection, "mastery")
    assert (switched.generation, switched.digest is None) == (begun.generation, False)
