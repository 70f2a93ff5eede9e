"""Members of a consumer group: each is given some partitions of a topic, and hears what comes in on these."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from kafka import KafkaConsumer

MESSAGES_MAX: Final = 500
"""Of one look."""
BEHIND_MAX: Final = 1_000
"""Messages of one partition that a member reads late; beyond that it goes on with the newest."""
_FETCH_BYTES: Final = 256 * 1024
_HEARTBEAT_MS: Final = 300
"""A member learns by its next heartbeat that others came or went; until all know, some partitions are nobody's."""
_CLOSE_MS: Final = 2_000
_POLL_INTERVAL_S: Final = 1_800
"""How long a member may be busy without a look: a switch of policies may take minutes."""


class Member:
    """One member of a group, on one topic."""

    def __init__(self, consumer: Any, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic

    def hear(self, wait_s: float) -> list[Any]:
        """Return what has come in on the partitions given; wait for it for a while.

        Raises:
            KafkaError: the broker refuses; while it is silent, nothing comes in.
        """
        found = self._consumer.poll(timeout_ms=int(wait_s * 1000))
        for partition, messages in found.items():
            newest = self._consumer.highwater(partition)
            if newest is not None and newest - messages[-1].offset > BEHIND_MAX:
                self._consumer.seek(partition, newest)
        return [message for messages in found.values() for message in messages]

    @property
    def partitions(self) -> frozenset[int]:
        """The numbers of the partitions given."""
        return frozenset(partition.partition for partition in self._consumer.assignment())

    @property
    def count(self) -> int:
        """The number of partitions of the topic; 0 while it is not there."""
        return len(self._consumer.partitions_for_topic(self._topic) or ())


@contextmanager
def joined(servers: Sequence[str], topic: str, group: str, session_s: int) -> Iterator[Member]:
    """Join a group, from the newest messages on; leave it at the end.

    Contents are not checked against their sums, and nothing is committed: what was done is known elsewhere.

    Raises:
        KafkaError: the broker does not answer.
    """
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=list(servers),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="latest",
        check_crcs=False,
        session_timeout_ms=session_s * 1000,
        heartbeat_interval_ms=_HEARTBEAT_MS,
        max_poll_interval_ms=_POLL_INTERVAL_S * 1000,
        max_poll_records=MESSAGES_MAX,
        fetch_max_bytes=4 * _FETCH_BYTES,
        max_partition_fetch_bytes=_FETCH_BYTES,
        reconnect_backoff_max_ms=1_000,
        bootstrap_timeout_ms=5_000,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
    try:
        yield Member(consumer, topic)
    finally:
        consumer.close(autocommit=False, timeout_ms=_CLOSE_MS)
