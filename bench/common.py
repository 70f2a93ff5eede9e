"""What the benchmarks share: a server with production's settings, and medians of interleaved rounds."""

import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median

import psycopg

from infra.postgres.embedded import EmbeddedServer, embedded_server
from infra.postgres.migrate import migrate

_NUMBERS = count(1)


@contextmanager
def bench_server() -> Iterator[EmbeddedServer]:
    """Run an embedded server of its own, settings as in production, its database migrated."""
    folder = Path(tempfile.mkdtemp(prefix="mastery-bench-"))
    try:
        with embedded_server(folder) as server:
            migrate(server.conninfo("mastery_owner"))
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fresh_database(server: EmbeddedServer) -> str:
    """Return the name of a new, migrated database."""
    name = f"bench_{next(_NUMBERS)}"
    with psycopg.connect(server.conninfo("mastery_owner", "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE mastery")
    return name


def medians(contenders: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Return the median of each contender's figures; all run once a round, one after the other."""
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            figures[name].append(run())
    return {name: median(values) for name, values in figures.items()}


def seconds(act: Callable[[], object]) -> float:
    """Return how long an act takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    return {"cpus": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
