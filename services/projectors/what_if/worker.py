"""The simulator: takes what-ifs that were asked for, one at a time, and puts what came of each on record.

Runs beside the mastery runner, on connections of its own. What is pending follows from the log and from the table of
simulations: one whose worker was killed begins anew, at the same position, and so comes to the same.
"""

import threading
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

import psycopg
import structlog

from domain.kernel.envelope import Meta
from domain.kernel.errors import Unavailable, Unknown
from domain.kernel.ids import SimulationId
from domain.policy.decider import stream_of
from domain.policy.events import PolicyDrafted
from domain.simulation.decider import stream_of as stream_of_simulation
from domain.simulation.events import SimulationAsked, SimulationCancelled
from infra.postgres import lease
from infra.postgres.event_store import blocking_event_store
from schemas.registry import decode
from services.projectors import generations, ledger
from services.projectors.mastery import NAME
from services.projectors.parking import fault_of
from services.projectors.what_if import evaluate
from services.projectors.what_if.evaluate import Draft
from services.projectors.what_if.keeping import Keeper
from services.projectors.what_if.movers import Moved
from services.projectors.what_if.recording import record
from services.projectors.what_if.roster import PROJECTOR

POLL_S: Final = 0.5
RETRY_S: Final = 10.0
"""A worker that fails without saying how its simulation ended tries again."""
LEASE: Final = "simulate"
PENDING: Final = """
    SELECT position, data, meta FROM ledger.event AS asked
     WHERE type = 'simulation.asked.v1' AND learner_id IS NULL
       AND NOT EXISTS (
           SELECT FROM read_model.simulation
            WHERE simulation_id = asked.data->>'simulation_id' AND state IN ('finished', 'cancelled', 'failed')
       )
       AND coalesce((data->>'at_position')::bigint, position) <= %s
     ORDER BY position LIMIT 1
"""
"""The first one that can be done now: one whose position is not reached lets the others pass."""
IS_CANCELLED: Final = "SELECT EXISTS (SELECT FROM ledger.event WHERE stream = %s AND type = %s)"
DRAFTED: Final = """
    SELECT data FROM ledger.event
     WHERE stream = %s AND type = 'policy.drafted.v1' AND data->>'revision' = %s
"""
log = structlog.get_logger()


class Cancelled(Exception):
    """Nobody waits for the simulation any more."""


class Stopped(Exception):
    """The program is asked to end; the simulation begins anew at the next start."""


def run(conninfo: str, stop: threading.Event, cells: Path | None = None) -> None:
    """Simulate what is asked for until `stop` is set, by the cell shards in `cells`; survives restarts."""
    while not stop.is_set():
        try:
            with ledger.connect(conninfo) as connection:
                while not stop.is_set() and not lease.take(connection, LEASE):
                    stop.wait(POLL_S)
                while not stop.is_set():
                    if not simulate_next(connection, conninfo, stop, cells):
                        stop.wait(POLL_S)
        except Stopped:
            return
        except (psycopg.OperationalError, Unavailable):
            stop.wait(POLL_S)
        except Exception:
            log.exception("simulation not ended", retry_s=RETRY_S)
            stop.wait(RETRY_S)


def simulate_next(
    connection: psycopg.Connection[Any], conninfo: str, stop: threading.Event, cells: Path | None = None
) -> bool:
    """Work on the first simulation that is pending and whose position the read models have come to; say if one was.

    Raises:
        Stopped: the program is asked to end.
    """
    reached = min(generations.live(connection, name).position for name in (NAME, PROJECTOR))
    row = connection.execute(PENDING, (reached,)).fetchone()
    if row is None:
        return False
    position, asked = row[0], decode(SimulationAsked.type, row[1])
    assert isinstance(asked, SimulationAsked)
    at_position = asked.at_position or position
    meta = Meta.model_validate_json(row[2]).model_copy(update={"causation_id": str(position)})
    with ledger.connect(conninfo) as beside:
        keeper = _Diligent(beside, asked, stop)
        _work(connection, conninfo, _Task(asked, at_position, meta, keeper, cells))
    return True


def _draft(connection: psycopg.Connection[Any], asked: SimulationAsked) -> Draft:
    row = connection.execute(DRAFTED, (stream_of(asked.policy_id), str(asked.revision))).fetchone()
    if row is None:
        fault = f"revision {asked.revision} is not drafted"
        raise Unknown("policy-version-unknown", fault, policy=asked.policy_id)
    drafted = decode(PolicyDrafted.type, row[0])
    assert isinstance(drafted, PolicyDrafted)
    return Draft.of(drafted, asked.terms)


def _work(connection: psycopg.Connection[Any], conninfo: str, task: "_Task") -> None:
    """Simulate, put the outcome on record, and write down how it ended: none is tried for ever, others wait behind."""
    started_s, policy, keeper = time.monotonic(), task.asked.policy_id, task.keeper
    try:
        draft, ratio = _draft(connection, task.asked), task.asked.flag_ratio
        simulated = evaluate.simulate(
            connection, draft, task.at_position, flag_ratio=ratio, watcher=keeper, cells=task.cells
        )
        with blocking_event_store(conninfo) as store:
            recorded_at = record(store, task.asked, simulated, task.meta)
    except Cancelled:
        keeper.end("cancelled", task.at_position)
    except (psycopg.OperationalError, Unavailable, Stopped):
        raise
    except Exception as error:
        log.exception("simulation failed", policy=policy)
        keeper.end("failed", task.at_position, fault_of(error))
    else:
        keeper.recorded(recorded_at)
        keeper.finish(simulated)
        seconds = round(time.monotonic() - started_s, 3)
        log.info("simulated", policy=policy, cells=simulated.impact.cells, moved=simulated.impact.moved, s=seconds)


class _Diligent(Keeper):
    """Writes the simulation down, and ends it when nobody waits for it or the program is to end."""

    def __init__(self, connection: psycopg.Connection[Any], asked: SimulationAsked, stop: threading.Event) -> None:
        super().__init__(connection, asked.simulation_id, asked.policy_id, asked.version)
        self._stop = stop

    def started(self, position: int) -> None:
        self._heed()
        super().started(position)

    def portion(self, moved: Moved) -> None:
        self._heed()
        super().portion(moved)

    def progress(self, done: int, cells: int) -> None:
        self._heed()
        super().progress(done, cells)

    def _heed(self) -> None:
        if self._stop.is_set():
            raise Stopped
        asked = (stream_of_simulation(SimulationId(self.simulation_id)), SimulationCancelled.type)
        row = self.connection.execute(IS_CANCELLED, asked).fetchone()
        if row is not None and row[0]:
            raise Cancelled


class _Task(NamedTuple):
    """One simulation: what was asked, at which position, in whose name, who watches, and where the cells are."""

    asked: SimulationAsked
    at_position: int
    meta: Meta
    keeper: _Diligent
    cells: Path | None
