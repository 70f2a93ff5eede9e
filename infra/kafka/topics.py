"""The topics of the event stream: made where they lack, and checked where they are."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.errors import TopicAlreadyExistsError

from domain.kernel.errors import Misconfigured

MESSAGE_BYTES_MAX: Final = 8 * 1024 * 1024
"""Of one message: a framework of thousands of competencies is one event."""
_FOREVER: Final = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
_LATEST: Final = {"cleanup.policy": "compact"}


class Topic(NamedTuple):
    """A topic: its name, whether it keeps the latest message of each key only (else all, for ever)."""

    name: str
    compacted: bool = False

    @property
    def settings(self) -> Mapping[str, str]:
        """What the broker shall be told of it."""
        return {**(_LATEST if self.compacted else _FOREVER), "max.message.bytes": str(MESSAGE_BYTES_MAX)}


def ensure_topics(servers: Sequence[str], topics: Sequence[Topic], partitions: int, replicas: int) -> None:
    """Make the topics that lack; a topic that is there may have any number of partitions, but not other settings.

    Raises:
        Misconfigured: configuration, for a topic that would lose what the stream promises to keep.
        KafkaError: the broker does not answer.
    """
    admin = KafkaAdminClient(bootstrap_servers=list(servers), bootstrap_timeout_ms=5_000)
    try:
        there = set(admin.list_topics())
        for topic in topics:
            if topic.name not in there:
                _create(admin, topic, partitions, replicas)
        for topic in topics:
            if topic.name in there:
                _check(admin, topic)
    finally:
        admin.close()


def _create(admin: KafkaAdminClient, topic: Topic, partitions: int, replicas: int) -> None:
    try:
        admin.create_topics([NewTopic(topic.name, partitions, replicas, topic_configs=dict(topic.settings))])
    except TopicAlreadyExistsError:  # another publisher starts at the same moment
        return


def _check(admin: KafkaAdminClient, topic: Topic) -> None:
    found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name)])["topic"][topic.name]
    for name, wanted in topic.settings.items():
        value = found[name]["value"] if name in found else "not set"
        if value != wanted and not (name == "max.message.bytes" and value.isdigit() and int(value) > int(wanted)):
            raise Misconfigured("configuration", f"topic {topic.name} has {name} {value}, the stream needs {wanted}")
