"""Building the parts of a generation: in this process, or by a crew of worker processes.

A worker takes a part by a session lock, fills it and derives what follows from it, batch by batch in transactions
with the part's position; then it takes another one. So a worker may be killed at any step: its lock falls, and the
part is gone on with by another worker, or by the next crew. Workers end when their coordinator does.
"""

import gc
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import connection as pipes
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from typing import Any, Final

import psycopg
from psycopg.conninfo import make_conninfo

from domain.kernel.errors import Unavailable
from infra.logs import configure_logs
from infra.postgres import lease
from services.projectors import ledger, parts
from services.projectors.filler import Batch, Filler
from services.projectors.parts import PartState
from services.projectors.rebuilding import forks

POLL_S: Final = 0.1
CREWS_MAX: Final = 3
"""How often a crew may be started; another one is needed if workers were killed."""
Report = Callable[[Batch], None]


def build_parts(
    connection: psycopg.Connection[Any], name: str, generation: int, workers: int, report: Report
) -> list[PartState]:
    """Fill and derive all parts of a generation that are not; return their states. `report` hears of the way.

    Raises:
        Unavailable: workers ended before their parts were built; what is built stays.
    """
    if workers == 1:
        _work(connection, name, generation, report)
    for _ in range(CREWS_MAX):
        states = parts.states(connection, name, generation)
        undone = sum(not state.is_derived for state in states)
        if not undone:
            return states
        with _crew(connection, name, generation, min(workers, undone)) as crew:
            _watch(connection, name, generation, crew, report)
    raise Unavailable("unavailable", f"workers ended before {undone} parts of {name} were built", generation=generation)


@contextmanager
def _crew(
    connection: psycopg.Connection[Any], name: str, generation: int, workers: int
) -> Iterator[Sequence[BaseProcess]]:
    """Run worker processes; none is left behind."""
    conninfo = make_conninfo(connection.info.dsn, password=connection.info.password or None)
    crew = [forks.context.Process(target=_worker, args=(conninfo, name, generation)) for _ in range(workers)]
    try:
        for process in crew:
            process.start()
        yield crew
    finally:
        for process in crew:
            if process.pid is not None:
                process.terminate()
                process.join()


def _watch(
    connection: psycopg.Connection[Any], name: str, generation: int, crew: Sequence[BaseProcess], report: Report
) -> None:
    """Tell how far the parts have come until all workers ended."""
    passed = _position(parts.states(connection, name, generation))
    while running := [process.sentinel for process in crew if process.is_alive()]:
        pipes.wait(running, POLL_S)
        states = parts.states(connection, name, generation)
        position, until = _position(states), max(state.until for state in states)
        report(Batch(position - passed, position - passed, position, until, POLL_S))
        passed = position


def _position(states: Sequence[PartState]) -> int:
    """Return how far parts have come on average: each of them reads to the same end."""
    return sum(state.position for state in states) // len(states)


def _worker(conninfo: str, name: str, generation: int) -> None:
    """Work as a process of a crew."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    configure_logs("auto", "warning")
    gc.freeze()
    with ledger.connect(conninfo) as connection:
        _work(connection, name, generation, lambda _: None)


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    pipes.wait([parent.sentinel])
    os._exit(1)


def _work(connection: psycopg.Connection[Any], name: str, generation: int, report: Report) -> None:
    """Build every part that nobody else has taken."""
    ledger.keep_room(connection)
    for state in parts.states(connection, name, generation):
        purpose = f"part {name} {generation} {state.part}"
        if lease.take(connection, purpose):
            try:
                _build(connection, name, generation, state, report)
            finally:
                lease.give_back(connection, purpose)


def _build(connection: psycopg.Connection[Any], name: str, generation: int, state: PartState, report: Report) -> None:
    filler = Filler(connection, name, generation, state.which)
    position = parts.position(connection, name, generation, state.which)
    while position < state.until:
        batch = filler.step(state.until)
        report(batch)
        position = batch.position
    with connection.transaction():
        if not parts.states(connection, name, generation)[state.part].is_derived:
            filler.model.derive(connection, generation, state.which, state.until)
            parts.derived(connection, name, generation, state.which)
