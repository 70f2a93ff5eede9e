"""A published policy: its levels are made beside the live ones, then an event switches; and back."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from infra.postgres.event_store import Append, BlockingEventStore
from services.projectors import generations, ledger
from services.projectors.policies import load_timeline, with_policy
from services.projectors.publishing import publishing
from services.projectors.publishing.publishing import publish_next
from services.projectors.rebuilding.rebuild import rebuild
from tests.projectors.feeding import follow, live_digest
from tests.projectors.fold import HIGHEST, LATEST_OF_TWO
from tests.projectors.history import META, START, Log, activated, drafted, given, published, rolled_back, scoped

Connection = psycopg.Connection[Any]
LEVELS = """
    SELECT learner_id, effective_level FROM read_model.current_mastery
    WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery') ORDER BY learner_id
"""
POLICIES = """
    SELECT DISTINCT policy_id FROM read_model.current_mastery
    WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
"""
POLICY_CHANGES = """
    SELECT learner_id, before_level, after_level, cause_position FROM read_model.mastery_change
    WHERE cause = 'policy' ORDER BY cause_position, learner_id
"""
P1 = scoped("p1", HIGHEST)


@pytest.fixture
def connection(database: str, blocking: BlockingEventStore, log: Log) -> Iterator[Connection]:
    """Mastery is live at position 4: ann has 2 and 4 of 4, bob 3 of 4, the policy p1 (highest) is drafted."""
    scores = [given("s1", 2), given("s2", 4), given("s3", 3, "bob")]
    blocking.append_many([log.append(f"evidence-{score.evidence_id}", score) for score in scores])
    blocking.append(log.append("policy-p1", drafted("p1", HIGHEST)))
    with ledger.connect(database) as opened:
        rebuild(opened, "mastery")
        yield opened


def levels(connection: Connection) -> dict[str, str | None]:
    return dict(connection.execute(LEVELS).fetchall())


def test_levels_switch_when_the_runner_meets_the_activation(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    blocking.append(log.append("policy-p1", published("p1", HIGHEST)))
    follow(connection)
    assert publish_next(connection, database)
    assert levels(connection) == {"ann": "proficient", "bob": "proficient"}
    follow(connection)
    assert levels(connection) == {"ann": "advanced", "bob": "proficient"}
    assert connection.execute(POLICY_CHANGES).fetchall() == [("ann", "proficient", "advanced", 6)]
    assert not publish_next(connection, database)
    assert rebuild(connection, "mastery").digest == live_digest(connection)


def test_scores_that_arrive_while_levels_are_made_are_in_the_new_levels(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    blocking.append(log.append("policy-p1", published("p1", HIGHEST)))
    follow(connection)
    blocking.append(log.append("evidence-e-s4", given("s4", 4, "bob")))
    publish_next(connection, database)
    blocking.append(log.append("evidence-e-s5", given("s5", 1, "cyd")))
    follow(connection)
    assert levels(connection) == {"ann": "advanced", "bob": "advanced", "cyd": "beginning"}
    assert rebuild(connection, "mastery").digest == live_digest(connection)


def test_a_rollback_brings_the_levels_of_the_earlier_set_back_up_to_date(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    before = generations.live(connection, "mastery").generation
    blocking.append(log.append("policy-p1", published("p1", HIGHEST)))
    follow(connection)
    publish_next(connection, database)
    follow(connection)
    blocking.append(log.append("evidence-e-s4", given("s4", 1)))
    version = blocking.load("policy-p1").version
    blocking.append(Append("policy-p1", version, [rolled_back(P1, [])], START, META))
    follow(connection)
    assert levels(connection) == {"ann": "developing", "bob": "proficient"}
    assert generations.live(connection, "mastery").generation == before
    assert rebuild(connection, "mastery").digest == live_digest(connection)


def test_an_activation_is_appended_once_by_however_many_publishers(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    blocking.append(log.append("policy-p1", published("p1", HIGHEST)))
    follow(connection)

    def publish(_: int) -> None:
        with ledger.connect(database) as own:
            publish_next(own, database)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(publish, range(3)))
    assert [recorded.event.type for recorded in blocking.read(5, 10)] == ["policy.activated.v1"]
    follow(connection)
    assert levels(connection) == {"ann": "advanced", "bob": "proficient"}


def test_an_activation_does_not_undo_a_rollback_that_came_while_levels_were_made(
    connection: Connection, blocking: BlockingEventStore, log: Log
) -> None:
    blocking.append(log.append("policy-p1", published("p1", HIGHEST)))
    pending = publishing.Pending(5, published("p1", HIGHEST), waits=False, is_paused=False)
    seen = load_timeline(connection)
    blocking.append(log.append("policy-p2", drafted("p2", LATEST_OF_TWO), activated([scoped("p2", LATEST_OF_TWO)])))
    publishing.activate(blocking, pending, seen.epochs[-1], with_policy(connection, seen, 5, P1).epochs[-1])
    assert blocking.head() == 7


def test_two_published_policies_come_into_force_one_after_the_other(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    blocking.append(log.append("policy-p2", drafted("p2", LATEST_OF_TWO, "f1"), published("p2", LATEST_OF_TWO, "f1")))
    blocking.append(log.append("policy-p1", published("p1", HIGHEST)))
    follow(connection)
    assert publish_next(connection, database)
    assert not publish_next(connection, database)
    follow(connection)
    assert publish_next(connection, database)
    follow(connection)
    assert levels(connection) == {"ann": "advanced", "bob": None}
    assert rebuild(connection, "mastery").digest == live_digest(connection)


def test_readers_never_see_the_levels_of_two_policies_at_once(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    seen: set[tuple[str, ...]] = set()
    stop = threading.Event()

    def read() -> None:
        with psycopg.connect(database, autocommit=True) as reader:
            while not stop.is_set():
                seen.add(tuple(policy for (policy,) in reader.execute(POLICIES).fetchall()))

    reading = threading.Thread(target=read)
    reading.start()
    version = 1
    for turn in range(10):
        event = published("p1", HIGHEST) if turn % 2 == 0 else rolled_back(P1, [])
        blocking.append(Append("policy-p1", version, [event], START, META))
        blocking.append(log.append(f"evidence-e-t{turn}", given(f"t{turn}", turn % 5, "ann")))
        follow(connection)
        publish_next(connection, database)
        follow(connection)
        version = blocking.load("policy-p1").version
    stop.set()
    reading.join()
    assert seen == {("default",), ("p1",)}
