"""The ledger that a command works on: opened, asked, and appended to by whoever runs the command."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from getpass import getuser
from typing import TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from domain.kernel.envelope import Actor, Meta, Reason, Role
from domain.kernel.errors import Unavailable
from domain.kernel.event import Event
from domain.kernel.ids import ActorId
from infra.identity import utc_now
from infra.logs import configure_logs
from infra.postgres.database import Database, open_database
from infra.postgres.event_store import Append, Receipt, blocking_event_store
from infra.settings import DatabaseSettings, read_settings
from services.query_api.answers import Connection

T = TypeVar("T")


@contextmanager
def open_ledger(log_level: str = "warning") -> Iterator[Database]:
    """Use the configured database, or the embedded one for the time of the block; migrated.

    Raises:
        Misconfigured: as `infra.postgres.database.open_database`.
        Unavailable: the database does not answer, at the start or while it is used.
    """
    settings = read_settings(DatabaseSettings)
    configure_logs(settings.log_format, log_level)
    try:
        with open_database(settings) as database:
            yield database
    except psycopg.OperationalError as error:
        raise Unavailable("unavailable", f"database does not answer: {str(error).strip()}") from error


def operator(role: Role = Role.ADMINISTRATOR) -> Actor:
    """Return who runs the command, as the ledger records it, by the name of the login."""
    return Actor(id=ActorId(f"cli:{getuser()}"), role=role)


def ask(database: Database, question: Callable[[Connection], Awaitable[T]]) -> T:
    """Return the answer to a question of the query API."""

    async def answer() -> T:
        async with await AsyncConnection.connect(database.app, autocommit=True, row_factory=dict_row) as connection:
            return await question(connection)

    return asyncio.run(answer())


def append(database: Database, stream: str, events: Sequence[Event], reason: str) -> Receipt:
    """Append what the operator did to a stream of the ledger's own machinery.

    Raises:
        Conflict: version-conflict, if somebody else did at the same moment.
    """
    meta = Meta(actor=operator(), reason=Reason(text=reason))
    with blocking_event_store(database.app) as store:
        version = store.load(stream).version
        return store.append(Append(stream, version, events, utc_now(), meta))
