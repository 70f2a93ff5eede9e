"""The runner: one process a projector, live as long as it holds the lease; a second one stands by."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import psycopg
import structlog

from domain.kernel.errors import Conflict
from infra.postgres import lease
from services.projectors import generations, ledger
from services.projectors.cells.states import warm_up
from services.projectors.filler import Batch, Filler
from services.projectors.mastery import NAME
from services.projectors.models import make
from services.projectors.publishing import publishing
from services.projectors.publishing.publishing import publish_next
from services.projectors.rebuilding.rebuild import rebuild
from services.projectors.what_if import worker

POLL_S: Final = 0.5
"""How long a missed notification can go unseen, and a stop or a free lease."""
RETRY_S_MIN: Final = 0.05
RETRY_S_MAX: Final = 2.0
LISTEN: Final = "LISTEN ledger_event"
BESIDE: Final = (publishing.run, worker.run)
"""What goes on beside the runner of mastery: publishing policies, and simulating them."""
Connection = psycopg.Connection[Any]
log = structlog.get_logger()


class Source(NamedTuple):
    """What a runner follows: the work that it does until it is stopped, and whether several may share it."""

    follow: Callable[[Connection, str, threading.Event], None]
    is_shared: bool


def follow_log(connection: Connection, name: str, stop: threading.Event) -> None:
    """Take batch after batch from the log; at its head, wait for the database to tell of more."""
    connection.execute(LISTEN)
    filler = Filler(connection, name)
    while not stop.is_set():
        batch = filler.step()
        tell(name, batch)
        if batch.is_last:
            for _ in connection.notifies(timeout=POLL_S, stop_after=1):
                pass


LOG: Final = Source(follow_log, is_shared=False)


def run(conninfo: str, name: str, stop: threading.Event, cells: Path | None = None, source: Source = LOG) -> None:
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
                if lease.wait(connection, f"run {name}", stop, POLL_S, shared=source.is_shared, projector=name):
                    log.info("running", projector=name)
                    _build_first(connection, name, stop)
                    with _beside(conninfo, name, cells):
                        source.follow(connection, name, stop)
                    log.info("stopped", projector=name)
        except psycopg.OperationalError as error:
            log.warning("database lost", projector=name, fault=str(error).strip(), retry_s=pause_s)
            stop.wait(pause_s)
            pause_s = min(RETRY_S_MAX, pause_s * 2)


def main(conninfo: str, name: str, cells: Path | None = None, source: Source = LOG) -> None:
    """Run a projector as a program, until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run(conninfo, name, stop, cells, source)


def catch_up(conninfo: str, name: str) -> int | None:
    """Bring a read model to the present head of the log and return its position; None if a runner is at it already."""
    stop = threading.Event()
    with ledger.connect(conninfo) as connection:
        if not lease.take(connection, f"run {name}"):
            return None
        _build_first(connection, name, stop)
        filler = Filler(connection, name)
        while not (batch := filler.step()).is_last:
            tell(name, batch)
        while name == NAME and publish_next(connection, conninfo):
            batch = filler.step()
        return batch.position


@contextmanager
def _beside(conninfo: str, name: str, cells: Path | None) -> Iterator[None]:
    """Do what goes on beside a projector for the time of the block."""
    beside, stop = BESIDE if name == NAME else (), threading.Event()
    threads = [threading.Thread(target=work, args=(conninfo, stop, cells), name=work.__module__) for work in beside]
    if name == NAME:
        warm_up()
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _build_first(connection: psycopg.Connection[Any], name: str, stop: threading.Event) -> None:
    """Build the first generation, unless one is live; it can be stopped, and goes on at the next start."""

    def report(batch: Batch) -> None:
        tell(name, batch)
        if stop.is_set():
            raise _Stopped

    while not stop.is_set() and generations.live(connection, name).generation is None:
        try:
            rebuild(connection, name, report=report)
        except Conflict:
            stop.wait(POLL_S)
        except _Stopped:
            return


def tell(name: str, batch: Batch) -> None:
    """Write the canonical line of a batch, unless there was nothing in it."""
    if batch.events:
        lag = batch.head - batch.position
        ms = round(batch.seconds * 1000, 1)
        log.info("batch", projector=name, events=batch.events, read=batch.read, position=batch.position, lag=lag, ms=ms)


class _Stopped(Exception):
    """The program is asked to end in the middle of a build."""
