"""A generation built by worker processes, each its part of the learners, holds what one process builds."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from infra.postgres.event_store import BlockingEventStore
from services.projectors import generations, ledger, parking, parts
from services.projectors.filler import Filler
from services.projectors.mastery import Mastery
from services.projectors.models import MODELS, make
from services.projectors.parts import Part
from services.projectors.read_model import Span
from services.projectors.rebuilding import indexing
from services.projectors.rebuilding.crew import build_parts
from services.projectors.rebuilding.rebuild import rebuild
from tests.projectors.fold import HIGHEST
from tests.projectors.history import Log, activated, corrected, drafted, given, judged, scoped, voided

Connection = psycopg.Connection[Any]
LEARNERS = 12
PARTS = (
    "SELECT part, parts, until, is_derived FROM read_model.rebuild_part WHERE projector = %s ORDER BY generation, part"
)
INDEXES = """
    SELECT inhparent::regclass::text, indisprimary FROM pg_index
    JOIN pg_class AS of ON of.oid = indrelid LEFT JOIN pg_inherits ON inhrelid = indexrelid
    WHERE of.relname LIKE %s ORDER BY 1
"""
"""Of the indexes of a generation's tables: which index of the whole table each is a part of."""
SPACED = """
    INSERT INTO ledger.event
        (position, recorded_at, stream, version, type, event_id, learner_id, occurred_at, meta, data)
    SELECT position + 1, recorded_at, 'evidence-spaced', 1, type, gen_random_uuid(), learner_id, occurred_at, meta,
        jsonb_set(data::jsonb, '{evidence_id}', '"e-spaced"')::text::json
    FROM ledger.event WHERE position = 33
"""
"""A score whose data are not canonical: with a space behind each colon and comma."""


@pytest.fixture
def connection(database: str, blocking: BlockingEventStore) -> Iterator[Connection]:
    """Twelve learners with two scores each; one corrected, one judged, one parked; a policy since the middle."""
    log = Log()
    scores = [given(f"s{number}", number % 5, f"l{number % LEARNERS}", "c1") for number in range(2 * LEARNERS)]
    blocking.append_many([log.append(f"evidence-{one.evidence_id}", one) for one in scores[:LEARNERS]])
    blocking.append(log.append("policy-p1", drafted("p1", HIGHEST), activated([scoped("p1", HIGHEST)])))
    blocking.append_many([log.append(f"evidence-{one.evidence_id}", one) for one in scores[LEARNERS:]])
    blocking.append(log.append(f"evidence-{scores[3].evidence_id}", corrected(scores[3], 4)))
    blocking.append(log.append("judgement-j1", judged("j1", "beginning", "l5", "c2")))
    blocking.append(log.append("evidence-ghost", corrected(given("ghost", 1, "l7"), 2)))
    blocking.append(log.append("evidence-last", given("last", 4, "l7")))
    with ledger.connect(database) as opened:
        yield opened


@pytest.mark.parametrize("name", MODELS)
def test_three_workers_build_what_one_process_does(name: str, connection: Connection) -> None:
    rebuild(connection, name)
    switched = rebuild(connection, name, workers=3)
    assert switched.digest is not None
    assert switched.position == ledger.head(connection) == 30
    assert connection.execute(PARTS, (name,)).fetchall() == [
        (0, 1, 30, True),
        (0, 3, 30, True),
        (1, 3, 30, True),
        (2, 3, 30, True),
    ]


@pytest.mark.parametrize("name", MODELS)
def test_what_a_rebuild_gathers_is_what_is_written_event_by_event(
    name: str, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    with ledger.connect(database) as opened:
        rebuild(opened, name)
        scores = [given(f"s{number}", number % 5, f"l{number % 3}", f"c{number % 2}") for number in range(12)]
        blocking.append_many(
            [log.append(f"evidence-{one.evidence_id}", one, day=day) for day, one in enumerate(scores)]
        )
        for one, change in ((scores[1], corrected(scores[1], 4)), (scores[2], voided(scores[2]))):
            blocking.append(log.append(f"evidence-{one.evidence_id}", change, day=1))
        blocking.append(log.append("judgement-j1", judged("j1", "beginning", "l1", "c2"), day=1))
        Filler(opened, name).step()
        assert rebuild(opened, name, workers=2).digest is not None


def test_workers_park_whom_one_process_parks(connection: Connection) -> None:
    rebuild(connection, "mastery", workers=2)
    assert [(one.learner_id, one.position, one.waiting) for one in parking.parked(connection)] == [("l7", 29, 1)]


def test_scores_that_are_gathered_are_those_that_are_looked_at_singly(
    connection: Connection, blocking: BlockingEventStore
) -> None:
    rebuild(connection, "mastery")
    log = Log()
    scores = [given("t1", 1, "l1", "c9", task="unit 1 & 2"), given("t2", 2, "l1", "c9"), given("t3", 3, "l1", "c9")]
    blocking.append_many([log.append(f"evidence-{one.evidence_id}", one) for one in scores])
    connection.execute(SPACED)
    Filler(connection, "mastery").step()
    switched = rebuild(connection, "mastery")
    assert switched.digest is not None
    rows = connection.execute(
        "SELECT score_id, task, attempt, position FROM read_model.score"
        " WHERE generation = %s AND competency_id = 'c9' ORDER BY position",
        (switched.generation,),
    )
    assert rows.fetchall() == [
        ("t1", "unit 1 & 2", 1, 31),
        ("t2", None, 1, 32),
        ("t3", None, 1, 33),
        ("t3", None, 1, 34),
    ]


def test_every_learner_is_of_one_part_and_of_one_portion_of_it(connection: Connection) -> None:
    def learners(part: Part) -> list[str | None]:
        return [row.learner_id for row in ledger.read(connection, 0, 30, None, part)]

    whole = learners(Part(0, 1))
    thirds = [learners(Part(number, 3)) for number in range(3)]
    assert sorted(map(str, whole)) == sorted(str(one) for third in thirds for one in third)
    assert not {*thirds[0]} & {*thirds[1]}
    sixths = [learners(portion) for portion in Part(1, 3).split(2)]
    assert sorted(map(str, thirds[1])) == sorted(str(one) for sixth in sixths for one in sixth)


@pytest.mark.parametrize("name", ["mastery", "audit_trail"])
def test_the_indexes_that_workers_make_are_those_of_the_tables_and_each_is_made_once(
    name: str, connection: Connection
) -> None:
    alone = rebuild(connection, name)
    begun = generations.create(connection, make(name))
    parts.begin(connection, name, begun.generation, 2, ledger.head(connection))
    build_parts(connection, name, begun.generation, 2, lambda _: None)
    some = [*make(name).late_tables][:1]
    indexing.index(connection, some, begun.generation, 1)  # what a rebuild did that was killed then
    switched = rebuild(connection, name, workers=2)
    assert switched.generation == begun.generation
    by_one, by_two = (connection.execute(INDEXES, (f"%\\_g{one.generation}",)).fetchall() for one in (alone, switched))
    assert by_two == by_one
    assert all(of_table for of_table, _ in by_two)


def test_a_span_is_cut_into_portions_that_follow_each_other() -> None:
    def borders(part: Part) -> list[tuple[int, int]]:
        return [(one.after, one.until) for one in Span(10, 33, part, (), {}).cut(5)]

    assert borders(Part(0, 1)) == [(10, 15), (15, 20), (20, 25), (25, 30), (30, 33)]
    assert borders(Part(1, 3)) == [(10, 25), (25, 33)]
    assert [*Span(10, 10, Part(0, 1), (), {}).cut(5)] == []


def test_parts_that_are_half_filled_are_gone_on_with_and_what_came_meanwhile_follows(
    connection: Connection, blocking: BlockingEventStore
) -> None:
    rebuild(connection, "mastery")
    begun = generations.create(connection, Mastery())
    parts.begin(connection, "mastery", begun.generation, 2, 20)
    filler = Filler(connection, "mastery", begun.generation, Part(1, 2))
    filler.limit = 3
    assert filler.step(20).position == 6
    build_parts(connection, "mastery", begun.generation, 2, lambda _: None)
    blocking.append(Log().append("evidence-new", given("new", 1, "l1")))
    Filler(connection, "mastery").step()
    switched = rebuild(connection, "mastery", workers=2)
    assert (switched.generation, switched.position) == (begun.generation, 31)
    assert switched.digest is not None
