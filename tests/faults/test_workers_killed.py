"""kill -9 of the workers of a rebuild, and of their coordinator: it goes on, and holds what one process builds."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from infra.postgres.event_store import blocking_event_store
from services.projectors import generations, ledger, parts
from services.projectors.models import MODELS
from services.projectors.rebuilding.rebuild import rebuild
from tests.faults.test_projector_killed import append
from tests.projectors.history import Log
from tests.waiting import until

pytestmark = pytest.mark.slow
EVENTS = 6_000
KILLS = 3
PROGRAM = Path(__file__).with_name("small_batches.py")
BACKENDS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE application_name = 'projector' AND pid <> pg_backend_pid() AND datname = current_database()
"""


@contextmanager
def rebuilding(database: str, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A rebuild by two workers; its process is killed at the end, and its workers have to end by themselves."""
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, str(PROGRAM), database, name, "2"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def workers(coordinator: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        children = psutil.Process(coordinator.pid).children()  # one of them has loaded the code, and forks the workers
        return [worker for child in children for worker in child.children()]
    except psutil.Error:  # it, or one of them, is done already
        return []


def has_moved(
    connection: psycopg.Connection[Any], name: str, before: int, coordinator: subprocess.Popen[bytes]
) -> bool:
    return reached(connection, name) > before or coordinator.poll() is not None


def reached(connection: psycopg.Connection[Any], name: str) -> int:
    """How many events the parts of the generation under construction have passed, all together."""
    begun = generations.begun(connection, name)
    return 0 if begun is None else sum(one.position for one in parts.states(connection, name, begun.generation))


def is_alone(connection: psycopg.Connection[Any]) -> bool:
    return connection.execute(BACKENDS).fetchone() == (0,)


@pytest.mark.parametrize("name", MODELS)
def test_killed_workers_and_coordinators_lose_and_repeat_nothing(database: str, name: str) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201
    chance, log = random.Random(seed), Log()
    with blocking_event_store(database) as store, ledger.connect(database) as connection:
        append(store, log, 0, EVENTS)
        rebuild(connection, name)
        for turn in range(KILLS):
            before = reached(connection, name)
            with rebuilding(database, name) as coordinator:
                until(partial(has_moved, connection, name, before, coordinator), poll_s=0.005)
                time.sleep(chance.random() * 0.2)
                if turn % 2 == 0 and (crew := workers(coordinator)):
                    chance.choice(crew).send_signal(signal.SIGKILL)
                    time.sleep(chance.random() * 0.2)
            until(partial(is_alone, connection))
        assert rebuild(connection, name, workers=2).digest is not None
