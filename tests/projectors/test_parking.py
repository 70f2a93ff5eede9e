"""A poison event parks its learner and nobody else, until it is retried or skipped."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from domain.kernel.errors import Unknown
from infra.postgres.event_store import Append, BlockingEventStore
from services.projectors import generations, ledger, parking
from services.projectors.rebuilding.rebuild import rebuild
from tests.projectors.feeding import follow, live_digest
from tests.projectors.fold import HIGHEST
from tests.projectors.history import META, START, Log, activated, corrected, drafted, given, judged, rolled_back, scoped

Connection = psycopg.Connection[Any]
LEVELS = """
    SELECT learner_id, competency_id, effective_level FROM read_model.current_mastery
    WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
    ORDER BY learner_id, competency_id
"""
STATUS_OF_CYD = """
    SELECT status, effective_level FROM read_model.current_mastery
    WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery') AND learner_id = 'cyd'
"""
GHOST = corrected(given("ghost", 1), 2)
"""Corrects a score of ann's that was never given."""


@pytest.fixture
def connection(database: str, blocking: BlockingEventStore, log: Log) -> Iterator[Connection]:
    """Mastery is live; then come a poison event of ann's at position 2, others of hers, a policy, and bob's."""
    blocking.append(log.append("evidence-1", given("s1", 2)))
    with ledger.connect(database) as opened:
        rebuild(opened, "mastery")
        blocking.append(log.append("evidence-ghost", GHOST))
        blocking.append(log.append("evidence-2", given("s2", 4)))
        blocking.append(log.append("policy-p1", drafted("p1", HIGHEST), activated([scoped("p1", HIGHEST)])))
        blocking.append(log.append("judgement-j1", judged("j1", "beginning", competency="c2")))
        blocking.append(log.append("evidence-3", given("s3", 3, "bob")))
        yield opened


def levels(connection: Connection) -> list[tuple[str, str, str | None]]:
    return connection.execute(LEVELS).fetchall()


def skip(connection: Connection, blocking: BlockingEventStore, position: int) -> None:
    event = parking.skip_event(connection, "mastery", position)
    version = blocking.load("operations-mastery").version
    blocking.append(Append("operations-mastery", version, [event], START, META))


def test_the_learner_waits_and_the_others_go_on(connection: Connection) -> None:
    follow(connection)
    assert levels(connection) == [("ann", "c1", "developing"), ("bob", "c1", "proficient")]
    [one] = parking.parked(connection, "mastery")
    assert (one.learner_id, one.position, one.type, one.waiting) == ("ann", 2, "score.corrected.v1", 2)
    assert one.why == "score ghost is not in force"
    assert generations.live(connection, "mastery").position == 7


def test_a_retry_of_what_is_still_poison_leaves_the_learner_parked(connection: Connection) -> None:
    follow(connection)
    still = parking.retry(connection, "mastery", 2)
    assert still is not None
    assert still.position == 2
    assert levels(connection) == [("ann", "c1", "developing"), ("bob", "c1", "proficient")]


def test_a_retry_of_what_was_cured_folds_all_that_waited(connection: Connection) -> None:
    follow(connection)
    cured = "UPDATE read_model.parked SET position = 3 WHERE position = 2"
    connection.execute(cured)
    assert parking.retry(connection, "mastery", 3) is None
    assert levels(connection) == [
        ("ann", "c1", "advanced"),
        ("ann", "c2", "beginning"),
        ("bob", "c1", "proficient"),
    ]


def test_a_skip_is_an_event_and_a_rebuild_obeys_it_too(connection: Connection, blocking: BlockingEventStore) -> None:
    follow(connection)
    skip(connection, blocking, 2)
    follow(connection)
    assert parking.parked(connection) == []
    assert levels(connection) == [
        ("ann", "c1", "advanced"),
        ("ann", "c2", "beginning"),
        ("bob", "c1", "proficient"),
    ]
    assert rebuild(connection, "mastery").digest == live_digest(connection)
    assert parking.parked(connection) == []


def test_a_learner_waits_behind_the_next_poison_event(
    connection: Connection, blocking: BlockingEventStore, log: Log
) -> None:
    blocking.append(log.append("evidence-ghost", GHOST))
    blocking.append(log.append("evidence-4", given("s4", 1, competency="c3")))
    follow(connection)
    skip(connection, blocking, 2)
    follow(connection)
    assert [one.position for one in parking.parked(connection)] == [8]
    assert ("ann", "c3", "beginning") not in levels(connection)
    skip(connection, blocking, 8)
    follow(connection)
    assert ("ann", "c3", "beginning") in levels(connection)
    assert rebuild(connection, "mastery").digest == live_digest(connection)


def test_a_rebuild_parks_what_the_live_generation_parks(connection: Connection) -> None:
    follow(connection)
    assert rebuild(connection, "mastery").digest == live_digest(connection)
    assert [one.position for one in parking.parked(connection)] == [2]


def test_levels_kept_for_a_policy_rollback_hold_what_was_folded_late(
    connection: Connection, blocking: BlockingEventStore
) -> None:
    follow(connection)
    skip(connection, blocking, 2)
    follow(connection)
    version = blocking.load("policy-p1").version
    blocking.append(Append("policy-p1", version, [rolled_back(scoped("p1", HIGHEST), [])], START, META))
    follow(connection)
    assert levels(connection) == [
        ("ann", "c1", "proficient"),
        ("ann", "c2", "beginning"),
        ("bob", "c1", "proficient"),
    ]
    assert rebuild(connection, "mastery").digest == live_digest(connection)


def test_a_cell_that_can_not_be_added_up_says_so_and_stops_nothing(
    connection: Connection, blocking: BlockingEventStore, log: Log
) -> None:
    follow(connection)
    most = 10**9
    for number in range(2):
        huge = given(f"huge-{number}", most, "cyd").model_copy(update={"possible_micro": 1})
        blocking.append(log.append(f"evidence-huge-{number}", huge))
    blocking.append(log.append("evidence-5", given("s5", 1, "dan")))
    follow(connection)
    status = connection.execute(STATUS_OF_CYD).fetchall()
    assert status == [("out_of_bounds", None)]
    assert ("dan", "c1", "beginning") in levels(connection)
    assert rebuild(connection, "mastery").digest == live_digest(connection)


def test_what_is_not_parked_is_neither_retried_nor_skipped(connection: Connection) -> None:
    follow(connection)
    with pytest.raises(Unknown, match=r"event 3 is not parked \(projector mastery\)"):
        parking.retry(connection, "mastery", 3)
    with pytest.raises(Unknown, match=r"event 3 is not parked \(projector mastery\)"):
        parking.skip_event(connection, "mastery", 3)


def test_an_event_that_breaks_the_batch_is_found_and_parked(
    connection: Connection, blocking: BlockingEventStore, log: Log
) -> None:
    names = ["cyd", "dan", "eve", "fay", "gus"]
    for name in names:
        level = "x" * 200 if name == "eve" else "advanced"
        broken = judged(f"j-{name}", level, name)
        blocking.append(log.append(f"judgement-j-{name}", broken))
    connection.execute("ALTER TABLE read_model.judgement ADD CHECK (length(level) < 100)")
    follow(connection)
    assert [one.learner_id for one in parking.parked(connection)] == ["ann", "eve"]
    assert [learner for learner, *_ in levels(connection)] == ["ann", "bob", "cyd", "dan", "fay", "gus"]
