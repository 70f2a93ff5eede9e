"""The publisher: one process that keeps the topics up to date with the log; a second one stands by.

A topic's position is tracked after the broker has acknowledged all up to it. So a kill repeats at most the last
batch, never leaves a gap, and never swaps two events of a key.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import psycopg
import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError

from domain.kernel.errors import Misconfigured
from infra.garbage import uncollected
from infra.kafka.topics import MESSAGE_BYTES_MAX, Topic, ensure_topics
from infra.postgres import lease
from infra.postgres.published import HEAD
from infra.settings import PublisherSettings
from schemas.asyncapi import CHANGES_TOPIC, EVENTS_TOPIC, PARKED_TOPIC, POLICIES_TOPIC
from services.publisher.feeds import Batch, Connection, Log, note_parked, read_changes, read_events, read_parked

COMPACTED: Final = {EVENTS_TOPIC: False, POLICIES_TOPIC: False, CHANGES_TOPIC: True, PARKED_TOPIC: True}
"""The topics, and whether each keeps only the latest message of a key."""
LEASE: Final = "publish events"
BATCH_EVENTS: Final = 4_000
POLL_S: Final = 0.25
"""How long a missed notification can go unseen, and a change of the read models."""
RETRY_S_MIN: Final = 0.1
RETRY_S_MAX: Final = 5.0
DELIVERY_TIMEOUT_S: Final = 10
"""After which a batch that is not acknowledged is sent again by a new producer, which makes lost topics anew.

The producer itself gives no message up before: later ones of its key would go out without it.
"""
TRACKED: Final = "SELECT position FROM read_model.publication WHERE topic = %s"
TRACK: Final = """
    INSERT INTO read_model.publication (topic, position, messages) VALUES (%(topic)s, %(position)s, %(messages)s)
    ON CONFLICT (topic) DO UPDATE SET position = %(position)s, fault = NULL, updated_at = now(),
        messages = publication.messages + %(messages)s
"""
STAND: Final = """
    INSERT INTO read_model.publication (topic, fault) VALUES (%(topic)s, %(fault)s)
    ON CONFLICT (topic) DO UPDATE SET fault = %(fault)s, updated_at = now()
"""
log = structlog.get_logger()


def _nothing(_connection: Connection, _batch: Batch) -> None:
    """Most feeds have nothing to do."""


class Feed(NamedTuple):
    """What one tracked topic is fed with: its next batch after a position.

    `meanwhile` is done while the broker takes a batch in, `note` with its position when it has.
    """

    topic: str
    read: Callable[[Connection, int], Batch]
    meanwhile: Callable[[Connection, Batch], None] = _nothing
    note: Callable[[Connection, Batch], None] = _nothing


def main(conninfo: str, settings: PublisherSettings) -> None:
    """Run as a program, until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run(conninfo, settings, stop)


def run(conninfo: str, settings: PublisherSettings, stop: threading.Event) -> None:
    """Publish until `stop` is set; survives restarts of the database and of the broker.

    Raises:
        Misconfigured: configuration, for a topic with settings under which the stream would lose events.
    """
    log.info("publishing", servers=settings.servers)
    pause_s = RETRY_S_MIN
    while not stop.is_set():
        try:
            with psycopg.connect(conninfo, autocommit=True, application_name="publisher") as connection:
                if not lease.wait(connection, LEASE, stop, POLL_S, publisher=LEASE):
                    return
                with _standing(connection, settings), open_producer(settings, COMPACTED) as producer:
                    pause_s = RETRY_S_MIN
                    _work(connection, producer, settings, stop)
        except (psycopg.OperationalError, KafkaError) as error:
            log.warning("publisher waits", fault=f"{type(error).__name__}: {error}".strip(), retry_s=pause_s)
            stop.wait(pause_s)
            pause_s = min(RETRY_S_MAX, pause_s * 2)


@contextmanager
def open_producer(settings: PublisherSettings, compacted: Mapping[str, bool]) -> Iterator[KafkaProducer]:
    """Open an idempotent producer; the topics, each compacted or not, are made where they lack.

    Raises:
        Misconfigured: as `ensure_topics`.
        KafkaError: the broker does not answer.
    """
    servers = settings.servers
    topics = [Topic(settings.kafka_topic_prefix + name, is_compacted) for name, is_compacted in compacted.items()]
    ensure_topics(servers, topics, settings.kafka_partitions, settings.kafka_replicas)
    producer = KafkaProducer(
        bootstrap_servers=servers,
        acks="all",
        enable_idempotence=True,
        linger_ms=2,
        batch_size=256 * 1024,
        max_request_size=MESSAGE_BYTES_MAX,
        delivery_timeout_ms=10 * DELIVERY_TIMEOUT_S * 1000,
        max_block_ms=DELIVERY_TIMEOUT_S * 1000,
        request_timeout_ms=5_000,
        reconnect_backoff_max_ms=1_000,
        bootstrap_timeout_ms=5_000,
        metrics_enabled=False,
    )
    try:
        yield producer
    finally:
        _give_up(producer)
        producer.close(timeout=DELIVERY_TIMEOUT_S)


def _give_up(producer: KafkaProducer) -> None:
    """Let nothing go out any more; what is not acknowledged fails.

    `close` would first wait for what is to be given up, and if that takes too long leave it to be sent whenever.
    """
    producer._sender.force_close()  # noqa: SLF001 - there is no other way


def send(producer: KafkaProducer, batch: Batch, prefix: str, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Send a batch and wait until the broker has acknowledged all of it; do something meanwhile.

    After the first message that fails no later one goes out: else it might come in before the one that failed is
    sent again, and a key's events were swapped. The producer is of no more use then.

    Raises:
        KafkaError: it has not; the first messages of some partitions may have arrived.
    """
    partitions = {
        topic: len(producer.partitions_for(prefix + topic)) for topic in {one.topic for one in batch.messages}
    }

    sent = []
    for one in batch.messages:
        partition = None if one.number is None else one.number % partitions[one.topic]
        future = producer.send(prefix + one.topic, one.value, one.key, one.headers, partition)
        sent.append(future.add_errback(lambda _: _give_up(producer)))
    meanwhile()
    producer.flush(timeout=DELIVERY_TIMEOUT_S)
    for future in sent:
        if not future.succeeded():
            future.get(timeout=0)


@contextmanager
def _standing(connection: Connection, settings: PublisherSettings) -> Iterator[None]:
    """Tell why the publisher stands, in the row of the topic of all events, until it goes on."""
    try:
        yield
    except (KafkaError, Misconfigured) as error:
        connection.execute(
            STAND,
            {"topic": settings.kafka_topic_prefix + EVENTS_TOPIC, "fault": f"{type(error).__name__}: {error}"[:500]},
        )
        raise


def _work(connection: Connection, producer: KafkaProducer, settings: PublisherSettings, stop: threading.Event) -> None:
    events = log_feed(settings)
    feeds = events, Feed(CHANGES_TOPIC, read_changes), Feed(PARKED_TOPIC, lambda c, _: read_parked(c), note=note_parked)
    connection.execute("LISTEN ledger_event")
    while not stop.is_set():
        moved = [publish(connection, producer, feed, settings.kafka_topic_prefix) for feed in feeds]
        if not any(moved):
            for _ in connection.notifies(timeout=POLL_S, stop_after=1):
                pass


def log_feed(settings: PublisherSettings) -> Feed:
    """Return the feed of the topic of all events; it reads on while the broker takes a batch in."""
    source = Log(settings.stream_source, BATCH_EVENTS)
    return Feed(EVENTS_TOPIC, source.read, source.read_ahead)


def publish(connection: Connection, producer: KafkaProducer, feed: Feed, prefix: str) -> bool:
    """Publish the next batch of a feed and track it; say whether there was anything."""
    started = time.perf_counter()
    topic = prefix + feed.topic
    after = tracked(connection, topic)
    with uncollected():
        batch = feed.read(connection, after)
        if not batch.messages and batch.position <= after:
            return False
        send(producer, batch, prefix, lambda: feed.meanwhile(connection, batch))
    with connection.transaction():
        place = {"topic": topic, "position": max(after, batch.position), "messages": len(batch.messages)}
        connection.execute(TRACK, place)
        feed.note(connection, batch)
    if batch.messages:
        ms = round((time.perf_counter() - started) * 1000, 1)
        log.info("published", topic=topic, position=batch.position, messages=len(batch.messages), ms=ms)
    return bool(batch.messages)


def tracked(connection: psycopg.Connection[Any], topic: str) -> int:
    """Return the position up to which a topic is acknowledged."""
    row = connection.execute(TRACKED, (topic,)).fetchone()
    return int(row[0]) if row else 0


def republish(conninfo: str, settings: PublisherSettings, after: int, topic: str) -> Iterator[tuple[int, int]]:
    """Send the events after a position to a topic again, up to the head of the log; what is tracked stays.

    Yields the position that is acknowledged, and the head.
    """
    with (
        psycopg.connect(conninfo, autocommit=True, application_name="republisher") as connection,
        open_producer(settings, {topic: False}) as producer,
    ):
        row = connection.execute(HEAD).fetchone()
        head = int(row[0]) if row else 0
        while after < head:
            batch = read_events(connection, after, min(BATCH_EVENTS, head - after), settings.stream_source, topic)
            send(producer, batch, settings.kafka_topic_prefix)
            after = batch.position
            yield after, head
