"""Lanes: whoever works on them in whatever order, the read model holds what one runner makes of the log."""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from domain.operations.events import DayBegun
from domain.policy.starters import CUTS, starter
from infra.postgres.event_store import BlockingEventStore
from services.projectors import generations, ledger, parking
from services.projectors.filler import Filler
from services.projectors.lanes import lanes
from services.projectors.lanes.lane_filler import LaneFiller
from services.projectors.models import MODELS
from services.projectors.parts import Part
from services.projectors.publishing import switching
from services.projectors.rebuilding.rebuild import Switched, rebuild, roll_back
from services.projectors.runner import catch_up
from tests.projectors.fold import HIGHEST
from tests.projectors.history import Log, activated, corrected, drafted, given, judged, scoped

Connection = psycopg.Connection[Any]
LEARNERS, LANES = 12, 8


GHOST = corrected(given("ghost", 1, "l7"), 2)
"""Corrects a score that was never given."""
CURE = "UPDATE read_model.parked SET position = 2"
SCORES_OF_L7 = """
    SELECT score_id, position FROM read_model.score
    WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery') AND learner_id = 'l7'
    ORDER BY position
"""
LATEST = starter("latest", **CUTS["four-levels"], validity={"days": 5})


def write(blocking: BlockingEventStore) -> None:
    """Twelve learners with four scores each, one parked in mastery, one judged; two policies come, and a day."""
    log = Log()
    scores = [given(f"s{number}", number % 5, f"l{number % LEARNERS}", "c1") for number in range(4 * LEARNERS)]
    turns = [scores[first : first + LEARNERS] for first in range(0, len(scores), LEARNERS)]
    append = [[log.append(f"evidence-{one.evidence_id}", one) for one in turn] for turn in turns]
    blocking.append_many(append[0])
    blocking.append(log.append("policy-p1", drafted("p1", HIGHEST), activated([scoped("p1", HIGHEST)])))
    blocking.append_many(append[1])
    blocking.append(log.append("evidence-ghost", GHOST))
    blocking.append(log.append(f"evidence-{scores[3].evidence_id}", corrected(scores[3], 4)))
    blocking.append_many(append[2])
    blocking.append(log.append("judgement-j1", judged("j1", "beginning", "l5", "c2")))
    blocking.append(log.append("policy-p2", drafted("p2", LATEST), activated([scoped("p2", LATEST)])))
    blocking.append_many(append[3][:8])
    blocking.append(log.append("calendar", DayBegun(day="2026-10-01")))
    blocking.append_many(append[3][8:])


def reached(connection: Connection, name: str) -> list[int]:
    """Return how far the lanes are, each place once."""
    return sorted({lane.position for lane in lanes.states(connection, name)})


@pytest.fixture
def uneven(database: str, blocking: BlockingEventStore) -> Iterator[Connection]:
    """The audit trail with lanes 0 to 3 at position 20, the others where it began."""
    catch_up(database, "audit_trail")
    write(blocking)
    with ledger.connect(database) as connection:
        worker = LaneFiller(connection, "audit_trail")
        worker.given = range(4)
        worker.follow(20, LANES)
        assert reached(connection, "audit_trail") == [0, 20]
        assert generations.live(connection, "audit_trail").position == 0
        yield connection


def work(connections: list[Connection], name: str, chance: random.Random) -> None:
    """Let workers, whose lanes go from one to the other, take batches of a few events up to the head of the log."""
    workers = [LaneFiller(connection, name) for connection in connections]
    head = ledger.head(connections[0])
    while generations.live(connections[0], name).position < head:
        if chance.random() < 0.3:
            numbers = [chance.randrange(len(workers)) for _ in range(LANES)]
            for number, worker in enumerate(workers):
                worker.given = [lane for lane, owner in enumerate(numbers) if owner == number]
        worker = chance.choice(workers)
        worker.limit = chance.randint(1, 6)
        worker.follow(head, LANES)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("seed", range(3))
def test_workers_in_any_order_hold_what_one_runner_does(
    name: str, seed: int, database: str, blocking: BlockingEventStore
) -> None:
    catch_up(database, name)
    write(blocking)
    with ExitStack() as opened:
        connections = [opened.enter_context(ledger.connect(database)) for _ in range(3)]
        work(connections, name, random.Random(seed))
        same_as_built(connections[0], name)
        waiting = [(one.learner_id, one.waiting) for one in parking.parked(connections[0])]
        assert waiting == ([("l7", 2)] if name == "mastery" else [])


def same_as_built(connection: Connection, name: str) -> Switched:
    """Build the next generation, which is compared with the live one, and switch to it."""
    switched = rebuild(connection, name)
    assert switched.digest is not None
    return switched


def test_a_runner_of_the_log_goes_on_where_lanes_are_at_different_positions(database: str, uneven: Connection) -> None:
    assert catch_up(database, "audit_trail") == ledger.head(uneven)
    assert lanes.states(uneven, "audit_trail") == []
    same_as_built(uneven, "audit_trail")


def test_a_rebuild_meets_lanes_at_different_positions_and_begins_without_them(
    uneven: Connection,
) -> None:
    assert same_as_built(uneven, "audit_trail").position == ledger.head(uneven)
    assert lanes.states(uneven, "audit_trail") == []
    work([uneven], "audit_trail", random.Random(7))
    assert roll_back(uneven, "audit_trail").position == ledger.head(uneven)
    same_as_built(uneven, "audit_trail")


def test_a_topic_with_more_partitions_makes_new_lanes_at_one_position(uneven: Connection) -> None:
    worker = LaneFiller(uneven, "audit_trail")
    worker.follow(20, 12)
    assert (len(lanes.states(uneven, "audit_trail")), reached(uneven, "audit_trail")) == (12, [20])
    worker.given = range(12)
    head = ledger.head(uneven)
    worker.follow(head, 12)
    assert generations.live(uneven, "audit_trail").position == head
    same_as_built(uneven, "audit_trail")


@pytest.fixture
def behind(database: str, blocking: BlockingEventStore) -> Iterator[Connection]:
    """Three scores of l7 wait behind an event at position 1; the lane of l7 is at position 4, the others at 0."""
    catch_up(database, "mastery")
    log = Log()
    blocking.append(log.append("evidence-ghost", GHOST))
    blocking.append_many([log.append(f"evidence-e-s{number}", given(f"s{number}", 3, "l7")) for number in range(3)])
    with ledger.connect(database) as connection:
        worker = LaneFiller(connection, "mastery")
        worker.given = [number for number in range(LANES) if ledger.read(connection, 0, 1, None, Part(number, LANES))]
        worker.follow(4, LANES)
        assert [(one.position, one.learner_id) for one in parking.parked(connection)] == [(1, "l7")]
        assert reached(connection, "mastery") == [0, 4]
        yield connection


def test_a_retry_folds_what_waited_up_to_the_learners_lane(behind: Connection) -> None:
    behind.execute(CURE)
    assert parking.retry(behind, "mastery", 2) is None
    work([behind], "mastery", random.Random(1))
    assert behind.execute(SCORES_OF_L7).fetchall() == [("s0", 2), ("s1", 3), ("s2", 4)]


def test_a_skip_is_obeyed_in_the_learners_lane(behind: Connection, blocking: BlockingEventStore) -> None:
    blocking.append(Log().append("operations-mastery", parking.skip_event(behind, "mastery", 1)))
    work([behind], "mastery", random.Random(1))
    assert behind.execute(SCORES_OF_L7).fetchall() == [("s0", 2), ("s1", 3), ("s2", 4)]
    same_as_built(behind, "mastery")


class Killed(Filler):
    """Ends where a switch of policies is committed, and what it leaves is not."""

    def _settle(self) -> None:
        raise KeyboardInterrupt


def test_what_a_switch_left_is_written_before_lanes_are_open_again(database: str, blocking: BlockingEventStore) -> None:
    catch_up(database, "mastery")
    write(blocking)
    with ledger.connect(database) as connection:
        with pytest.raises(KeyboardInterrupt):
            Killed(connection, "mastery").step()
        facts_generation = generations.live(connection, "mastery").place.facts_generation
        assert switching.owes(connection, facts_generation)
        LaneFiller(connection, "mastery").follow(0, LANES)
        assert not switching.owes(connection, facts_generation)
        assert reached(connection, "mastery") == [LEARNERS + 2]
        work([connection], "mastery", random.Random(1))
        same_as_built(connection, "mastery")
