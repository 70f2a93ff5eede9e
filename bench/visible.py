"""From saving a score until it is in current mastery, at 300 commands a second.

Run `python -m bench.visible [--seconds 10]`.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from statistics import median, quantiles
from typing import Any, Final, NamedTuple

import psycopg

from bench.append import commands
from bench.common import bench_server, fresh_database, machine
from infra.postgres.event_store import open_event_store
from services.projectors import ledger
from services.projectors.rebuilding.rebuild import rebuild

COMMANDS_A_SECOND: Final = 300
POLL_S: Final = 0.0005
WARM_UP_S: Final = 1.0
"""Saved and seen before anything is measured: a new process compiles the kernel at its first score."""
PROJECTOR: Final = """
import logging, sys, structlog
from services.projectors.runner import main
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
main(sys.argv[1], "mastery")
"""
POSITION: Final = "SELECT position FROM read_model.live WHERE projector = 'mastery'"


class Watcher(threading.Thread):
    """Notes when each position of the live generation became visible to a reader: (position, time)."""

    def __init__(self, conninfo: str) -> None:
        super().__init__()
        self.seen: list[tuple[int, float]] = []
        self._conninfo = conninfo
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Look until asked to stop."""
        last = 0
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            while not self._stop_asked.wait(POLL_S):
                row = connection.execute(POSITION).fetchone()
                if row is not None and row[0] > last:
                    last = row[0]
                    self.seen.append((last, time.perf_counter()))

    def wait_for(self, position: int) -> None:
        """Return when the position was seen."""
        while not self.seen or self.seen[-1][0] < position:
            time.sleep(0.01)

    def stop(self) -> None:
        """Ask to stop and wait for it."""
        self._stop_asked.set()
        self.join()


class Saved(NamedTuple):
    """A saved score: its position, when its command began, and when it was answered."""

    position: int
    begun: float
    done: float


async def save(conninfo: str, seconds: float) -> list[Saved]:
    """Save scores at a steady rate; return them by position."""
    saved: list[Saved] = []
    async with open_event_store(conninfo) as store:

        async def one(command: Any, begun: float) -> None:
            receipt = await store.append(command)
            saved.append(Saved(receipt.last_position, begun, time.perf_counter()))

        start = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number, command in enumerate(commands(int(seconds * COMMANDS_A_SECOND))):
                await asyncio.sleep(start + number / COMMANDS_A_SECOND - time.perf_counter())
                tasks.create_task(one(command, time.perf_counter()))
    return sorted(saved)


def run(seconds: float = 10.0) -> dict[str, Any]:
    """Measure milliseconds from the beginning of a save until a reader sees it."""
    with bench_server() as server:
        conninfo = server.conninfo("mastery_app", fresh_database(server))
        with ledger.connect(conninfo) as connection:
            rebuild(connection, "mastery")
        watcher = Watcher(conninfo)
        watcher.start()
        with subprocess.Popen([sys.executable, "-c", PROJECTOR, conninfo]) as projector:  # noqa: S603
            watcher.wait_for(asyncio.run(save(conninfo, WARM_UP_S))[-1].position)
            saved = asyncio.run(save(conninfo, seconds))
            watcher.wait_for(saved[-1].position)
            projector.terminate()
        watcher.stop()
    taken = waits(saved, watcher.seen)
    p99 = quantiles(taken, n=100)[98]
    return {"commands": len(taken), "p50_ms": round(median(taken), 1), "p99_ms": round(p99, 1), **machine()}


def waits(saved: Sequence[Saved], seen: Sequence[tuple[int, float]]) -> list[float]:
    """Return how many milliseconds after its beginning each save was seen; both by position."""
    taken, place = [], 0
    for one in saved:
        while seen[place][0] < one.position:
            place += 1
        taken.append((seen[place][1] - one.begun) * 1000)
    return taken


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    print(json.dumps(run(parser.parse_args().seconds), indent=2))


if __name__ == "__main__":
    main()
