"""The days of the ledger: when a level holds no longer, an event says that the day has begun.

So the log itself tells how far time has come, and levels that hold for a time fall at the same position in a rebuild.
"""

from datetime import UTC, date, datetime
from typing import Any, Final

import psycopg
import structlog

from domain.kernel.envelope import Actor, Meta, Role
from domain.kernel.errors import Conflict
from domain.kernel.ids import ActorId
from domain.operations.events import DayBegun
from infra.postgres.event_store import Append, blocking_event_store
from schemas.canonical import canonical_model

DUE: Final = """
    SELECT (now() AT TIME ZONE 'UTC')::date
    WHERE EXISTS (
        SELECT FROM read_model.current_mastery
        WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
            AND valid_until <= date_trunc('day', now(), 'UTC')
    ) AND NOT EXISTS (
        SELECT FROM ledger.event
        WHERE type = %s AND learner_id IS NULL AND (data->>'day')::date >= (now() AT TIME ZONE 'UTC')::date AND (
            position > (SELECT position FROM read_model.live WHERE projector = 'mastery')
            OR recorded_at > now() - interval '1 minute'
        )
    )
"""
"""Today, if a level does not hold any more, and the projector is not told so already; once a minute at most."""
STREAM: Final = "calendar"
SYSTEM: Final = Actor(id=ActorId("mastery-projector"), role=Role.SYSTEM)
log = structlog.get_logger()


def begin_day(connection: psycopg.Connection[Any], conninfo: str) -> bool:
    """Say in the log that the day has begun, if a level holds no longer; say whether one did.

    Once a day is the rule; a score that comes late and is over already asks for the same day again.
    """
    row = connection.execute(DUE, (DayBegun.type,)).fetchone()
    return row is not None and _begin(conninfo, row[0])


def _begin(conninfo: str, today: date) -> bool:
    event = DayBegun(day=today.isoformat())
    with blocking_event_store(conninfo) as store:
        version = store.load(STREAM).version
        append = Append(STREAM, version, [event], datetime.now(UTC), Meta(actor=SYSTEM), canonical_model(event))
        try:
            receipt = store.append(append)
        except Conflict as conflict:
            log.info("day not begun", day=event.day, fault=str(conflict))
            return False
    log.info("day begun", day=event.day, position=receipt.last_position)
    return True
