"""The event-sourcing library on the ledger: its applications, subscriptions and projections run on our table.

The one place that meets the library `eventsourcing`. Name this module as `PERSISTENCE_MODULE` in an application's
environment (`library_environment` makes one). Reads go through the view `ledger.stored_event`; what the library
saves goes through the committer of `infra/postgres/event_store.py`, like every other append.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    JSONTranscoder,
    Mapper,
    ProgrammingError,
    StoredEvent,
)
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore, PostgresFactory
from eventsourcing.utils import Environment, EnvType
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from domain.kernel.envelope import Meta
from domain.kernel.errors import Conflict
from domain.kernel.event import Event
from infra.postgres.event_store import Append, BlockingEventStore, blocking_event_store
from schemas.registry import decode, encode

_CONNECTION_PARTS: Final = ("dbname", "host", "port", "user", "password")


def library_environment(conninfo: str) -> dict[str, str]:
    """Return the environment of a library application on the ledger at an address.

    A projection called `seen` keeps its tables elsewhere: `| {"SEEN_POSTGRES_SCHEMA": "read_model"}`.
    """
    parts = {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
    return {
        "PERSISTENCE_MODULE": f"{__name__}:Factory",
        "ORIGINATOR_ID_TYPE": "text",
        "POSTGRES_DBNAME": parts["dbname"],
        "POSTGRES_HOST": parts["host"],
        "POSTGRES_PORT": parts.get("port", "5432"),
        "POSTGRES_USER": parts["user"],
        "POSTGRES_PASSWORD": parts.get("password", ""),
        "POSTGRES_SCHEMA": "ledger",
    }


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """An event of the ledger as the library's domain event: its stream, its version, and what to record of it."""

    originator_id: str
    originator_version: int
    event: Event
    occurred_at: datetime
    meta: Meta


class LedgerMapper(Mapper[str]):
    """Turns our events into the library's stored events and back: topic = type name, state = canonical JSON."""

    def __init__(self) -> None:
        super().__init__(JSONTranscoder())

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Return the stored event of a `LedgerEvent`."""
        state = b'{"occurred_at":"%b","meta":%b,"data":%b}' % (
            domain_event.occurred_at.isoformat().encode(),
            domain_event.meta.model_dump_json(exclude_none=True).encode(),
            encode(domain_event.event),
        )
        return StoredEvent(domain_event.originator_id, domain_event.originator_version, domain_event.event.type, state)

    def to_domain_event(self, stored_event: StoredEvent) -> LedgerEvent:
        """Return the `LedgerEvent` of a stored event."""
        state = orjson.loads(stored_event.state)
        return LedgerEvent(
            str(stored_event.originator_id),
            stored_event.originator_version,
            decode(stored_event.topic, orjson.dumps(state["data"])),
            datetime.fromisoformat(state["occurred_at"]),
            Meta.model_validate(state["meta"]),
        )


class LedgerRecorder(PostgresApplicationRecorder):
    """The library's recorder over `ledger.stored_event`; what it inserts goes to the committer."""

    def __init__(self, datastore: PostgresDatastore, store: BlockingEventStore) -> None:
        super().__init__(datastore, events_table_name="stored_event")
        self.channel_name = "ledger_event"
        self._store = store
        self._mapper = LedgerMapper()

    def create_table(self) -> None:
        """Do nothing: the migrations made it."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        """Append the events of one stream; return their positions.

        Raises:
            IntegrityError: the stream has moved on.
            ProgrammingError: the events are of several streams.
        """
        if not stored_events:
            return []
        events = [self._mapper.to_domain_event(stored) for stored in stored_events]
        first = events[0]
        if any(event.originator_id != first.originator_id for event in events):
            raise ProgrammingError("the ledger appends to one stream at a time")
        append = Append(
            first.originator_id,
            first.originator_version - 1,
            [event.event for event in events],
            first.occurred_at,
            first.meta,
        )
        try:
            receipt = self._store.append(append)
        except Conflict as conflict:
            raise IntegrityError(str(conflict)) from conflict
        return range(receipt.first_position, receipt.last_position + 1)


class Factory(PostgresFactory):
    """What the library constructs from an environment that names this module."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self._closing = ExitStack()

    def mapper(self, *_: Any, **__: Any) -> Mapper[Any]:
        """Return our mapper."""
        return LedgerMapper()

    def application_recorder(self) -> ApplicationRecorder:
        """Return our recorder, with a committer of its own."""
        parts = self.datastore.pool.kwargs
        assert isinstance(parts, dict)
        conninfo = make_conninfo("", **{name: parts[name] for name in _CONNECTION_PARTS})
        return LedgerRecorder(self.datastore, self._closing.enter_context(blocking_event_store(conninfo)))

    def close(self) -> None:
        """Close the committer and the connections."""
        self._closing.close()
        super().close()
