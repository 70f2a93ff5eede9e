"""The log as it leaves the ledger: stored events in commit order, their times as text."""

from collections.abc import Collection
from typing import Final

from domain.kernel.errors import Invalid
from schemas.cloudevents import StoredEvent
from schemas.registry import EVENTS, UPCASTERS

_TIME: Final = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
READ: Final = f"""
    SELECT position, stream, type, event_id::text AS event_id, learner_id,
           {_TIME.format("occurred_at")} AS occurred_at, {_TIME.format("recorded_at")} AS recorded_at,
           meta::text AS meta, data::text AS data
      FROM ledger.event
     WHERE position > %(after)s AND (%(types)s::text[] IS NULL OR type = ANY(%(types)s))
     ORDER BY position
     LIMIT %(limit)s
"""
"""At most `limit` events after a position, of the stored types (null: all); a row is a `StoredEvent`."""
HEAD: Final = "SELECT coalesce(max(position), 0) AS head FROM ledger.event"


def stored_types(names: Collection[str]) -> list[str] | None:
    """Return the stored types that leave the ledger under these names; None: all, if nothing is named.

    Raises:
        Invalid: malformed, for a type that no event has.
    """
    for name in names:
        if name not in EVENTS:
            raise Invalid("malformed", f"event type {name} is not registered")
    old = [stored for stored, (current, _) in UPCASTERS.items() if current in names]
    return [*names, *old] if names else None


def stored_event(row: dict[str, object]) -> StoredEvent:
    """Return a row of `READ`."""
    return StoredEvent(**row)  # type: ignore[arg-type]
