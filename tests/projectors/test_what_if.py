"""What-ifs: the same as a switch would do, and done once, whatever happens to the worker."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import psycopg
import pytest

from domain.kernel.ids import SimulationId
from domain.mastery.digest import Coded, digest_of
from domain.mastery.impact import LostActs
from domain.mastery.kernel import NO_VALUE, Status
from domain.mastery.tables import Results
from domain.policy.events import PolicySimulated
from domain.policy.starters import starter
from domain.progression.events import AdvancementGranted
from domain.simulation.events import SimulationAsked, SimulationCancelled
from infra.postgres.event_store import BlockingEventStore
from services.projectors import ledger
from services.projectors.rebuilding.rebuild import rebuild
from services.projectors.what_if import Draft, evaluate, simulate
from services.projectors.what_if.worker import simulate_next
from tests.projectors.feeding import follow
from tests.projectors.fold import HIGHEST
from tests.projectors.history import Log, activated, corrected, drafted, given, judged, scoped, voided
from tests.waiting import until, wait_for_lock

Connection = psycopg.Connection[Any]
WORKER: Final = """
import sys, threading
from services.projectors.what_if.worker import run
run(sys.argv[1], threading.Event())
"""
STATE: Final = "SELECT state, cells_done, moved FROM read_model.simulation WHERE simulation_id = 'w1'"
MOVERS: Final = "SELECT learner_id, before_level, after_level FROM read_model.simulation_mover ORDER BY 1"
LIVE: Final = """
    SELECT learner_id, competency_id, value_micro, level, effective_level, status FROM read_model.current_mastery
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
"""
DRAFT: Final = Draft(scoped("p1", HIGHEST), HIGHEST)


@pytest.fixture
def connection(database: str, blocking: BlockingEventStore, log: Log) -> Iterator[Connection]:
    """All is projected at position 4: ann has 4 and 2 of 4, bob 3 of 4; the policy p1 (highest) is drafted."""
    scores = [given("s1", 4), given("s2", 2), given("s3", 3, "bob")]
    blocking.append_many([log.append(f"evidence-{score.evidence_id}", score) for score in scores])
    blocking.append(log.append("policy-p1", drafted("p1", HIGHEST)))
    with ledger.connect(database) as opened:
        for name in ("mastery", "learner_profile"):
            rebuild(opened, name)
        yield opened


def ask(
    blocking: BlockingEventStore, connection: Connection, log: Log, simulation_id: str = "w1", revision: int = 1
) -> None:
    """Ask for the what-if w1 of p1, and let the read models come to it."""
    asked = SimulationAsked(
        simulation_id=SimulationId(simulation_id),
        policy_id=DRAFT.scoped.policy_id,
        version=DRAFT.scoped.version,
        revision=revision,
        flag_ratio="1.25",
    )
    blocking.append(log.append(f"simulation-{simulation_id}", asked))
    follow(connection, "mastery", "learner_profile")


def digest_of_live(connection: Connection) -> str:
    """Return the digest of the rows of current mastery."""
    rows = connection.execute(LIVE).fetchall()
    learners, competencies, values, *levels, statuses = zip(*rows, strict=True)
    words = ["beginning", "developing", "proficient", "advanced"]
    level, effective = (np.array([words.index(one) if one else -1 for one in column], np.int16) for column in levels)
    said = Results(
        value=np.array([NO_VALUE if one is None else one for one in values], np.int64),
        level=level,
        effective=effective,
        status=np.array([Status[one.upper()] for one in statuses], np.uint8),
        counted=np.zeros(len(rows), np.int32),
    )
    place = np.arange(len(rows))
    return digest_of(Coded(learners, place), Coded(competencies, place), words, said).text


def simulated(blocking: BlockingEventStore) -> list[PolicySimulated]:
    events = [one.event for one in blocking.load("policy-p1").events]
    return [event for event in events if isinstance(event, PolicySimulated)]


@contextmanager
def worker(database: str) -> Iterator[subprocess.Popen[bytes]]:
    """A simulator's process, killed at the end."""
    with subprocess.Popen([sys.executable, "-c", WORKER, database], stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(connection: Connection, state: str) -> None:
    until(lambda: (connection.execute(STATE).fetchone() or [""])[0] == state, f"state {state}")


def test_a_switch_gives_the_levels_that_were_simulated(
    connection: Connection, blocking: BlockingEventStore, log: Log
) -> None:
    foreseen = simulate(connection, DRAFT)
    assert (foreseen.at_position, foreseen.impact.matrix) == (4, {"proficient": {"proficient": 1, "advanced": 1}})
    assert foreseen.digest.text != digest_of_live(connection)
    blocking.append(log.append("policy-p1", activated([DRAFT.scoped])))
    follow(connection)
    assert foreseen.digest.text == digest_of_live(connection)


def test_a_what_if_asks_for_no_profile_of_learners(database: str, blocking: BlockingEventStore, log: Log) -> None:
    blocking.append(log.append("evidence-e-s1", given("s1", 3)))
    blocking.append(log.append("policy-p1", drafted("p1", HIGHEST)))
    with ledger.connect(database) as opened:
        rebuild(opened, "mastery")
        assert simulate(opened, DRAFT).impact.matrix == {"proficient": {"proficient": 1}}


def test_a_position_is_simulated_the_same_after_all_that_comes_later(
    connection: Connection, blocking: BlockingEventStore, log: Log
) -> None:
    first = simulate(connection, DRAFT)
    s1, s2 = given("s1", 4), given("s2", 2)
    late = [
        ("evidence-e-s1", corrected(s1, 1)),
        ("evidence-e-s2", voided(s2)),
        ("evidence-e-s4", given("s4", 1, "eve")),
    ]
    blocking.append_many([log.append(stream, event) for stream, event in late])
    blocking.append(log.append("judgement-ann", judged("j1", "beginning")))
    blocking.append(log.append("policy-p1", activated([DRAFT.scoped])))
    follow(connection)
    assert simulate(connection, DRAFT, 4) == first
    assert simulate(connection, DRAFT).impact.moved == 0


def test_small_portions_on_several_threads_come_to_the_same(
    connection: Connection, blocking: BlockingEventStore, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"l{number}" for number in range(9)]
    blocking.append_many([log.append(f"evidence-{name}", given(f"s-{name}", len(name) + 1, name)) for name in names])
    blocking.append(log.append("judgement-unscored", judged("j1", "advanced", "l4", "c2")))
    follow(connection)
    whole = simulate(connection, DRAFT)
    monkeypatch.setattr(evaluate, "CELLS_AT_ONCE", 1)
    assert simulate(connection, DRAFT) == whole
    assert (whole.impact.cells, whole.impact.learners) == (12, 11)


def test_a_worker_that_is_killed_in_the_middle_begins_anew_and_records_once(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    ask(blocking, connection, log)
    with psycopg.connect(database) as holding:
        holding.execute("LOCK TABLE read_model.simulation_act IN EXCLUSIVE MODE")
        holding.execute("LOCK TABLE read_model.simulation_mover IN SHARE MODE")
        with worker(database) as first:
            wait_for_lock(connection)
            first.kill()
            first.wait()
    assert simulated(blocking) == []
    with worker(database):
        wait_for(connection, "finished")
    assert connection.execute(STATE).fetchone() == ("finished", 2, 1)
    assert connection.execute(MOVERS).fetchall() == [("ann", "proficient", "advanced")]
    assert [(one.at_position, one.moved, one.simulation_id) for one in simulated(blocking)] == [(5, 1, "w1")]
    assert not simulate_next(connection, database, threading.Event())


def test_a_worker_that_was_killed_before_it_wrote_the_end_down_records_nothing_twice(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    ask(blocking, connection, log)
    assert simulate_next(connection, database, threading.Event())
    connection.execute("UPDATE read_model.simulation SET state = 'running', digest = NULL, impact = NULL")
    assert simulate_next(connection, database, threading.Event())
    assert connection.execute(STATE).fetchone() == ("finished", 2, 1)
    assert len(simulated(blocking)) == 1


def test_a_cancelled_what_if_ends_without_a_record(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    ask(blocking, connection, log)
    blocking.append(log.append("simulation-w1", SimulationCancelled(simulation_id=SimulationId("w1"))))
    assert simulate_next(connection, database, threading.Event())
    assert connection.execute(STATE).fetchone() == ("cancelled", 0, None)
    assert simulated(blocking) == []
    assert not simulate_next(connection, database, threading.Event())


def test_a_what_if_that_is_cancelled_while_it_runs_ends_and_keeps_no_movers(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    ask(blocking, connection, log)
    with worker(database), psycopg.connect(database) as holding:
        holding.execute("LOCK TABLE read_model.simulation_mover IN EXCLUSIVE MODE")
        wait_for_lock(connection)
        blocking.append(log.append("simulation-w1", SimulationCancelled(simulation_id=SimulationId("w1"))))
        holding.rollback()
        wait_for(connection, "cancelled")
    assert connection.execute(MOVERS).fetchall() == []
    assert simulated(blocking) == []


def test_official_acts_that_would_lose_their_level_are_named_and_report_cards_are_not(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    basis = {
        "competency_id": "c1", "policy_id": "default", "policy_version": "v", "level": "proficient",
        "mastered_level": "proficient", "score_ids": ["s3"], "evidence_digest": "00000000000000ff",
    }  # fmt: skip
    granted = AdvancementGranted.model_validate(
        {"act_id": "a1", "learner_id": "bob", "competency_id": "c1", "decided_position": 3, "basis": basis}
    )
    blocking.append(log.append("act-a1", granted))
    strict = starter("highest", levels=[{"code": "proficient", "at": "4"}], normalise=None)
    draft = Draft(scoped("p2", strict), strict)
    blocking.append(log.append("policy-p2", drafted("p2", strict)))
    asked = SimulationAsked(
        simulation_id=SimulationId("w1"),
        policy_id=draft.scoped.policy_id,
        version=draft.scoped.version,
        revision=1,
        flag_ratio="1.25",
    )
    blocking.append(log.append("simulation-w1", asked))
    follow(connection, "mastery", "learner_profile")
    assert simulate_next(connection, database, threading.Event())
    lost = connection.execute("SELECT act_id, kind, learner_id, level, after_level FROM read_model.simulation_act")
    assert lost.fetchall() == [("a1", "advancement", "bob", "proficient", None)]
    assert simulate(connection, draft).impact.acts == (LostActs(kind="advancement", acts=1),)
    assert simulate(connection, DRAFT).impact.acts == ()


def test_a_what_if_of_what_was_never_drafted_fails_with_its_reason_and_lets_others_pass(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    ask(blocking, connection, log, "w0", revision=7)
    ask(blocking, connection, log)
    stop = threading.Event()
    assert [simulate_next(connection, database, stop) for _ in range(3)] == [True, True, False]
    states = connection.execute("SELECT simulation_id, state, fault FROM read_model.simulation ORDER BY 1").fetchall()
    assert states == [("w0", "failed", "revision 7 is not drafted (policy p1)"), ("w1", "finished", None)]
