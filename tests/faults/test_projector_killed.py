"""Projectors as processes: kill -9 in the middle of a batch and of a rebuild, a standby, a database restart."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.postgres import lease
from infra.postgres.embedded import EmbeddedServer, embedded_server
from infra.postgres.event_store import BlockingEventStore, blocking_event_store
from infra.postgres.migrate import migrate
from services.projectors import generations, ledger
from services.projectors.filler import Batch
from services.projectors.rebuilding.rebuild import rebuild
from tests.projectors.feeding import live_digest
from tests.projectors.history import Log, corrected, given
from tests.waiting import until

pytestmark = pytest.mark.slow
TIMEOUT_S = 30
EVENTS = 4_000
SMALL_BATCHES = """
import sys
from services.projectors import filler
filler.BATCH_EVENTS_MAX = 50
"""
RUN = (
    SMALL_BATCHES
    + """
from services.projectors.runner import main
main(sys.argv[1], sys.argv[2])
"""
)
REBUILD = (
    SMALL_BATCHES
    + """
import os, signal
from services.projectors import ledger
from services.projectors.rebuilding.rebuild import rebuild
batches = []
def die_in_the_middle(batch):
    batches.append(batch)
    if len(batches) == 20:
        os.kill(os.getpid(), signal.SIGKILL)
with ledger.connect(sys.argv[1]) as connection:
    rebuild(connection, sys.argv[2], report=die_in_the_middle)
"""
)
HOLDERS = """
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s
        AND objid::bigint = hashtext(%s)::bigint & 4294967295
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@contextmanager
def program(code: str, database: str, name: str = "mastery") -> Iterator[subprocess.Popen[bytes]]:
    """A projector's process, killed at the end."""
    with subprocess.Popen([sys.executable, "-c", code, database, name], stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def is_beyond(
    connection: psycopg.Connection[Any], reach: Callable[[psycopg.Connection[Any]], int], before: int
) -> bool:
    return reach(connection) > before


def append(store: BlockingEventStore, log: Log, first: int, events: int) -> None:
    """Scores of 40 learners, every tenth corrected at once."""
    appends = []
    for number in range(first, first + events):
        score = given(f"s{number}", number % 5, f"l{number % 40}", f"c{number % 7}")
        events_of_one = [score, corrected(score, (number + 1) % 5)] if number % 10 == 0 else [score]
        appends.append(log.append(f"evidence-{score.evidence_id}", *events_of_one))
    store.append_many(appends)


def position(connection: psycopg.Connection[Any]) -> int:
    return generations.live(connection, "mastery").position


def test_a_projector_killed_in_the_middle_of_batches_loses_and_repeats_nothing(database: str) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201
    chance, log = random.Random(seed), Log()
    with blocking_event_store(database) as store, ledger.connect(database) as connection:
        rebuild(connection, "mastery")
        append(store, log, 0, EVENTS)
        for _ in range(4):
            before = position(connection)
            with program(RUN, database):
                until(partial(is_beyond, connection, position, before), poll_s=0.005)
                time.sleep(chance.random() * 0.2)
        with program(RUN, database):
            until(lambda: position(connection) == store.head())
        assert rebuild(connection, "mastery").digest == live_digest(connection)


def test_a_rebuild_that_was_killed_goes_on_where_it_was(database: str) -> None:
    log = Log()
    with blocking_event_store(database) as store, ledger.connect(database) as connection:
        append(store, log, 0, EVENTS)
        rebuild(connection, "mastery")
        live = live_digest(connection)
        for _ in range(3):
            with program(REBUILD, database) as process:
                assert process.wait(TIMEOUT_S) == -signal.SIGKILL
        batches: list[Batch] = []
        switched = rebuild(connection, "mastery", report=batches.append)
        assert switched.digest == live
        assert 0 < sum(batch.events for batch in batches) <= store.head() - 3 * 20 * 50
        assert connection.execute("SELECT count(*) FROM read_model.generation").fetchone() == (2,)


def test_of_two_projectors_of_one_name_one_works_and_the_other_takes_over(database: str) -> None:
    log = Log()
    with blocking_event_store(database) as store, ledger.connect(database) as connection:
        append(store, log, 0, 10)
        with program(RUN, database) as first:
            until(lambda: position(connection) == store.head())
            with program(RUN, database):
                time.sleep(1)
                assert connection.execute(HOLDERS, (lease.LOCK_CLASS, "run mastery")).fetchone() == (1,)
                first.send_signal(signal.SIGKILL)
                append(store, log, 10, 10)
                until(lambda: position(connection) == store.head())
        assert rebuild(connection, "mastery").digest == live_digest(connection)


def test_a_projector_ends_cleanly_when_it_is_asked_to(database: str) -> None:
    with blocking_event_store(database) as store, ledger.connect(database) as connection:
        append(store, Log(), 0, 10)
        with program(RUN, database) as process:
            until(lambda: position(connection) == store.head())
            process.send_signal(signal.SIGTERM)
            assert process.wait(TIMEOUT_S) == 0


def test_a_projector_goes_on_by_itself_after_a_restart_of_the_database(tmp_path: Path) -> None:
    log = Log()
    with embedded_server(tmp_path, {"fsync": "off", "shared_buffers": "64MB"}) as server:
        migrate(server.conninfo("mastery_owner"))
        database = server.conninfo()
        with program(RUN, database):
            for turn in range(3):
                with blocking_event_store(database) as store:
                    append(store, log, turn * 100, 100)
                restart(server)
            with ledger.connect(database) as connection:
                until(lambda: position(connection) == ledger.head(connection) == 330)
                assert rebuild(connection, "mastery").digest == live_digest(connection)


def restart(server: EmbeddedServer) -> None:
    server.stop("immediate")
    server.start()
