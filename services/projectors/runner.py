"""The runner: one process a projector, live as long as it holds the lease; a second one stands by."""

import signal
import threading
from pathlib import Path
from typing import Any, Final

import psycopg
import structlog

from domain.kernel.errors import Conflict
from infra.postgres import lease
from services.projectors import generations, ledger, publishing
from services.projectors.filler import Batch, Filler
from services.projectors.mastery import NAME
from services.projectors.mastery_states import warm_up
from services.projectors.models import make
from services.projectors.publishing import publish_next
from services.projectors.rebuild import rebuild
from services.projectors.what_if import worker

POLL_S: Final = 0.5
"""How long a missed notification can go unseen, and a stop or a free lease."""
RETRY_S_MIN: Final = 0.05
RETRY_S_MAX: Final = 2.0
LISTEN: Final = "LISTEN ledger_event"
BESIDE: Final = (publishing.run, worker.run)
"""What goes on beside the runner of mastery: publishing policies, and simulating them."""
log = structlog.get_logger()


def run(conninfo: str, name: str, stop: threading.Event, cells: Path | None = None) -> None:
    """Keep a read model up to date until `stop` is set; survives restarts of the database.

    Policies are published by the cell shards in the folder `cells`, if there is one.

    Raises:
        Unknown: projector-unknown.
    """
    make(name)
    pause_s = RETRY_S_MIN
    while not stop.is_set():
        try:
            with ledger.connect(conninfo) as connection:
                pause_s = RETRY_S_MIN
                if lease.wait(connection, f"run {name}", stop, POLL_S, projector=name):
                    _work(connection, conninfo, name, stop, cells)
        except psycopg.OperationalError as error:
            log.warning("database lost", projector=name, fault=str(error).strip(), retry_s=pause_s)
            stop.wait(pause_s)
            pause_s = min(RETRY_S_MAX, pause_s * 2)


def main(conninfo: str, name: str, cells: Path | None = None) -> None:
    """Run a projector as a program, until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run(conninfo, name, stop, cells)


def catch_up(conninfo: str, name: str) -> int | None:
    """Bring a read model to the present head of the log and return its position; None if a runner is at it already."""
    stop = threading.Event()
    with ledger.connect(conninfo) as connection:
        if not lease.take(connection, f"run {name}"):
            return None
        _build_first(connection, name, stop)
        filler = Filler(connection, name)
        while not (batch := filler.step()).is_last:
            _tell(name, batch)
        while name == NAME and publish_next(connection, conninfo):
            batch = filler.step()
        return batch.position


def _work(
    connection: psycopg.Connection[Any], conninfo: str, name: str, stop: threading.Event, cells: Path | None
) -> None:
    connection.execute(LISTEN)
    log.info("running", projector=name)
    _build_first(connection, name, stop)
    beside, beside_stop = BESIDE if name == NAME else (), threading.Event()
    threads = [
        threading.Thread(target=work, args=(conninfo, beside_stop, cells), name=work.__module__) for work in beside
    ]
    if name == NAME:
        warm_up()
    for thread in threads:
        thread.start()
    try:
        _follow(Filler(connection, name), stop)
    finally:
        beside_stop.set()
        for thread in threads:
            thread.join()
    log.info("stopped", projector=name)


def _build_first(connection: psycopg.Connection[Any], name: str, stop: threading.Event) -> None:
    """Build the first generation, unless one is live; it can be stopped, and goes on at the next start."""

    def report(batch: Batch) -> None:
        _tell(name, batch)
        if stop.is_set():
            raise _Stopped

    while not stop.is_set() and generations.live(connection, name).generation is None:
        try:
            rebuild(connection, name, report=report)
        except Conflict:
            stop.wait(POLL_S)
        except _Stopped:
            return


def _follow(filler: Filler, stop: threading.Event) -> None:
    """Take batch after batch; at the head of the log, wait for the database to tell of more."""
    while not stop.is_set():
        batch = filler.step()
        _tell(filler.name, batch)
        if batch.is_last:
            for _ in filler.connection.notifies(timeout=POLL_S, stop_after=1):
                pass


def _tell(name: str, batch: Batch) -> None:
    if batch.events:
        lag = batch.head - batch.position
        ms = round(batch.seconds * 1000, 1)
        log.info("batch", projector=name, events=batch.events, read=batch.read, position=batch.position, lag=lag, ms=ms)


class _Stopped(Exception):
    """The program is asked to end in the middle of a build."""
