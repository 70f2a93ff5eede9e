"""The publisher against a real broker and a real ledger."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise

import psycopg
import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from domain.kernel.errors import Misconfigured
from infra.kafka.topics import Topic, ensure_topics
from infra.postgres.event_store import EventStore
from infra.settings import PublisherSettings
from services.publisher.feeds import Batch, Message
from services.publisher.publisher import open_producer, republish, run, send, tracked
from tests.projectors.feeding import append, project
from tests.publisher.broker import Broker, header
from tests.query_api.histories import fact, whole_learner
from tests.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
TIMEOUT_S = 30
LEVELS = """
    SELECT learner_id || '|' || competency_id, effective_level FROM read_model.current_mastery
    WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
"""

GIVE_UP = """
import sys, time
from infra.settings import PublisherSettings
from services.publisher.feeds import Batch, Message
from services.publisher.publisher import open_producer, send
prefix = sys.argv[1]
one, other = (Message("events", b"l1", b"{}", [("n", n)], 1) for n in (b"1", b"2"))
with open_producer(PublisherSettings(kafka_topic_prefix=prefix, kafka_partitions=4), {"events": False}) as producer:
    send(producer, Batch([one], 1), prefix)
    print("sent", flush=True)
    sys.stdin.readline()
    producer.send(prefix + "events", other.value, other.key, other.headers, 1)
print("given up", flush=True)
time.sleep(60)
"""
"""Sends a message, and leaves another one unsent while the broker is away."""


@contextmanager
def publishing(database: str, settings: PublisherSettings) -> Iterator[None]:
    """A publisher in this process."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(database, settings, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(TIMEOUT_S)


def wait_for(database: str, topic: str, position: int) -> None:
    """Wait until a topic has come to a position."""
    with psycopg.connect(database, autocommit=True) as connection:
        until(lambda: tracked(connection, topic) >= position, f"position {position} of {topic}")


def ids(database: str) -> list[str]:
    """Return the ids of all events of the log, in order."""
    with psycopg.connect(database) as connection:
        return [str(one) for (one,) in connection.execute("SELECT event_id FROM ledger.event ORDER BY position")]


@pytest.mark.need("NEED-83")
async def test_a_topic_has_every_event_once_in_order_for_each_learner(
    database: str, store: EventStore, kafka: Broker, settings: PublisherSettings
) -> None:
    await append(store, *whole_learner())
    topic = settings.kafka_topic_prefix + "events"
    with publishing(database, settings):
        wait_for(database, topic, await store.head())
    messages = kafka.messages(topic)
    assert sorted(header(one, "ce_id") for one in messages) == sorted(ids(database))
    for of_one in kafka.by_key(topic).values():
        assert all(header(a, "ce_sequence") < header(b, "ce_sequence") for a, b in pairwise(of_one))
    given = next(one for one in messages if header(one, "ce_type") == "score.given.v1")
    assert (given.key, json.loads(given.value)["learner_id"]) == (b"l1", "l1")
    assert header(given, "content-type") == "application/json"


async def test_events_of_policies_have_a_topic_of_their_own(
    database: str, store: EventStore, kafka: Broker, settings: PublisherSettings
) -> None:
    draft = fact("policy-p", "2026-02-01", "policy.drafted.v1", policy_id="p", revision=1, version="v", document={})
    await append(store, draft)
    with publishing(database, settings):
        wait_for(database, settings.kafka_topic_prefix + "events", 1)
    [told] = kafka.messages(settings.kafka_topic_prefix + "policies")
    assert (told.key, header(told, "ce_type")) == (b"policy-p", "policy.drafted.v1")


async def test_the_topic_of_changes_ends_with_what_the_read_model_says(
    database: str, store: EventStore, kafka: Broker, settings: PublisherSettings
) -> None:
    await append(store, *whole_learner())
    project(database)
    with publishing(database, settings):
        wait_for(database, settings.kafka_topic_prefix + "changes", await store.head())
    with psycopg.connect(database) as connection:
        levels = connection.execute(LEVELS).fetchall()
    told = kafka.by_key(settings.kafka_topic_prefix + "changes")
    assert {key: json.loads(of_one[-1].value)["effective_level"] for key, of_one in told.items()} == dict(levels)


async def test_a_parked_event_is_told_and_taken_back_with_a_tombstone_and_the_learners_levels(
    database: str, store: EventStore, kafka: Broker, settings: PublisherSettings
) -> None:
    await append(store, *whole_learner())
    project(database)
    topic = settings.kafka_topic_prefix + "parked"
    park = """
        INSERT INTO read_model.parked (projector, generation, position, learner_id, type, why)
        SELECT 'mastery', facts_generation, 3, 'l1', 'score.given.v1', 'for a test' FROM read_model.live
        WHERE projector = 'mastery'
    """
    with psycopg.connect(database, autocommit=True) as connection, publishing(database, settings):
        wait_for(database, settings.kafka_topic_prefix + "changes", await store.head())
        before = len(kafka.messages(settings.kafka_topic_prefix + "changes"))
        connection.execute(park)
        until(lambda: len(kafka.messages(topic)) == 1, poll_s=0.1)
        connection.execute("DELETE FROM read_model.parked")
        until(lambda: len(kafka.messages(topic)) == 2, poll_s=0.1)
    told, resolved = kafka.messages(topic)
    assert (told.key, json.loads(told.value)["learner_id"]) == (b"mastery|3", "l1")
    assert (resolved.key, resolved.value) == (b"mastery|3", None)
    assert len(kafka.messages(settings.kafka_topic_prefix + "changes")) > before


async def test_a_lost_topic_is_filled_again_and_what_is_tracked_stays(
    database: str, store: EventStore, kafka: Broker, settings: PublisherSettings
) -> None:
    await append(store, *whole_learner())
    head = await store.head()
    with publishing(database, settings):
        wait_for(database, settings.kafka_topic_prefix + "events", head)
    assert list(republish(database, settings, 0, "again"))[-1] == (head, head)
    first, again = (kafka.messages(settings.kafka_topic_prefix + name) for name in ("events", "again"))
    assert {header(one, "ce_id") for one in again} == {header(one, "ce_id") for one in first}
    with psycopg.connect(database) as connection:
        assert tracked(connection, settings.kafka_topic_prefix + "events") == head


def test_a_topic_that_forgets_is_refused(kafka: Broker, settings: PublisherSettings) -> None:
    name = settings.kafka_topic_prefix + "forgets"
    ensure_topics(settings.servers, [Topic(name, compacted=True)], 1, 1)
    with pytest.raises(Misconfigured, match=f"topic {name} has cleanup.policy compact, the stream needs delete"):
        ensure_topics(settings.servers, [Topic(name)], 1, 1)


def test_no_broker_named_is_refused() -> None:
    with pytest.raises(Misconfigured, match="MASTERY_KAFKA_SERVERS is not set"):
        _ = PublisherSettings().servers


def test_after_a_message_that_the_broker_refuses_no_later_one_goes_out(
    kafka: Broker, settings: PublisherSettings
) -> None:
    topic = settings.kafka_topic_prefix + "events"
    sizes = [200_000] * 2 + [400_000] + [200_000] * 20
    messages = [Message("events", b"l1", b"x" * size, [("n", str(n).encode())], 1) for n, size in enumerate(sizes)]
    narrow = ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": "300000"})
    with open_producer(settings, {"events": False}) as producer:
        with closing(KafkaAdminClient(bootstrap_servers=kafka.address)) as admin:
            admin.alter_configs([narrow])
        with pytest.raises(KafkaError):
            send(producer, Batch(messages, 5), settings.kafka_topic_prefix)
    time.sleep(0.5)
    assert [header(one, "n") for one in kafka.messages(topic)] in ([], ["0"], ["0", "1"])


def test_a_message_that_is_given_up_does_not_go_out_when_the_broker_is_back(
    kafka: Broker, settings: PublisherSettings
) -> None:
    command = [sys.executable, "-c", GIVE_UP, settings.kafka_topic_prefix]
    own = {**os.environ, "MASTERY_KAFKA_SERVERS": str(settings.kafka_servers)}
    with subprocess.Popen(command, env=own, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "sent\n"
        kafka.stop()
        print(file=process.stdin, flush=True)
        assert process.stdout.readline() == "given up\n"
        kafka.start()
        time.sleep(2)
        process.kill()
    assert [header(one, "n") for one in kafka.messages(settings.kafka_topic_prefix + "events")] == ["1"]
