"""A broker of the session, and the settings of a publisher to it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from infra.settings import PublisherSettings
from tests.publisher.broker import Broker, broker, why_not


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    """A real broker; the test skips where there can be none."""
    if reason := why_not():
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="mastery-kafka-"))
    with broker(folder) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture
def settings(kafka: Broker, database_name: str) -> PublisherSettings:
    """Settings of a publisher to the broker, with topics of the test's own."""
    prefix = f"{database_name}-{uuid4().hex[:8]}."
    return PublisherSettings(kafka_servers=kafka.address, kafka_topic_prefix=prefix, kafka_partitions=4)
