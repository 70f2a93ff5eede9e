"""What the projectors' tests share: what makes appends, and a connection to follow them on."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from services.projectors import ledger
from tests.projectors.history import Log


@pytest.fixture
def log() -> Log:
    """Makes the appends of a test."""
    return Log()


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[Any]]:
    """A projector's connection to a fresh database."""
    with ledger.connect(database) as opened:
        yield opened
