"""What the projectors' tests share: a store without an event loop, and what makes appends for it."""

from collections.abc import Iterator

import pytest

from infra.postgres.event_store import BlockingEventStore, blocking_event_store
from tests.projectors.history import Log


@pytest.fixture
def log() -> Log:
    """Makes the appends of a test."""
    return Log()


@pytest.fixture
def blocking(database: str) -> Iterator[BlockingEventStore]:
    """The opened event store of a fresh database, for tests that are not asynchronous."""
    with blocking_event_store(database) as opened:
        yield opened
