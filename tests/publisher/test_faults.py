"""The publisher when programs and brokers die: no event lost, none swapped within a key, repeated ones the same."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg
import pytest

from infra.postgres.event_store import BlockingEventStore, blocking_event_store
from infra.settings import PublisherSettings
from services.publisher.publisher import republish
from tests.projectors.history import Log, given
from tests.publisher.broker import Broker, header
from tests.publisher.test_publisher import ids, publishing, wait_for
from tests.waiting import until

pytestmark = pytest.mark.slow
ROUNDS = int(os.environ.get("MASTERY_TEST_ROUNDS", "8"))
AWAY_S = float(os.environ.get("MASTERY_TEST_AWAY_S", "5"))
"""How long the broker is away under load."""
BATCH = 25
PUBLISH = f"""
import sys, threading
from infra.settings import PublisherSettings
from services.publisher import publisher
publisher.BATCH_EVENTS = {BATCH}
publisher.main(sys.argv[1], PublisherSettings())
"""


@contextmanager
def program(database: str, settings: PublisherSettings) -> Iterator[subprocess.Popen[bytes]]:
    """A publisher's process, killed at the end."""
    own = {
        "MASTERY_KAFKA_SERVERS": str(settings.kafka_servers),
        "MASTERY_KAFKA_TOPIC_PREFIX": settings.kafka_topic_prefix,
    }
    command = [sys.executable, "-c", PUBLISH, database]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, env={**os.environ, **own}) as process:
        try:
            yield process
        finally:
            process.kill()


class Writer:
    """Appends scores of a few learners, so many a turn."""

    LEARNERS = 7

    def __init__(self, store: BlockingEventStore, first: int = 1) -> None:
        self._store = store
        self._log = Log()
        self._number = count(first)

    def write(self, events: int) -> float:
        """Append so many events and return the slowest append's seconds."""
        slowest = 0.0
        for number, _ in zip(self._number, range(events), strict=False):
            learner = f"l{number % self.LEARNERS}"
            append = self._log.append(f"evidence-e-s{number}", given(f"s{number}", number % 4, learner))
            started = time.perf_counter()
            self._store.append(append)
            slowest = max(slowest, time.perf_counter() - started)
        return slowest


def check(database: str, kafka: Broker, settings: PublisherSettings, kills: int) -> None:
    """Check that a topic holds the log: deduped by id exactly it, and in order for each key."""
    repeated = 0
    first: dict[str, str] = {}
    for messages in kafka.by_key(settings.kafka_topic_prefix + "events").values():
        seen: list[str] = []
        for message in messages:
            event_id, sequence = header(message, "ce_id"), header(message, "ce_sequence")
            if event_id in first:
                repeated += 1
                continue
            first[event_id] = sequence
            seen.append(sequence)
        assert seen == sorted(seen)
    assert sorted(first, key=first.__getitem__) == ids(database)
    assert repeated <= kills * BATCH


@pytest.fixture
def writer(database: str) -> Iterator[Writer]:
    with blocking_event_store(database) as store:
        yield Writer(store)


def head(database: str) -> int:
    return len(ids(database))


def test_a_publisher_that_is_killed_again_and_again_loses_and_swaps_nothing(
    database: str, writer: Writer, kafka: Broker, settings: PublisherSettings
) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - shown where the test fails
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        with program(database, settings) as process:
            given_up_at = time.monotonic() + chance.uniform(0.8, 1.6)
            while time.monotonic() < given_up_at:
                writer.write(40)
            process.send_signal(signal.SIGKILL)
    with publishing(database, settings):
        wait_for(database, settings.kafka_topic_prefix + "events", head(database))
    check(database, kafka, settings, ROUNDS)


def test_of_two_publishers_one_works_and_the_other_takes_over(
    database: str, writer: Writer, kafka: Broker, settings: PublisherSettings
) -> None:
    with program(database, settings) as first, program(database, settings):
        writer.write(50)
        wait_for(database, settings.kafka_topic_prefix + "events", head(database))
        first.kill()
        writer.write(50)
        wait_for(database, settings.kafka_topic_prefix + "events", head(database))
    check(database, kafka, settings, 2)


def test_while_the_broker_is_away_appends_go_on_and_the_lag_is_seen_then_all_arrives(
    database: str, writer: Writer, kafka: Broker, settings: PublisherSettings
) -> None:
    with program(database, settings):
        writer.write(50)
        wait_for(database, settings.kafka_topic_prefix + "events", 50)
        kafka.stop()
        back = time.monotonic() + AWAY_S
        try:
            while time.monotonic() < back:
                assert writer.write(20) < 5
            until(lambda: standing(database))
        finally:
            kafka.start()
        writer.write(50)
        wait_for(database, settings.kafka_topic_prefix + "events", head(database))
        assert not standing(database)
    check(database, kafka, settings, 5)


def standing(database: str) -> Any:
    """Return why the publisher stands."""
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT max(fault) FROM read_model.publication").fetchone()
        return row and row[0]


def test_a_broker_that_lost_all_is_fed_with_what_is_new_and_filled_again_on_demand(
    database: str, writer: Writer, kafka: Broker, settings: PublisherSettings
) -> None:
    topic = settings.kafka_topic_prefix + "events"
    with program(database, settings):
        writer.write(30)
        wait_for(database, topic, 30)
        kafka.stop()
        shutil.rmtree(kafka.folder / "data")
        kafka.start()
        writer.write(10)
        wait_for(database, topic, 40)
    assert [int(header(one, "ce_sequence")) for one in sorted_by_sequence(kafka, topic)] == list(range(31, 41))
    assert list(republish(database, settings, 0, "events"))[-1][0] == 40
    assert {header(one, "ce_id") for one in kafka.messages(topic)} == set(ids(database))


def sorted_by_sequence(kafka: Broker, topic: str) -> list[Any]:
    return sorted(kafka.messages(topic), key=lambda message: header(message, "ce_sequence"))
