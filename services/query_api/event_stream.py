"""The event stream over HTTP: pages of CloudEvents after a position, or server-sent events as they are recorded."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Annotated, Any, Final, NamedTuple

from fastapi import Header, Request
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from domain.kernel.errors import Invalid, Unavailable
from infra.postgres.published import HEAD, READ, stored_event, stored_types
from schemas.cloudevents import BATCHED, CloudEvent, cloud_event
from services.query_api.answers import Asked, Connection, rows
from services.query_api.desk import Desk

NDJSON: Final = "application/x-ndjson"
SSE: Final = "text/event-stream"
STREAM_CONTENT: Final[dict[str, Any]] = {BATCHED: {}, NDJSON: {}, SSE: {}}
"""The forms of the answer."""
PAGE_MAX: Final = 1_000
POLL_S: Final = 0.25
"""Seconds between two looks at the log for those who wait for new events."""
HEARTBEAT_S: Final = 15.0
"""Seconds of silence after which a waiting reader is told that the connection lives."""


class After(Asked):
    """Which events: those after a position, of these types (none named: all), at most so many."""

    after: int = Field(0, ge=0, lt=2**63)
    type: list[str] = Field(default_factory=list)
    limit: int = Field(100, ge=1, le=PAGE_MAX)


class Events(NamedTuple):
    """Events in commit order, and the position to go on after: the last one's, or the head of the log."""

    events: Sequence[CloudEvent]
    next_after: int
    head: int


Accepts = Annotated[str, Header(description=f"{BATCHED}, {NDJSON} or {SSE}.")]
LastEventID = Annotated[str | None, Header(alias="Last-Event-ID", description="Where a stream that broke off stood.")]


async def respond(desk: Desk, request: Request, wanted: After, accept: str, last_event_id: str | None) -> Response:
    """Return a page of the stream in the form that is accepted, or the stream itself.

    Raises:
        Invalid: malformed, for an unknown type or a Last-Event-ID that is not one of ours.
    """
    stored_types(wanted.type)
    if SSE in accept:
        start = wanted.after if last_event_id is None else _position(last_event_id)
        told = _server_sent(desk, request, wanted.model_copy(update={"after": start}))
        return StreamingResponse(told, media_type=SSE, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    page = await desk.ask(lambda connection: read_events(connection, wanted, desk.source))
    documents = [event.structured for event in page.events]
    query = "&".join([f"after={page.next_after}", f"limit={wanted.limit}", *(f"type={name}" for name in wanted.type)])
    headers = {"Link": f'<{request.url.path}?{query}>; rel="next"', "X-Head-Position": str(page.head)}
    if NDJSON in accept:
        return Response(b"".join(document + b"\n" for document in documents), headers=headers, media_type=NDJSON)
    return Response(b"[" + b",\n".join(documents) + b"]\n", headers=headers, media_type=BATCHED)


async def read_events(connection: Connection, wanted: After, source: str) -> Events:
    """Return the events after a position, of the ledger `source`.

    Raises:
        Invalid: event-unreadable.
    """
    [head] = await rows(connection, HEAD, {})
    values = {"after": wanted.after, "types": stored_types(wanted.type), "limit": wanted.limit}
    found = [stored_event(row) for row in await rows(connection, READ, values)]
    is_end = len(found) < wanted.limit
    next_after = max(head["head"], wanted.after) if is_end else found[-1].position
    return Events([cloud_event(one, source) for one in found], next_after, head["head"])


async def _server_sent(desk: Desk, request: Request, wanted: After) -> AsyncIterator[bytes]:
    """Yield each event with its position as id, for as long as the reader stays."""
    yield b"retry: 1000\n\n"
    spoken_at = time.monotonic()
    while not await request.is_disconnected():
        try:
            page = await desk.ask(partial(read_events, wanted=wanted, source=desk.source))
        except Unavailable:  # the database restarts: the reader waits with us
            page = Events((), wanted.after, wanted.after)
        for event in page.events:
            position = int(event.attributes["sequence"])
            yield b"id: %d\nevent: %s\ndata: %s\n\n" % (position, event.attributes["type"].encode(), event.structured)
        wanted = wanted.model_copy(update={"after": page.next_after})
        if page.events:
            spoken_at = time.monotonic()
        elif time.monotonic() - spoken_at >= HEARTBEAT_S:
            yield b": waiting\n\n"
            spoken_at = time.monotonic()
        if len(page.events) < wanted.limit:
            await asyncio.sleep(POLL_S)


def _position(last_event_id: str) -> int:
    if not last_event_id.isascii() or not last_event_id.isdecimal():
        raise Invalid("malformed", f"Last-Event-ID {last_event_id!r} is not a position")
    return int(last_event_id)
