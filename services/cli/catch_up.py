"""Projectors for the time of a command, so that it can answer from all events.

They are loaded where they have to run only: the kernel's compiler alone takes as long as most commands.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from domain.kernel.errors import Unavailable
from infra.postgres.database import Database
from services.cli.ledger import ask
from services.cli.output import progress_bar
from services.projectors import NAMES
from services.query_api.answers import Connection
from services.query_api.projections import Projections, Projector, read_projections

POLL_S: Final = 0.05
STANDSTILL_S: Final = 120
"""How long no projector may move before waiting for them is given up."""


class _Projector(threading.Thread):
    """A projector for the time of a command; the fault that ended it is kept for whoever waits for it."""

    def __init__(self, project: Callable[[], None], name: str) -> None:
        super().__init__(name=name)
        self._project = project
        self.fault: Exception | None = None

    def run(self) -> None:
        """Run the projector."""
        try:
            self._project()
        except Exception as error:  # noqa: BLE001 - told by `_wait`
            self.fault = error


_PROJECTORS: Final[list[_Projector]] = []
"""Those of this process that run now."""


@contextmanager
def projecting(database: Database) -> Iterator[None]:
    """Run all projectors for the time of the block; where a process holds a lease, ours stands by."""
    from services.projectors import runner

    stop = threading.Event()
    _PROJECTORS[:] = [_Projector(partial(runner.run, database.app, name, stop, database.cells), name) for name in NAMES]
    for projector in _PROJECTORS:
        projector.start()
    try:
        yield
    finally:
        stop.set()
        for projector in _PROJECTORS:
            projector.join()
        _PROJECTORS.clear()


def catch_up(database: Database) -> None:
    """Let the projectors see every event that is there now; run them where that is needed.

    Raises:
        Unavailable: they stand still behind.
    """
    projections = ask(database, read_projections)
    if not have_seen(projections, projections.position):
        with projecting(database):
            wait_until_caught_up(database)


def wait_until_caught_up(database: Database) -> None:
    """Wait until the projectors have seen every event that is there now; show the way there on stderr.

    Raises:
        Unavailable: they stand still behind, or one of ours has ended.
    """
    ask(database, _wait)


async def _wait(connection: Connection) -> None:
    projections = await read_projections(connection)
    head, seen, moved_at = projections.position, -1, time.monotonic()
    with progress_bar("projecting") as advance:
        while not have_seen(projections, head):
            for ended in (one for one in _PROJECTORS if one.fault is not None):
                raise Unavailable("unavailable", f"projector {ended.name} has ended: {ended.fault}") from ended.fault
            reached = sum(min(head, _reached(one)) for one in projections.projectors)
            advance(reached, head * len(NAMES))
            if reached != seen:
                seen, moved_at = reached, time.monotonic()
            if time.monotonic() - moved_at > STANDSTILL_S:
                raise Unavailable("unavailable", "projectors have not caught up", head=head)
            await asyncio.sleep(POLL_S)
            projections = await read_projections(connection)


def _reached(one: Projector) -> int:
    return max([one.position, *(build.position for build in one.generations)])


def have_seen(projections: Projections, position: int) -> bool:
    """Say whether every projector has a live generation that has come to a position."""
    there = {one.name for one in projections.projectors if one.generation is not None and one.position >= position}
    return there >= set(NAMES)
