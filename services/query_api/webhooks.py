"""Webhooks: how far each is served, every attempt to deliver, and the secret by which a receiver believes a message."""

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from domain.kernel.errors import Unknown
from infra.http.signature import SecretOf
from services.query_api.answers import PAGE_MAX, Asked, Connection, Part, rows

WEBHOOKS: Final = """
    SELECT webhook_id, url, types, state, position, resend_after, resend_until, attempts, next_at, fault,
           (SELECT coalesce(max(position), 0) FROM ledger.event) AS head
      FROM read_model.webhook
     WHERE state <> 'removed'
     ORDER BY webhook_id
"""
DELIVERIES: Final = """
    SELECT delivery_id, position, event_id::text AS event_id, type, attempt, is_resend, at, took_ms, status, fault,
           outcome
      FROM read_model.webhook_delivery
     WHERE webhook_id = %(webhook_id)s AND (%(before)s::bigint IS NULL OR delivery_id < %(before)s)
     ORDER BY delivery_id DESC
     LIMIT %(limit)s
"""
ROTATED: Final = """
    SELECT number, CASE WHEN until > now() THEN until END AS until
      FROM (SELECT (data->>'secret_number')::int AS number,
                   recorded_at + make_interval(hours => (data->>'overlap_hours')::int) AS until
              FROM ledger.event
             WHERE stream = %(stream)s AND type = 'webhook.secret_rotated.v1'
             ORDER BY version DESC
             LIMIT 1) AS rotated
"""
IS_KNOWN: Final = "SELECT FROM ledger.event WHERE stream = %(stream)s LIMIT 1"


class Webhook(Part):
    """Where events are sent: all up to `position` are delivered or passed over, of `head`.

    While `attempts` is not 0 the next event has failed so often, last for `fault`, and is sent again at `next_at`.
    The events after `resend_after`, up to `resend_until`, are being sent again.
    """

    webhook_id: str
    url: str
    types: tuple[str, ...]
    state: Literal["active", "paused", "gone"]
    position: int
    head: int
    resend_after: int | None
    resend_until: int | None
    attempts: int
    next_at: datetime
    fault: str | None


class Webhooks(Part):
    """The webhooks that are not removed. One that was registered a moment ago may lack."""

    webhooks: tuple[Webhook, ...]


class DeliveryPage(Asked):
    """Which attempts: so many of those before one, newest first."""

    before: int | None = Field(None, ge=1, description="The `next` of the page before.")
    limit: int = Field(50, ge=1, le=PAGE_MAX)


class Delivery(Part):
    """One attempt to deliver an event: `failed` is followed by another, `passed_over` is not."""

    delivery_id: int
    position: int
    event_id: str
    type: str
    attempt: int
    is_resend: bool
    at: datetime
    took_ms: int
    status: int | None
    fault: str | None
    outcome: Literal["delivered", "failed", "passed_over"]


class Deliveries(Part):
    """Attempts, newest first; kept for thirty days."""

    deliveries: tuple[Delivery, ...]
    next: int | None


class Secret(Part):
    """What the messages of a webhook are signed with: `whsec_` and the key in base64.

    After a rotation the secret before signs too until `previous_until`; null once it does not.
    """

    secret: str
    previous: str | None
    previous_until: datetime | None


async def read_webhooks(connection: Connection) -> Webhooks:
    """Return all webhooks."""
    return Webhooks(webhooks=tuple(Webhook(**row) for row in await rows(connection, WEBHOOKS, {})))


async def read_deliveries(connection: Connection, webhook_id: str, page: DeliveryPage) -> Deliveries:
    """Return the attempts of a webhook.

    Raises:
        Unknown: webhook-unknown.
    """
    await _require_known(connection, webhook_id)
    found = await rows(connection, DELIVERIES, {"webhook_id": webhook_id, **page.model_dump()})
    deliveries = tuple(Delivery(**row) for row in found)
    return Deliveries(deliveries=deliveries, next=deliveries[-1].delivery_id if len(deliveries) == page.limit else None)


async def read_secret(connection: Connection, webhook_id: str, secret_of: SecretOf) -> Secret:
    """Return the secret of a webhook.

    Raises:
        Unknown: webhook-unknown.
    """
    await _require_known(connection, webhook_id)
    rotated = await rows(connection, ROTATED, {"stream": f"webhook-{webhook_id}"})
    if not rotated:
        return Secret(secret=secret_of(webhook_id, 1), previous=None, previous_until=None)
    ((number, until),) = (row.values() for row in rotated)
    previous = None if until is None else secret_of(webhook_id, number - 1)
    return Secret(secret=secret_of(webhook_id, number), previous=previous, previous_until=until)


async def _require_known(connection: Connection, webhook_id: str) -> None:
    if not await rows(connection, IS_KNOWN, {"stream": f"webhook-{webhook_id}"}):
        raise Unknown("webhook-unknown", f"webhook {webhook_id} is not registered")
