"""Following the topic of all events instead of the log: several workers at one projector, each with its lanes.

The topic gives the work out and says how far it goes: the broker gives each worker of a consumer group some
partitions, whose learners are its lanes, and a message says that the log is published up to its position. The events
themselves are read from the log: what is personal is in no topic. So a topic that is lost, filled anew, or written to
by somebody else costs at most time.
"""

import threading
from collections.abc import Iterable
from typing import Any, Final

import structlog
from kafka.errors import KafkaError

from infra.kafka.group import Member, joined
from infra.settings import PublisherSettings
from schemas.asyncapi import EVENTS_TOPIC
from services.projectors import ledger
from services.projectors.lanes.lane_filler import LaneFiller
from services.projectors.runner import Connection, Source, tell

HEAR_S: Final = 0.05
"""How long a worker listens whose lanes are done: so late it sees that the others' lanes are published further."""
RETRY_S: Final = 1.0
SILENCE: Final = "SET idle_in_transaction_session_timeout = '60s'"
"""After which the lanes are free that a worker holds which does nothing any more."""
PUBLISHED: Final = "SELECT coalesce(max(position), 0) FROM read_model.publication WHERE topic = %s"
FOREIGN: Final = "UPDATE read_model.projector SET foreign_messages = foreign_messages + %s WHERE name = %s"
log = structlog.get_logger()


def following(settings: PublisherSettings) -> Source:
    """Return the topic as what a runner follows.

    Raises:
        Misconfigured: configuration, if no broker is named.
    """
    servers, topic = settings.servers, settings.kafka_topic_prefix + EVENTS_TOPIC

    def follow(connection: Connection, name: str, stop: threading.Event) -> None:
        connection.execute(SILENCE)
        worker = _Worker(connection, name, topic, settings.stream_source)
        while not stop.is_set():
            try:
                with joined(servers, topic, f"{topic}.{name}", settings.kafka_session_s) as member:
                    while not stop.is_set():
                        worker.turn(member)
            except KafkaError as error:
                log.warning("worker waits", projector=name, fault=f"{type(error).__name__}: {error}", retry_s=RETRY_S)
                stop.wait(RETRY_S)

    return Source(follow, is_shared=True)


class _Worker:
    """One worker of a projector; it remembers how far the topic is."""

    def __init__(self, connection: Connection, name: str, topic: str, source: str) -> None:
        self._filler = LaneFiller(connection, name)
        self._topic, self._source = topic, source.encode()
        self._told = 0
        self._wait_s = 0.0

    def turn(self, member: Member) -> None:
        """Hear what is new, and take a batch of the lanes given."""
        connection, name = self._filler.connection, self._filler.name
        self._hear(member.hear(self._wait_s), ledger.head(connection))
        self._filler.given = member.partitions
        if not member.count:
            log.warning("worker waits", projector=name, fault=f"topic {self._topic} is not there", retry_s=RETRY_S)
            self._wait_s = RETRY_S
            return
        batch = self._filler.follow(self._told, member.count)
        tell(name, batch)
        self._wait_s = 0.0 if batch.events and batch.position < self._told else HEAR_S

    def _hear(self, messages: Iterable[Any], head: int) -> None:
        """Learn how far the log is published; messages that are not of this ledger are counted and passed over."""
        connection, foreign = self._filler.connection, 0
        for message in messages:
            position = self._position(message)
            if position is None or position > head:
                foreign += 1
            else:
                self._told = max(self._told, position)
        if foreign:
            connection.execute(FOREIGN, (foreign, self._filler.name))
            log.warning("foreign messages", projector=self._filler.name, topic=self._topic, messages=foreign)
        row = connection.execute(PUBLISHED, (self._topic,)).fetchone()
        assert row is not None
        self._told = min(head, max(self._told, row[0]))

    def _position(self, message: Any) -> int | None:
        """Return the position that a message tells of, if it is an event of this ledger."""
        headers = dict(message.headers)
        sequence = headers.get("ce_sequence", b"")
        is_ours = headers.get("ce_source") == self._source and sequence.isdigit()
        return int(sequence) if is_ours else None
