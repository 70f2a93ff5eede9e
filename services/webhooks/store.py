"""What is kept of each webhook: how far it is served, and each attempt."""

from typing import Any, Final, NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import class_row, dict_row

from domain.webhook.events import (
    WebhookEvent,
    WebhookPaused,
    WebhookRegistered,
    WebhookRemoved,
    WebhookResendAsked,
    WebhookResumed,
    WebhookSecretRotated,
)
from infra.postgres.published import HEAD, READ, stored_event, stored_types
from schemas.cloudevents import StoredEvent
from schemas.registry import decode

ACTS: Final = """
    SELECT position, recorded_at, type, data::text AS data FROM ledger.event
     WHERE position > %(after)s AND position <= %(head)s AND type LIKE 'webhook.%%'
     ORDER BY position
"""
NOTED: Final = "SELECT coalesce(max(noted_position), 0) AS position FROM read_model.webhook"
REGISTER: Final = """
    INSERT INTO read_model.webhook (webhook_id, url, types, state, noted_position, position)
    VALUES (%(webhook_id)s, %(url)s, %(types)s, 'active', %(position)s, %(position)s) ON CONFLICT DO NOTHING
"""
CHANGE: Final = """
    UPDATE read_model.webhook SET noted_position = %(position)s, {change}
     WHERE webhook_id = %(webhook_id)s AND noted_position < %(position)s
"""
PAUSE: Final = CHANGE.format(change="state = 'paused'")
RESUME: Final = CHANGE.format(change="state = 'active', attempts = 0, next_at = now(), fault = NULL")
REMOVE: Final = CHANGE.format(change="state = 'removed', url = '', resend_after = NULL, resend_until = NULL")
RESEND: Final = CHANGE.format(
    change="resend_after = least(resend_after, %(first)s - 1), resend_until = greatest(resend_until, %(last)s)"
)
DUE: Final = """
    SELECT webhook_id, url, types, position, resend_after, resend_until, attempts
      FROM read_model.webhook
     WHERE state = 'active' AND next_at <= now() AND (position < %(head)s OR resend_after IS NOT NULL)
     ORDER BY webhook_id
"""
ROTATE: Final = CHANGE.format(
    change="secret_number = %(number)s, previous_until = %(recorded_at)s + make_interval(hours => %(hours)s)"
)
SIGNS: Final = """
    SELECT secret_number, coalesce(previous_until > now(), false)
      FROM read_model.webhook
     WHERE webhook_id = %(webhook_id)s AND state = 'active'
"""
DELIVERED: Final = """
    INSERT INTO read_model.webhook_delivery
        (webhook_id, position, event_id, type, attempt, is_resend, took_ms, status, fault, outcome)
    VALUES (%(webhook_id)s, %(position)s, %(event_id)s, %(type)s, %(attempt)s, %(is_resend)s, %(took_ms)s, %(status)s,
            %(fault)s, %(outcome)s)
"""
MOVE: Final = """
    UPDATE read_model.webhook SET position = greatest(position, %(position)s), attempts = 0, fault = NULL
     WHERE webhook_id = %(webhook_id)s
"""
MOVE_RESEND: Final = """
    UPDATE read_model.webhook SET resend_after = %(position)s, attempts = 0, fault = NULL
     WHERE webhook_id = %(webhook_id)s AND resend_after = %(after)s
"""
"""Unless more was asked for meanwhile."""
END_RESEND: Final = """
    UPDATE read_model.webhook SET resend_after = NULL, resend_until = NULL
     WHERE webhook_id = %(webhook_id)s AND resend_after = %(after)s AND resend_until = %(until)s
"""
FAIL: Final = """
    UPDATE read_model.webhook
       SET attempts = %(attempt)s, next_at = now() + make_interval(secs => %(pause_s)s), fault = %(fault)s,
           state = CASE WHEN state = 'active' AND %(is_gone)s THEN 'gone' ELSE state END
     WHERE webhook_id = %(webhook_id)s
"""
FORGET: Final = "DELETE FROM read_model.webhook_delivery WHERE at < now() - interval '30 days'"

Connection = AsyncConnection[Any]


class Hook(NamedTuple):
    """A webhook that something may have to be sent to."""

    webhook_id: str
    url: str
    types: list[str]
    position: int
    resend_after: int | None
    resend_until: int | None
    attempts: int

    @property
    def after(self) -> int:
        """The position after which the next event lies; what is asked for again goes first."""
        return self.position if self.resend_after is None else self.resend_after


async def head(connection: Connection) -> int:
    """Return the position of the last event."""
    row = await (await connection.execute(HEAD)).fetchone()
    return int(row[0]) if row else 0


async def noted(connection: Connection) -> int:
    """Return the position of the last act on a webhook that is noted."""
    row = await (await connection.execute(NOTED)).fetchone()
    return int(row[0]) if row else 0


async def note_acts(connection: Connection, after: int, until: int) -> None:
    """Note the acts on webhooks that were recorded between two positions; those noted before stay as they are.

    Raises:
        Invalid: event-unreadable.
    """
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(ACTS, {"after": after, "head": until})
        for row in await cursor.fetchall():
            event: Any = decode(row["type"], row["data"])
            query, values = _noting(event)
            await connection.execute(
                query.encode(), values | {"position": row["position"], "recorded_at": row["recorded_at"]}
            )


def _noting(event: WebhookEvent) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {"webhook_id": event.webhook_id}
    match event:
        case WebhookRegistered(url=url, types=types):
            return REGISTER, values | {"url": url, "types": list(types)}
        case WebhookPaused():
            return PAUSE, values
        case WebhookResumed():
            return RESUME, values
        case WebhookRemoved():
            return REMOVE, values
        case WebhookResendAsked(first_position=first, last_position=last):
            return RESEND, values | {"first": first, "last": last}
        case WebhookSecretRotated(secret_number=number, overlap_hours=hours):
            return ROTATE, values | {"number": number, "hours": hours}


async def due(connection: Connection, until: int) -> list[Hook]:
    """Return the webhooks that are not served up to a position, and wait for nothing."""
    async with connection.cursor(row_factory=class_row(Hook)) as cursor:
        await cursor.execute(DUE, {"head": until})
        return await cursor.fetchall()


async def signing(connection: Connection, webhook_id: str) -> tuple[int, ...]:
    """Return the numbers of the secrets that sign, the newest first; none if the webhook is paused or removed.

    Acts on it are known as far as they are noted.
    """
    row = await (await connection.execute(SIGNS, {"webhook_id": webhook_id})).fetchone()
    if row is None:
        return ()
    number, with_previous = row
    return (number, number - 1) if with_previous else (number,)


async def read_events(connection: Connection, hook: Hook, until: int, limit: int) -> list[StoredEvent]:
    """Return the next events of a webhook, up to a position."""
    values = {"after": hook.after, "types": stored_types(hook.types), "limit": limit}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(READ, values)
        found = [stored_event(row) for row in await cursor.fetchall()]
    return [event for event in found if event.position <= until]


async def note_attempt(connection: Connection, move: str, values: dict[str, Any]) -> None:
    """Note an attempt and, at once, where its webhook stands after it."""
    await connection.execute(f"WITH told AS ({DELIVERED}) {move}".encode(), values)
