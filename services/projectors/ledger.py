"""Reading the log as stored rows, and the connection that projectors work on."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg.types.string import TextLoader

from infra.postgres.columns import Columns, Names, fetch_columns
from services.projectors.parts import WHOLE, Group, Part
from services.projectors.read_model import Span, StoredRow

SKIPPED: Final = "projector.event_skipped.v1"
COLUMNS: Final = "position, stream, type, learner_id, occurred_at, recorded_at, meta, data"
READ: Final = f"""
    SELECT {COLUMNS} FROM ledger.event
    WHERE position > %s AND position <= %s AND (%s::text[] IS NULL OR type = ANY(%s)) AND type <> ALL(%s)
        AND {{condition}}
    ORDER BY position
"""
READ_LEARNER: Final = f"""
    SELECT {COLUMNS} FROM ledger.event
    WHERE learner_id = %s AND position > %s AND position <= %s AND (%s::text[] IS NULL OR type = ANY(%s))
    ORDER BY position
"""
READ_AT: Final = f"SELECT {COLUMNS} FROM ledger.event WHERE position = ANY(%s) ORDER BY position"
READ_SPAN: Final = """
    SELECT position, type, learner_id, occurred_at, recorded_at, meta, data FROM ledger.event
    WHERE position > %(after)s AND position <= %(until)s AND type = ANY(%(types)s) AND {condition}
        AND position <> ALL(%(left_out)s::bigint[]) AND NOT EXISTS (
            SELECT FROM unnest(%(parked)s::text[], %(since)s::bigint[]) AS parked (learner, since)
            WHERE learner = learner_id AND since <= position
        )
    ORDER BY position
"""
SPAN_COLUMNS: Final = Names(("position", "occurred_at", "recorded_at"), ("meta", "data"))
KEEP_ROOM: Final = "SELECT octet_length(repeat(' ', 30000000))"
HEAD: Final = "SELECT coalesce(max(position), 0) FROM ledger.event"
SKIPPED_POSITIONS: Final = """
    SELECT (data->>'position_skipped')::bigint FROM ledger.event WHERE stream = %s AND type = %s
"""


@contextmanager
def connect(conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    """Open a projector's connection: autocommit, UTC, JSON and UUID as text.

    Commits do not wait for the disk: rows and position are lost together in a crash, and made again.
    """
    options = "-c TimeZone=UTC -c synchronous_commit=off"
    with psycopg.connect(conninfo, autocommit=True, options=options, application_name="projector") as connection:
        connection.adapters.register_loader("json", TextLoader)
        connection.adapters.register_loader("uuid", TextLoader)
        yield connection


def keep_room(connection: psycopg.Connection[Any]) -> None:
    """Have the server's process keep the memory that one query needs for the next.

    The C library (glibc) gives pieces larger than any before back to the kernel, which clears each page anew: half of
    the time of gathering. So it meets a large one first.
    """
    connection.execute(KEEP_ROOM)


def _cursor(connection: psycopg.Connection[Any]) -> psycopg.Cursor[Any]:
    """Return a cursor that leaves times as text: most go into rows as they are."""
    cursor = connection.cursor()
    cursor.adapters.register_loader("timestamptz", TextLoader)
    return cursor


def read(
    connection: psycopg.Connection[Any],
    after: int,
    until: int,
    types: frozenset[str] | None,
    part: Part | Group = WHOLE,
    *,
    less: Collection[str] = (),
) -> list[StoredRow]:
    """Return a part's events of the given types (None: all) but some, with after < position <= until, in order."""
    wanted = None if types is None else [*types, SKIPPED]
    cursor = _cursor(connection)
    cursor.execute(READ.format(condition=part.condition).encode(), (after, until, wanted, wanted, [*less]))
    return [StoredRow._make(row) for row in cursor.fetchall()]


def read_at(connection: psycopg.Connection[Any], positions: Sequence[int]) -> list[StoredRow]:
    """Return the events at some positions, in order."""
    return [StoredRow._make(row) for row in _cursor(connection).execute(READ_AT, (positions,)).fetchall()]


def read_columns(connection: psycopg.Connection[Any], span: Span, types: Collection[str]) -> Columns:
    """Return the events of a span that have one of the given types, in order."""
    query, values = events_of(span, types)
    return fetch_columns(connection, query, values, SPAN_COLUMNS)


def events_of(span: Span, types: Collection[str]) -> tuple[str, dict[str, Any]]:
    """Return the query for the events of a span that have one of the given types, in order, and its values."""
    values = {
        "after": span.after,
        "until": span.until,
        "types": [*types],
        "left_out": [*span.left_out],
        "parked": [*span.parked],
        "since": [*span.parked.values()],
    }
    return READ_SPAN.format(condition=span.part.condition), values


def read_learner(
    connection: psycopg.Connection[Any], learner_id: str, after: int, until: int, types: frozenset[str] | None
) -> list[StoredRow]:
    """Return the events of one learner, as `read` does."""
    wanted = None if types is None else list(types)
    cursor = _cursor(connection).execute(READ_LEARNER, (learner_id, after, until, wanted, wanted))
    return [StoredRow._make(row) for row in cursor.fetchall()]


def head(connection: psycopg.Connection[Any]) -> int:
    """Return the position of the last event in the log; 0 if there is none."""
    row = connection.execute(HEAD).fetchone()
    assert row is not None
    return int(row[0])


def skipped_positions(connection: psycopg.Connection[Any], name: str) -> set[int]:
    """Return the positions that a projector was told to skip."""
    cursor = connection.execute(SKIPPED_POSITIONS, (f"operations-{name}", SKIPPED))
    return {position for (position,) in cursor.fetchall()}
