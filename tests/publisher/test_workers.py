"""Workers that follow the topic hold what the log says, whatever happens to them, to the topic and to the broker."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from kafka import KafkaProducer

from infra.postgres.event_store import BlockingEventStore
from infra.settings import PublisherSettings
from services.projectors import generations, ledger
from services.projectors.lanes.topic import following
from services.projectors.models import MODELS
from services.projectors.rebuilding.rebuild import rebuild
from services.projectors.runner import catch_up, run
from services.publisher.publisher import republish
from tests.projectors.fold import HIGHEST
from tests.projectors.history import Log, drafted, published
from tests.projectors.test_lanes import write
from tests.publisher.broker import Broker
from tests.publisher.test_faults import ROUNDS, Writer
from tests.publisher.test_faults import program as publisher
from tests.publisher.test_publisher import publishing
from tests.waiting import until

pytestmark = pytest.mark.slow
RUN = """
import sys
from infra.settings import PublisherSettings
from services.projectors import filler
from services.projectors.runner import main
from services.projectors.lanes.topic import following
filler.BATCH_EVENTS_MAX = int(sys.argv[3])
main(sys.argv[1], sys.argv[2], None, following(PublisherSettings(kafka_session_s=1)))
"""
ACTIVATED = """
    SELECT count(*) FROM ledger.event WHERE type = 'policy.activated.v1' AND data->>'policy_id' = %s
"""
FOREIGN = "SELECT foreign_messages FROM read_model.projector WHERE name = %s"


@contextmanager
def worker(database: str, settings: PublisherSettings, name: str, batch: int = 5) -> Iterator[subprocess.Popen[bytes]]:
    """A worker's process, killed at the end."""
    own = {
        "MASTERY_KAFKA_SERVERS": str(settings.kafka_servers),
        "MASTERY_KAFKA_TOPIC_PREFIX": settings.kafka_topic_prefix,
    }
    command = [sys.executable, "-c", RUN, database, name, str(batch)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, env={**os.environ, **own}) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def working(database: str, settings: PublisherSettings, name: str, workers: int) -> Iterator[None]:
    """So many workers in this process."""
    stop = threading.Event()
    source = following(settings.model_copy(update={"kafka_session_s": 1}))
    threads = [
        threading.Thread(target=run, args=(database, name, stop, None, source), name=f"{name} {number}")
        for number in range(workers)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)


def value(database: str, query: str, *values: Any) -> Any:
    with psycopg.connect(database) as connection:
        row = connection.execute(query.encode(), values).fetchone()
    return row and row[0]


def arrived(database: str, name: str) -> bool:
    """Say whether a read model has come to the head of the log."""
    with ledger.connect(database) as connection:
        return generations.live(connection, name).position >= ledger.head(connection)


def check(database: str, name: str) -> None:
    """Wait until a read model is at the head; check that it holds what a runner makes of the log."""
    until(lambda: arrived(database, name))
    with ledger.connect(database) as connection:
        assert rebuild(connection, name).digest is not None


@pytest.mark.need("NEED-83")
@pytest.mark.parametrize("workers", [2, 4])
@pytest.mark.parametrize("name", MODELS)
def test_workers_at_one_topic_hold_what_one_runner_of_the_log_does(
    name: str, workers: int, database: str, blocking: BlockingEventStore, settings: PublisherSettings
) -> None:
    catch_up(database, name)
    with publishing(database, settings), working(database, settings, name, workers):
        write(blocking)
        check(database, name)


def test_what_others_write_to_the_topic_is_counted_and_passed_over(
    database: str, blocking: BlockingEventStore, kafka: Broker, settings: PublisherSettings
) -> None:
    catch_up(database, "mastery")
    topic, producer = settings.kafka_topic_prefix + "events", KafkaProducer(bootstrap_servers=kafka.address)
    ours = [("ce_source", settings.stream_source.encode())]
    with publishing(database, settings):
        write(blocking)
        with working(database, settings, "mastery", 2):
            until(lambda: arrived(database, "mastery"))
            for headers in ([], [*ours, ("ce_sequence", b"soon")], [*ours, ("ce_sequence", b"9" * 18)]):
                producer.send(topic, key=b"l1", value=b"not JSON", headers=headers)
            producer.send(topic, key=b"l2", value=b"{}", headers=[("ce_source", b"/other"), ("ce_sequence", b"7")])
            producer.close()
            until(lambda: value(database, FOREIGN, "mastery") == 4)
            Writer(blocking, 100).write(20)
            check(database, "mastery")


def test_a_topic_that_is_filled_again_changes_nothing(
    database: str, blocking: BlockingEventStore, settings: PublisherSettings
) -> None:
    catch_up(database, "audit_trail")
    with publishing(database, settings), working(database, settings, "audit_trail", 2):
        write(blocking)
        until(lambda: arrived(database, "audit_trail"))
        assert len(list(republish(database, settings, 0, "events"))) == 1
        Writer(blocking, 100).write(20)
        check(database, "audit_trail")


def test_workers_that_come_and_go_and_are_killed_lose_and_double_nothing(
    database: str, blocking: BlockingEventStore, settings: PublisherSettings
) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - shown where the test fails
    chance, writer = random.Random(seed), Writer(blocking, 100)
    catch_up(database, "mastery")
    with publishing(database, settings), ExitStack() as running:
        workers = [running.enter_context(worker(database, settings, "mastery", 50)) for _ in range(2)]
        for turn in range(ROUNDS):
            ended = time.monotonic() + chance.uniform(0.5, 2.5)
            while time.monotonic() < ended:
                writer.write(10)
            if turn == ROUNDS // 2:
                write(blocking)
            gone = workers.pop(chance.randrange(len(workers)))
            gone.kill() if chance.random() < 0.7 else gone.terminate()
            gone.wait(30)
            more = [worker(database, settings, "mastery", 50) for _ in range(3 - len(workers))]
            workers += map(running.enter_context, more)
        until(lambda: arrived(database, "mastery"))
    check(database, "mastery")


def test_workers_outlive_a_broker_that_is_away_and_one_that_lost_all(
    database: str, blocking: BlockingEventStore, kafka: Broker, settings: PublisherSettings
) -> None:
    catch_up(database, "mastery")
    writer = Writer(blocking, 100)
    with ExitStack() as running:
        for _ in range(2):
            running.enter_context(worker(database, settings, "mastery"))
        running.enter_context(publisher(database, settings))
        write(blocking)
        until(lambda: arrived(database, "mastery"))
        kafka.stop()
        writer.write(100)
        kafka.start()
        until(lambda: arrived(database, "mastery"))
        kafka.stop()
        shutil.rmtree(kafka.folder / "data")
        writer.write(100)
        kafka.start()
        until(lambda: arrived(database, "mastery"))
    check(database, "mastery")


def test_a_worker_that_stands_still_in_a_batch_and_goes_on_later_doubles_nothing(
    database: str, blocking: BlockingEventStore, settings: PublisherSettings
) -> None:
    catch_up(database, "audit_trail")
    writer = Writer(blocking, 100)
    with publishing(database, settings), ExitStack() as running:
        workers = [running.enter_context(worker(database, settings, "audit_trail", 1)) for _ in range(2)]
        writer.write(20)
        until(lambda: arrived(database, "audit_trail"))
        for process in (*workers, *workers):
            writer.write(200)
            process.send_signal(signal.SIGSTOP)
            time.sleep(2)
            process.send_signal(signal.SIGCONT)
        until(lambda: arrived(database, "audit_trail"))
    check(database, "audit_trail")


def test_a_policy_is_published_by_the_workers(
    database: str, blocking: BlockingEventStore, settings: PublisherSettings
) -> None:
    catch_up(database, "mastery")
    log = Log()
    with publishing(database, settings), working(database, settings, "mastery", 2):
        write(blocking)
        blocking.append(log.append("policy-p3", drafted("p3", HIGHEST), published("p3", HIGHEST)))
        until(lambda: value(database, ACTIVATED, "p3") == 1)
        Writer(blocking, 100).write(20)
        check(database, "mastery")
