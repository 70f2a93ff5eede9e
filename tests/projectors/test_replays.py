"""A replay: by portions, verified, paused, cancelled, refused, waiting; each level that it changes is a notice."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pytest

from domain.kernel.event import Event
from domain.kernel.ids import SimulationId
from domain.mastery.digest import Digest, digest_of
from domain.mastery.kernel import NO_VALUE, Results, Status
from domain.policy.events import PolicySimulated, ReplayCancelled, ReplayPaused, ReplayRefused, ReplayResumed
from infra.postgres import all_scores
from infra.postgres.event_store import Append, BlockingEventStore
from services.projectors import generations, ledger, parking
from services.projectors.cells.all_cells import coded
from services.projectors.publishing.publishing import publish_next
from services.projectors.rebuilding.rebuild import rebuild
from services.projectors.what_if.evaluate import Draft, simulate
from tests.laws.test_mastery_relations import BOTH_PARTS
from tests.laws.test_mastery_relations import published as tree_published
from tests.projectors.feeding import follow
from tests.projectors.fold import HIGHEST, LATEST_OF_TWO
from tests.projectors.history import (
    META,
    START,
    Log,
    activated,
    corrected,
    drafted,
    given,
    published,
    rolled_back,
    scoped,
)

Connection = psycopg.Connection[Any]
LEARNERS = [f"l{number:02}" for number in range(12)]
P1 = scoped("p1", HIGHEST)
NAMES = {"policy_id": P1.policy_id, "version": P1.version}
ROW = "SELECT state, cells_done, cells, is_verified, switch_position FROM read_model.replay"
DIGESTS = """
    SELECT digest, digest_simulated, digest_touched_then, digest_touched_now FROM read_model.replay
"""
MADE = """
    SELECT learner_id, competency_id, coalesce(value_micro, %s), coalesce(level, ''), coalesce(effective_level, ''),
        status
    FROM read_model.current_mastery WHERE generation = (SELECT generation FROM read_model.replay)
"""
NOTICES = """
    SELECT notice_id, switch_position, learner_id, before_level, after_level FROM read_model.notice ORDER BY notice_id
"""
TOLD = """
    SELECT switch_position, competency_id, before_level, after_level FROM read_model.notice
    WHERE learner_id = %s ORDER BY notice_id
"""
LEVELS = """
    SELECT * FROM read_model.current_mastery
    WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery') ORDER BY learner_id
"""


class After(threading.Event):
    """Is set once it was asked so often: a publisher that is stopped after so many portions."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._looks = looks

    def is_set(self) -> bool:
        self._looks -= 1
        return self._looks < 0


@pytest.fixture
def connection(
    database: str, blocking: BlockingEventStore, log: Log, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connection]:
    """Twelve learners: two scores each, of which by default the last one counts most; p1 (highest) is drafted at 25."""
    monkeypatch.setattr(all_scores, "PART_BYTES_MAX", 1_200)
    for number, learner in enumerate(LEARNERS):
        scores = [given(f"s{number}-{turn}", (number + turn * 4) % 5, learner) for turn in range(2)]
        blocking.append_many([log.append(f"evidence-{score.evidence_id}", score) for score in scores])
    blocking.append(log.append("policy-p1", drafted("p1", HIGHEST)))
    with ledger.connect(database) as opened:
        for name in ("mastery", "learner_profile"):
            rebuild(opened, name)
        yield opened


def simulated(connection: Connection, **changes: str) -> PolicySimulated:
    """What p1 would do as the ledger stands, as an event."""
    found = simulate(connection, Draft(P1, HIGHEST))
    words = {"digest": found.digest.text, **changes}
    return PolicySimulated(**NAMES, revision=1, simulation_id=SimulationId("w1"), at_position=found.at_position,
                           cells=found.impact.cells, moved=found.impact.moved, matrix=found.impact.matrix,
                           **words)  # fmt: skip


def publication(**changes: Any) -> Event:
    return published("p1", HIGHEST).model_copy(update={"simulation_id": SimulationId("w1"), **changes})


def tell(blocking: BlockingEventStore, *events: Event, policy: str = "p1") -> None:
    """Append events about a policy."""
    stream = f"policy-{policy}"
    blocking.append(Append(stream, blocking.load(stream).version, events, START, META))


def row(connection: Connection) -> tuple[Any, ...]:
    [one] = connection.execute(ROW).fetchall()
    return tuple(one)


def notices(connection: Connection) -> list[tuple[Any, ...]]:
    return [tuple(one) for one in connection.execute(NOTICES).fetchall()]


def told_of(connection: Connection, learner: str) -> list[tuple[Any, ...]]:
    return connection.execute(TOLD, (learner,)).fetchall()


def generations_of(connection: Connection) -> list[str]:
    found = connection.execute("SELECT state FROM read_model.generation WHERE projector = 'mastery'").fetchall()
    return [state for (state,) in found]


def test_levels_that_are_those_simulated_come_into_force(
    connection: Connection, database: str, blocking: BlockingEventStore, tmp_path: Path, log: Log
) -> None:
    tell(blocking, simulated(connection), publication())
    blocking.append(log.append("evidence-late", given("late", 4, "l00")))
    follow(connection)
    assert publish_next(connection, database, tmp_path)
    assert row(connection) == ("switching", 12, 12, True, None)
    follow(connection)
    assert row(connection) == ("done", 12, 12, True, 29)
    assert rebuild(connection, "mastery").digest is not None


def made(connection: Connection) -> Digest:
    """Return the digest of the rows that a replay has made, worked out from the rows."""
    rows = connection.execute(MADE, (NO_VALUE,)).fetchall()
    learners, competencies, values, levels, effective, statuses = ([*column] for column in zip(*rows, strict=True))
    words = sorted({*levels, *effective} - {""})
    codes = {"": -1, **{word: code for code, word in enumerate(words)}}
    said = Results(
        value=np.array(values, np.int64),
        level=np.array([codes[word] for word in levels], np.int16),
        effective=np.array([codes[word] for word in effective], np.int16),
        status=np.array([Status[word.upper()] for word in statuses], np.uint8),
        counted=np.zeros(len(rows), np.int32),
    )
    return digest_of(coded(pa.array(learners)), coded(pa.array(competencies)), words, said)


def test_levels_made_later_are_those_simulated_and_what_was_touched_since(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    tell(blocking, simulated(connection), publication(effective_from=in_an_hour))
    blocking.append(log.append("evidence-more", given("more", 4, "l00")))
    blocking.append(log.append("evidence-new", given("new", 1, "newcomer")))
    blocking.append(log.append("evidence-s5-0", corrected(given("s5-0", 0, "l05"), 4)))
    follow(connection)
    publish_next(connection, database)
    (digests,) = connection.execute(DIGESTS).fetchall()
    at_made, at_simulation, then, now = map(Digest.of, digests)
    assert at_made == made(connection)
    assert at_made == at_simulation - then + now
    assert (at_made.cells, at_simulation.cells, then.cells, now.cells) == (13, 12, 2, 3)
    assert at_made != at_simulation
    assert row(connection) == ("waiting", 13, 13, True, None)


def test_other_policies_since_the_simulation_leave_what_it_said_to_be_checked(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    tell(blocking, simulated(connection), publication())
    other = scoped("p2", LATEST_OF_TWO, "f2")
    blocking.append(log.append("policy-p2", drafted("p2", LATEST_OF_TWO, "f2"), activated([other])))
    follow(connection)
    assert publish_next(connection, database)
    (digests,) = connection.execute(DIGESTS).fetchall()
    at_made, at_simulation, then, now = map(Digest.of, digests)
    assert (then, now) == (at_simulation, at_made), "anybody's cells may be others"
    assert row(connection)[3]


def test_levels_that_are_not_those_simulated_are_refused_and_leave_nothing_behind(
    connection: Connection, database: str, blocking: BlockingEventStore
) -> None:
    before = connection.execute(LEVELS).fetchall()
    tell(blocking, simulated(connection, digest="c.0"), publication())
    follow(connection)
    assert publish_next(connection, database)
    [refusal] = [one.event for one in blocking.load("policy-p1").events if isinstance(one.event, ReplayRefused)]
    assert (refusal.digest_simulated, refusal.digest_found.split(".")[0]) == ("c.0", "c")
    assert row(connection)[0] == "refused"
    assert generations_of(connection) == ["live"]
    follow(connection)
    assert not publish_next(connection, database)
    assert connection.execute(LEVELS).fetchall() == before


def test_a_replay_that_was_stopped_goes_on_behind_the_last_learner(
    connection: Connection, database: str, blocking: BlockingEventStore, tmp_path: Path
) -> None:
    tell(blocking, simulated(connection), publication())
    follow(connection)
    assert not publish_next(connection, database, tmp_path, After(2))
    done = row(connection)[1]
    assert 0 < done < 12
    assert not publish_next(connection, database, tmp_path, After(4))
    assert done < row(connection)[1] < 12
    assert publish_next(connection, database, tmp_path)
    follow(connection)
    assert row(connection) == ("done", 12, 12, True, 28)
    assert rebuild(connection, "mastery").digest is not None


def test_a_paused_replay_goes_on_when_it_is_resumed(
    connection: Connection, database: str, blocking: BlockingEventStore
) -> None:
    tell(blocking, simulated(connection), publication(), ReplayPaused(**NAMES))
    follow(connection)
    assert not publish_next(connection, database)
    assert row(connection) == ("paused", 0, 12, False, None)
    tell(blocking, ReplayResumed(**NAMES))
    assert publish_next(connection, database)
    follow(connection)
    assert row(connection)[0] == "done"


def test_a_cancelled_replay_leaves_nothing_behind_and_may_be_published_again(
    connection: Connection, database: str, blocking: BlockingEventStore, tmp_path: Path
) -> None:
    tell(blocking, simulated(connection), publication())
    follow(connection)
    publish_next(connection, database, tmp_path, After(2))
    tell(blocking, ReplayCancelled(**NAMES))
    assert not publish_next(connection, database, tmp_path)
    assert row(connection)[0] == "cancelled"
    assert generations_of(connection) == ["live"]
    tell(blocking, publication())
    follow(connection)
    assert publish_next(connection, database, tmp_path)


def test_a_publication_waits_for_its_time_and_lets_others_pass(
    connection: Connection, database: str, blocking: BlockingEventStore
) -> None:
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    tell(blocking, simulated(connection), publication(effective_from=in_an_hour))
    follow(connection)
    assert not publish_next(connection, database)
    assert row(connection) == ("waiting", 12, 12, True, None)
    tell(blocking, drafted("p2", LATEST_OF_TWO, "f2"), published("p2", LATEST_OF_TWO, "f2"), policy="p2")
    follow(connection)
    assert publish_next(connection, database)
    follow(connection)
    assert not publish_next(connection, database)
    states = connection.execute("SELECT policy_id, state FROM read_model.replay ORDER BY position").fetchall()
    assert states == [("p1", "waiting"), ("p2", "done")]


def test_each_level_that_a_switch_changes_is_one_notice_and_so_is_the_way_back(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    before = connection.execute(LEVELS).fetchall()
    tell(blocking, simulated(connection), publication())
    follow(connection)
    publish_next(connection, database)
    follow(connection)
    there = notices(connection)
    assert [one[2] for one in there] == sorted({one[2] for one in there})
    assert {one[1] for one in there} == {28}
    assert there
    tell(blocking, rolled_back(P1, []))
    follow(connection)
    follow(connection)
    back = notices(connection)[len(there) :]
    assert [(one[2], one[4], one[3]) for one in back] == [(one[2], one[3], one[4]) for one in there]
    assert {one[1] for one in back} == {29}
    assert connection.execute(LEVELS).fetchall() == before
    rebuild(connection, "mastery")
    assert len(notices(connection)) == 2 * len(there)


def test_a_level_made_of_others_that_comes_or_goes_with_a_switch_is_a_change_and_a_notice(
    connection: Connection, blocking: BlockingEventStore, log: Log
) -> None:
    tree = scoped(BOTH_PARTS.name, BOTH_PARTS)
    blocking.append(log.append("framework-f1", tree_published(0, 1)))
    blocking.append_many([log.append(f"evidence-{part}", given(part, 3, "zoe", part)) for part in ("a", "b")])
    blocking.append(log.append("policy-tree", drafted("tree", BOTH_PARTS)))
    follow(connection)
    tell(blocking, activated([tree]), policy="tree")
    follow(connection)
    assert [one for one in told_of(connection, "zoe") if one[1] == "whole"] == [(30, "whole", None, "proficient")]
    tell(blocking, rolled_back(tree, []), policy="tree")
    follow(connection)
    assert [one for one in told_of(connection, "zoe") if one[1] == "whole"] == [
        (30, "whole", None, "proficient"),
        (31, "whole", "proficient", None),
    ]
    assert rebuild(connection, "mastery").digest is not None


def test_a_learner_who_was_parked_at_the_switch_has_the_notice_later(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    blocking.append(log.append("evidence-ghost", corrected(given("ghost", 1, "zed"), 2)))
    blocking.append_many([log.append(f"evidence-{value}", given(f"z{value}", value, "zed")) for value in (4, 1)])
    tell(blocking, publication(simulation_id=None))
    follow(connection)
    publish_next(connection, database)
    follow(connection)
    assert "zed" not in {one[2] for one in notices(connection)}
    version = blocking.load("operations-mastery").version
    event = parking.skip_event(connection, "mastery", 26)
    blocking.append(Append("operations-mastery", version, [event], START, META))
    follow(connection)
    assert notices(connection)[-1][1:3] == (30, "zed")
    assert generations.live(connection, "mastery").position == blocking.head()
