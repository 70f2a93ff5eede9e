"""A real PostgreSQL for every test: one server a session, a database of its own for each test that asks."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from infra.postgres.embedded import EmbeddedServer, embedded_server
from infra.postgres.event_store import BlockingEventStore, EventStore, blocking_event_store, open_event_store
from infra.postgres.migrate import migrate

_NUMBERS = count(1)
_QUICK = {"fsync": "off", "max_wal_size": "1GB", "shared_buffers": "64MB"}
"""The tests' server may lose data when the machine fails, not when a program does."""


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The session's server, its database `mastery` migrated."""
    folder = Path(tempfile.mkdtemp(prefix="mastery-test-"))
    with embedded_server(folder, _QUICK) as running:
        migrate(running.conninfo("mastery_owner"))
        yield running
    shutil.rmtree(folder)


@pytest.fixture
def database_name(server: EmbeddedServer) -> Iterator[str]:
    """The name of a fresh, migrated database."""
    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(server.conninfo("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE mastery OWNER mastery_owner")
        yield name
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(server: EmbeddedServer, database_name: str) -> str:
    """The address of a fresh, migrated database for the application's role."""
    return server.conninfo("mastery_app", database_name)


@pytest.fixture
def owner_database(server: EmbeddedServer, database_name: str) -> str:
    """The address of the same database for its owner."""
    return server.conninfo("mastery_owner", database_name)


@pytest.fixture
def anyio_backend() -> str:
    """The backend of tests marked with anyio."""
    return "asyncio"


@pytest.fixture
async def store(database: str) -> AsyncIterator[EventStore]:
    """The opened event store of a fresh database."""
    async with open_event_store(database) as opened:
        yield opened


@pytest.fixture
def blocking(database: str) -> Iterator[BlockingEventStore]:
    """The opened event store of a fresh database, for tests that are not asynchronous."""
    with blocking_event_store(database) as opened:
        yield opened
