"""The courier: one process that sends each webhook its events, one after the other; a second one stands by.

An event is sent again until the receiver takes it, with growing pauses; webhooks do not wait for each other. What is
delivered is noted after the receiver has answered, so a kill repeats at most one event of each webhook, under the
same `webhook-id`. Source: Standard Webhooks 1.0.
"""

import asyncio
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import psycopg
import structlog
from psycopg import AsyncConnection

from domain.kernel.errors import Invalid
from infra.http.outbound import FAULTS, Outbound, open_outbound
from infra.http.signature import SecretOf, secrets_of, signed_headers
from infra.postgres import lease
from infra.settings import WebhookSettings
from schemas.cloudevents import STRUCTURED, StoredEvent, cloud_event
from services.webhooks import store
from services.webhooks.store import Connection, Hook

LEASE: Final = "webhooks"
BATCH_EVENTS: Final = 50
"""Read at a time for a webhook."""
POLL_S: Final = 0.25
RETRY_S_MIN: Final = 1.0
RETRY_S_MAX: Final = 3_600.0
DATABASE_RETRY_S: Final = 1.0
FORGET_EVERY_S: Final = 3_600.0
OK: Final = range(200, 300)
GONE: Final = 410
NOT_THIS: Final = frozenset({400, 413, 422})
"""The receiver answers, and can't take this event."""
ATTEMPTS_MAX: Final = 5
"""After which an event that the receiver can't take is passed over; it can be sent again by hand."""
UNREADABLE: Final = "event can not be read"
TOLD: Final = ("webhook_id", "position", "attempt", "status", "outcome", "fault", "took_ms")
"""Of an attempt, in the log line: never the address, which may hold a token."""
log = structlog.get_logger()


class Attempt(NamedTuple):
    """What came of sending an event: the status of the answer, or why there is none."""

    status: int | None
    fault: str | None
    took_ms: int


async def run(conninfo: str, settings: WebhookSettings, stop: asyncio.Event) -> None:
    """Deliver until `stop` is set; survives restarts of the database."""
    secret_of = secrets_of(settings, settings.data_dir)
    async with open_outbound(private_targets=settings.webhook_private_targets) as outbound:
        while not stop.is_set():
            try:
                async with await AsyncConnection.connect(
                    conninfo, autocommit=True, application_name="webhooks"
                ) as connection:
                    if await _take_lease(connection, stop):
                        await Courier(connection, outbound, secret_of, settings.stream_source).work(stop)
            except psycopg.OperationalError as error:
                log.warning("database lost", fault=str(error).strip(), retry_s=DATABASE_RETRY_S)
                await _pause(stop, DATABASE_RETRY_S)


def main(conninfo: str, settings: WebhookSettings) -> None:
    """Run as a program, until SIGTERM or SIGINT."""

    async def serve() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await run(conninfo, settings, stop)

    asyncio.run(serve())


async def _take_lease(connection: Connection, stop: asyncio.Event) -> bool:
    """Wait for the lease; say whether it was got before the stop."""
    standby = False
    while not stop.is_set():
        row = await (await connection.execute(lease.TAKE, (lease.LOCK_CLASS, LEASE))).fetchone()
        if row and row[0]:
            return True
        if not standby:
            log.info("standing by", courier=LEASE)
            standby = True
        await _pause(stop, POLL_S)
    return False


async def _pause(stop: asyncio.Event, pause_s: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), pause_s)


class Courier:
    """Serves all webhooks over one connection to the database; each in a task of its own while there is anything."""

    def __init__(self, connection: Connection, outbound: Outbound, secret_of: SecretOf, source: str) -> None:
        self._connection, self._outbound, self._secret_of, self._source = connection, outbound, secret_of, source
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def work(self, stop: asyncio.Event) -> None:
        """Look for what is due until `stop` is set; what is on its way then is not waited for."""
        log.info("delivering")
        noted, forgot_at = await store.noted(self._connection), 0.0
        try:
            while not stop.is_set():
                head = await store.head(self._connection)
                await store.note_acts(self._connection, noted, head)
                noted = head
                for hook in await store.due(self._connection, head):
                    if hook.webhook_id not in self._busy:
                        self._busy[hook.webhook_id] = asyncio.create_task(self._serve(hook, head))
                if time.monotonic() - forgot_at > FORGET_EVERY_S:
                    await self._connection.execute(store.FORGET)
                    forgot_at = time.monotonic()
                await _pause(stop, POLL_S)
                self._collect()
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    def _collect(self) -> None:
        """Forget the tasks that are done; one that failed fails us."""
        for webhook_id, task in list(self._busy.items()):
            if task.done():
                del self._busy[webhook_id]
                task.result()

    async def _serve(self, hook: Hook, head: int) -> None:
        """Send a webhook its next events up to a position, until one fails."""
        until = head if hook.resend_until is None else min(head, hook.resend_until)
        while True:
            events = await store.read_events(self._connection, hook, until, BATCH_EVENTS)
            for event in events:
                signing = await store.signing(self._connection, hook.webhook_id)
                if not signing or not await self._deliver(hook, event, signing):
                    return
                hook = _moved(hook, event.position)
            if len(events) < BATCH_EVENTS:
                break
        values = {"webhook_id": hook.webhook_id, "after": hook.resend_after, "until": hook.resend_until}
        is_resend = hook.resend_after is not None
        await self._connection.execute(store.END_RESEND if is_resend else store.MOVE, values | {"position": until})

    async def _deliver(self, hook: Hook, event: StoredEvent, signing: Sequence[int]) -> bool:
        """Send an event, signed with the secrets of these numbers, and note what came of it; say whether it is done."""
        attempt = await self._send(hook, event, signing)
        number = hook.attempts + 1
        delivered = attempt.status in OK
        hopeless = attempt.status is None and attempt.fault == UNREADABLE
        passed_over = hopeless or (attempt.status in NOT_THIS and number >= ATTEMPTS_MAX)
        outcome = "delivered" if delivered else "passed_over" if passed_over else "failed"
        values: dict[str, Any] = {
            **attempt._asdict(),
            "webhook_id": hook.webhook_id,
            "position": event.position,
            "event_id": event.event_id,
            "type": event.type,
            "attempt": number,
            "is_resend": hook.resend_after is not None,
            "outcome": outcome,
            "after": hook.resend_after,
            "is_gone": attempt.status == GONE,
            "pause_s": min(RETRY_S_MAX, RETRY_S_MIN * 2.0 ** min(number - 1, 20)),
        }
        values["fault"] = None if delivered else attempt.fault or f"answer {attempt.status}"
        done = delivered or passed_over
        move = store.MOVE if hook.resend_after is None else store.MOVE_RESEND
        await store.note_attempt(self._connection, move if done else store.FAIL, values)
        log.info("sent", **{name: values[name] for name in TOLD})
        return done

    async def _send(self, hook: Hook, event: StoredEvent, signing: Sequence[int]) -> Attempt:
        started = time.perf_counter()
        try:
            body = cloud_event(event, self._source).structured
        except Invalid:
            return Attempt(None, UNREADABLE, 0)
        secrets = [self._secret_of(hook.webhook_id, number) for number in signing]
        headers = {"content-type": STRUCTURED, **signed_headers(secrets, event.event_id, int(time.time()), body)}
        status, fault = None, None
        try:
            status = await self._outbound.post(hook.url, headers, body)
        except FAULTS as error:
            fault = str(error)[:200] or type(error).__name__
        return Attempt(status, fault, round((time.perf_counter() - started) * 1000))


def _moved(hook: Hook, position: int) -> Hook:
    """Return a webhook that an event was delivered to."""
    if hook.resend_after is None:
        return hook._replace(position=position, attempts=0)
    return hook._replace(resend_after=position, attempts=0)
