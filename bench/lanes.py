"""Projectors that follow the topic, two and four workers, against one that follows the log, on the same log.

Run `python -m bench.stream`, which has a broker.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any, Final

import psycopg

from bench.common import fresh_database
from bench.projectors import fill_log
from infra.postgres import lease
from infra.postgres.embedded import EmbeddedServer
from infra.settings import PublisherSettings
from services.projectors import generations, ledger
from services.projectors.models import MODELS
from services.projectors.runner import catch_up
from services.publisher.publisher import COMPACTED, log_feed, open_producer, publish

RUN: Final = """
import logging, sys, structlog
from infra.settings import PublisherSettings
from services.projectors.runner import LOG, main
from services.projectors.lanes.topic import following
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
main(sys.argv[1], sys.argv[2], None, LOG if sys.argv[3] == "log" else following(PublisherSettings()))
"""
STARTED: Final = """
    SELECT count(*) FROM pg_locks WHERE classid::bigint = %s AND objid::bigint = hashtext(%s)::bigint & 4294967295
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""Workers that have the lease, alone or together."""
TELL: Final = "UPDATE read_model.publication SET position = %s"
STARTED_S: Final = 60
JOINED_S: Final = 3.0
"""After which all workers that are started have their lanes."""
CONTENDERS: Final = {"log, 1 worker": ("log", 1), "kafka, 2 workers": ("kafka", 2), "kafka, 4 workers": ("kafka", 4)}
_NUMBERS: Final = count(1)


def published_log(server: EmbeddedServer, settings: PublisherSettings, events: int) -> str:
    """Return the name of a database with projectors at its beginning, a log, and all of that published."""
    name = fresh_database(server)
    conninfo = server.conninfo("mastery_app", name)
    for projector in MODELS:
        catch_up(conninfo, projector)
    fill_log(conninfo, events)
    with psycopg.connect(conninfo, autocommit=True) as connection, open_producer(settings, COMPACTED) as producer:
        feed = log_feed(settings)
        while publish(connection, producer, feed, settings.kafka_topic_prefix):
            pass
    return name


@contextmanager
def copied(server: EmbeddedServer, template: str) -> Iterator[str]:
    """Return the address of a copy of a database, which is dropped at the end."""
    name = f"{template}_{next(_NUMBERS)}"
    with psycopg.connect(server.conninfo("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER mastery_owner STRATEGY file_copy")
        connection.execute("CHECKPOINT")
        try:
            yield server.conninfo("mastery_app", name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def caught_up(conninfo: str, settings: PublisherSettings, name: str, source: str, workers: int) -> float:
    """Return the seconds that workers, all of them ready, take to the head of the log.

    Until then the one of the log waits at the gate, and those of the topic hear of nothing.
    """
    own = {
        "MASTERY_KAFKA_SERVERS": str(settings.kafka_servers),
        "MASTERY_KAFKA_TOPIC_PREFIX": settings.kafka_topic_prefix,
    }
    command = [sys.executable, "-c", RUN, conninfo, name, source]
    with psycopg.connect(conninfo, autocommit=True) as connection, ExitStack() as running:
        head = ledger.head(connection)
        connection.execute(TELL, (0,))
        with connection.transaction():
            if source == "log":
                generations.live(connection, name, lock=True)
            for _ in range(workers):
                process = running.enter_context(subprocess.Popen(command, env={**os.environ, **own}))  # noqa: S603
                running.callback(process.kill)
            _wait_for_all(conninfo, name, workers)
        start = time.perf_counter()
        connection.execute(TELL, (head,))
        while generations.live(connection, name).position < head:
            time.sleep(0.01)
        return time.perf_counter() - start


def _wait_for_all(conninfo: str, name: str, workers: int) -> None:
    given_up_at = time.monotonic() + STARTED_S
    with psycopg.connect(conninfo, autocommit=True) as connection:
        while connection.execute(STARTED, (lease.LOCK_CLASS, f"run {name}")).fetchone() != (workers,):
            assert time.monotonic() < given_up_at, f"{workers} workers are not ready"
            time.sleep(0.05)
    time.sleep(JOINED_S)


def measure_workers(server: EmbeddedServer, settings: PublisherSettings, events: int) -> dict[str, Any]:
    """Return events a second of every projector by source and workers, and what times the one from the log that is."""
    template = published_log(server, settings, events)
    figures: dict[str, Any] = {}
    for name in MODELS:
        rates = {}
        for contender, (source, workers) in CONTENDERS.items():
            with copied(server, template) as conninfo:
                rates[contender] = round(events / caught_up(conninfo, settings, name, source, workers))
        one = rates["log, 1 worker"]
        times = {f"times_{workers}_workers": round(rates[f"kafka, {workers} workers"] / one, 2) for workers in (2, 4)}
        figures[name] = {"events_per_second": rates, **times}
    return figures
