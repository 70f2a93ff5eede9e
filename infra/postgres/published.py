"""The log as it leaves the ledger: stored events in commit order, their times as text."""

from collections.abc import Collection
from typing import Final

from domain.kernel.errors import Invalid
from schemas.cloudevents import StoredEvent
from schemas.registry import EVENTS, UPCASTERS

OF_LEARNER: Final = "hashtext(coalesce(learner_id, ''))::bigint + 2147483648"
"""The number of a learner, not negative, whose remainder says the part of the log that an event is of.

Events without a learner are all of one part: so they stay in order.
"""
_TIME: Final = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_COLUMNS: Final = f"""position, stream, type, event_id::text AS event_id, learner_id,
           {_TIME.format("occurred_at")} AS occurred_at, {_TIME.format("recorded_at")} AS recorded_at,
           meta::text AS meta, data::text AS data"""
READ: Final = f"""
    SELECT {_COLUMNS}
      FROM ledger.event
     WHERE position > %(after)s AND (%(types)s::text[] IS NULL OR type = ANY(%(types)s))
     ORDER BY position
     LIMIT %(limit)s
"""
"""At most `limit` events after a position, of the stored types (null: all); a row is a `StoredEvent`."""
READ_TO_DEAL: Final = f"""
    SELECT {OF_LEARNER}, {_COLUMNS}
      FROM ledger.event
     WHERE position > %s
     ORDER BY position
     LIMIT %s
"""
"""The same events, each behind the number of its learner."""
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
