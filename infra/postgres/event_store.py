"""The event store: appends by group commit, streams by gathered loads, the log in commit order.

Concurrent appends of one process are written by one committer on one connection: while one batch commits, the
next one gathers. Each append has its own outcome.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, NamedTuple

import psycopg
from anyio.from_thread import BlockingPortal, start_blocking_portal

from domain.kernel.errors import LedgerError
from domain.kernel.event import Event
from infra.postgres.append import Append, Encoded, Fact, Guard, History, Outcome, Receipt, encode_all, encode_append
from infra.postgres.exchange import text_array
from infra.postgres.gather import Gatherer
from infra.postgres.link import Connection, Link
from infra.postgres.turn import COMMIT, write
from schemas.envelope import Recorded
from schemas.registry import EVENTS, decode

__all__ = [
    "Append",
    "BlockingEventStore",
    "EventStore",
    "Guard",
    "History",
    "Outcome",
    "Receipt",
    "blocking_event_store",
    "open_event_store",
]

PATIENCE_S: Final = 20.0
"""How long an append or a load waits for a database that is away."""
_GATHER_MAX: Final = 500
"""Most commands in one transaction."""
_COLUMNS: Final = "position, stream, version, event_id, occurred_at, recorded_at, type, meta::text, data::text"
_LOAD: Final = f"SELECT {_COLUMNS} FROM ledger.event WHERE stream = ANY(%s) ORDER BY stream, version"
_FACTS: Final = """
    SELECT stream, type, occurred_at, data::text FROM ledger.event WHERE stream = ANY(%s) ORDER BY stream, version
"""
_KEYS: Final = """
    SELECT key, body_hash, stream, first_version, first_position, count, recorded_at
    FROM ledger.idempotency WHERE key = ANY(%s)
"""
_HEAD: Final = "SELECT coalesce(max(position), 0) FROM ledger.event"
_READ: Final = f"""
    SELECT {_COLUMNS} FROM ledger.event
    WHERE position > %(after)s AND (%(until)s::bigint IS NULL OR position <= %(until)s)
    ORDER BY position LIMIT %(limit)s
"""
_READ_TYPES: Final = f"""
    SELECT {_COLUMNS} FROM ledger.event
    WHERE position > %(after)s AND (%(until)s::bigint IS NULL OR position <= %(until)s) AND type = ANY(%(types)s)
    ORDER BY position LIMIT %(limit)s
"""
_READ_FEW_TYPES: Final = _READ_TYPES.replace("ORDER BY", "AND learner_id IS NULL ORDER BY")
"""For types whose events are about no learner: they are few, and have an index of their own."""

_Row = tuple[Any, ...]


class _Wanted(NamedTuple):
    stream: str
    key: str | None


class EventStore:
    """The log of one ledger. Made by `open_event_store`.

    Args:
        conninfo: address of the database, for the application's role.
        patience_s: how long an append or a load waits for a database that is away.
    """

    def __init__(self, conninfo: str, patience_s: float = PATIENCE_S) -> None:
        self._writer = Link(conninfo, patience_s)
        self._reader = Link(conninfo, patience_s)
        self._turn_to_read = asyncio.Lock()
        self._appends: Gatherer[Sequence[Encoded], list[Outcome]] = Gatherer(self._commit_all, _GATHER_MAX)
        self._loads: Gatherer[_Wanted, History] = Gatherer(self._load_all, _GATHER_MAX)

    async def append(self, append: Append) -> Receipt:
        """Append the events of one command.

        Raises:
            Conflict: version-conflict, if the stream has moved on; key-reused, if the key stands for another body.
            Unavailable: the database is away, and whether the events were recorded is not known: repeat with
                the same key.
        """
        [outcome] = await self._appends.ask([encode_append(append)])
        if isinstance(outcome, LedgerError):
            raise outcome
        return outcome

    async def append_many(self, appends: Sequence[Append]) -> list[Outcome]:
        """Append the events of many commands in one transaction, with one outcome each, in order.

        Meant for thousands; appends that share one `Meta` object are made ready faster.

        Raises:
            Unavailable: as `append`, for all of them.
        """
        return await self.append_encoded(list(encode_all(appends)))

    async def append_encoded(self, encoded: Sequence[Encoded]) -> list[Outcome]:
        """As `append_many`, for appends that were made ready elsewhere, in another process perhaps."""
        return await self._appends.ask(encoded) if encoded else []

    async def load(self, stream: str, key: str | None = None) -> History:
        """Return the history of a stream, empty if there is none, and what an idempotency key stands for.

        Raises:
            Invalid: event-unreadable.
            Unavailable: the database is away.
        """
        return await self._loads.ask(_Wanted(stream, key))

    async def facts(self, streams: Collection[str]) -> dict[str, list[Fact]]:
        """Return what each stream that is there says, by version; a tenth of the cost of `load`.

        Raises:
            Unavailable: the database is away.
        """
        facts: dict[str, list[Fact]] = {}
        for stream, *fact in await self._select(_FACTS, (text_array(streams),)):
            facts.setdefault(stream, []).append(Fact(*fact))
        return facts

    async def head(self) -> int:
        """Return the last position, 0 in an empty log."""
        [row] = await self._select(_HEAD, {})
        head: int = row[0]
        return head

    async def read(
        self, after: int, limit: int, types: Collection[str] | None = None, until: int | None = None
    ) -> list[Recorded[Event]]:
        """Return at most `limit` events with after < position <= until, of the types (None: all), by position.

        Raises:
            Invalid: event-unreadable.
        """
        query = _READ if types is None else _READ_TYPES
        if types is not None and not any("learner_id" in EVENTS[name].model_fields for name in types):
            query = _READ_FEW_TYPES
        names = sorted(types or ())
        rows = await self._select(query, {"after": after, "until": until, "types": names, "limit": limit})
        return [_recorded(row) for row in rows]

    async def close(self) -> None:
        """Finish what was asked, then close the connections."""
        await self._appends.close()
        await self._loads.close()
        await self._writer.close()
        await self._reader.close()

    async def _commit_all(self, asked: Sequence[Sequence[Encoded]]) -> Sequence[list[Outcome] | Exception]:
        batch = [append for appends in asked for append in appends]
        try:
            outcomes = iter(await self._commit(batch))
        except psycopg.Error as error:
            if len(asked) == 1:
                return [error]
            return [answer for one in asked for answer in await self._commit_all([one])]
        return [[next(outcomes) for _ in appends] for appends in asked]

    async def _commit(self, batch: Sequence[Encoded]) -> list[Outcome]:
        async def commit(connection: Connection, lost: int) -> list[Outcome]:
            return await write(connection, batch, COMMIT, again=lost > 0)

        return await self._writer.use(commit)

    async def _load_all(self, wanted: Sequence[_Wanted]) -> list[History | Exception]:
        streams = {one.stream for one in wanted}
        rows: dict[str, list[_Row]] = {stream: [] for stream in streams}
        for row in await self._select(_LOAD, (text_array(streams),)):
            rows[row[1]].append(row)
        keys = {one.key for one in wanted if one.key is not None}
        known = {}
        for key, body_hash, *place in await self._select(_KEYS, (text_array(keys),)) if keys else ():
            known[key] = Receipt(*place), body_hash
        return [_history(rows[one.stream], known.get(one.key or "")) for one in wanted]

    async def _select(self, query: str, parameters: Any) -> list[_Row]:
        async def select(connection: Connection, _lost: int) -> list[_Row]:
            return await (await connection.execute(query, parameters)).fetchall()

        async with self._turn_to_read:
            return await self._reader.use(select)


@asynccontextmanager
async def open_event_store(conninfo: str, patience_s: float = PATIENCE_S) -> AsyncIterator[EventStore]:
    """Open the event store of a database."""
    store = EventStore(conninfo, patience_s)
    try:
        yield store
    finally:
        await store.close()


class BlockingEventStore:
    """The event store for code without an event loop: the same methods, for any thread, each waits.

    Appends of many threads are gathered by the one committer like those of many tasks.
    """

    def __init__(self, portal: BlockingPortal, store: EventStore) -> None:
        self._portal = portal
        self._store = store

    def append(self, append: Append) -> Receipt:
        """As `EventStore.append`."""
        return self._portal.call(self._store.append, append)

    def append_many(self, appends: Sequence[Append]) -> list[Outcome]:
        """As `EventStore.append_many`."""
        return self._portal.call(self._store.append_many, appends)

    def load(self, stream: str, key: str | None = None) -> History:
        """As `EventStore.load`."""
        return self._portal.call(self._store.load, stream, key)

    def head(self) -> int:
        """As `EventStore.head`."""
        return self._portal.call(self._store.head)

    def read(
        self, after: int, limit: int, types: Collection[str] | None = None, until: int | None = None
    ) -> list[Recorded[Event]]:
        """As `EventStore.read`."""
        return self._portal.call(self._store.read, after, limit, types, until)


@contextmanager
def blocking_event_store(conninfo: str, patience_s: float = PATIENCE_S) -> Iterator[BlockingEventStore]:
    """Open the event store of a database for code without an event loop."""
    with start_blocking_portal() as portal:
        opened = portal.wrap_async_context_manager(open_event_store(conninfo, patience_s))
        with opened as store:
            yield BlockingEventStore(portal, store)


def _history(rows: Sequence[_Row], known: tuple[Receipt, bytes] | None) -> History | LedgerError:
    try:
        return History([_recorded(row) for row in rows], len(rows), known)
    except LedgerError as error:  # one caller's trouble, not its neighbours'
        return error


def _recorded(row: _Row) -> Recorded[Event]:
    position, stream, version, event_id, occurred_at, recorded_at, type_name, meta_json, data = row
    event = decode(type_name, data)
    return Recorded(position, stream, version, event_id, occurred_at, recorded_at, meta_json, event)
