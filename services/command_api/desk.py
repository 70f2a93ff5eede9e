"""The desk at which every command is received, decided on, appended and answered."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Final, Generic, NamedTuple, TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.envelope import Actor, Command, Meta, check_occurred
from domain.kernel.errors import Conflict, Invalid, Refused, Stale
from domain.kernel.event import E, Event
from domain.kernel.ids import LearnerId
from domain.kernel.parsing import C, parse_command, parse_json
from domain.kernel.permissions import PROXIES, Permission, Principal, require
from domain.policy.commands import Limits
from infra.http.auth import Authenticator
from infra.identity import utc_now, uuid7
from infra.postgres.event_store import Append, EventStore, Guard, History, Receipt
from schemas.registry import encode
from services.command_api.published import Facts, Published
from services.command_api.standings import Standings

BODY_BYTES_MAX: Final = 16 * 1024 * 1024
"""Longest body of a command: a framework of some ten thousand competencies."""
ATTEMPTS_MAX: Final = 4
"""How often a command is decided anew because its stream has moved on meanwhile."""
KEY_LENGTH_MAX: Final = 200
CORRELATION_LENGTH_MAX: Final = 200
VERSION_DIGITS_MAX: Final = 10

S = TypeVar("S")
Decide = Callable[[Sequence[Event], Facts], Sequence[Event]]
"""From the stream's events and what is published to what happens."""
Look = Callable[[], Awaitable[Guard]]
AT_ONCE: Final = frozenset({Permission.PUBLISH_FRAMEWORK, Permission.APPROVE_POLICY, Permission.PUBLISH_POLICY})
"""Acts on what is published are decided on what is published now."""


def fold(evolve: Callable[[S, E], S], initial: S, events: Sequence[Event]) -> S:
    """Return the state that the events of a stream lead to; a stream holds events of its own family only."""
    return reduce(evolve, events, initial)  # type: ignore[arg-type]


class Asked(NamedTuple, Generic[C]):
    """A command with everything that its request says; `body_hash` only beside an idempotency key."""

    command: C
    principal: Principal
    occurred_at: datetime
    meta: Meta
    body_hash: bytes
    if_match: int | None
    location: str

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.principal.actor


class Said:
    """The headers of a request, each read once; of a repeated one, the last."""

    def __init__(self, request: Request) -> None:
        self._values: dict[bytes, bytes] = dict(request.scope["headers"])

    def text(self, name: bytes, length_max: int | None = None) -> str | None:
        """Return the text of a header, whose name is in lower case.

        Raises:
            Invalid: malformed, where it is empty or longer than `length_max`.
        """
        value = self._values.get(name)
        if value is None:
            return None
        if length_max is not None and not 0 < len(value) <= length_max:
            fault = f"{name.decode().title()} has {len(value)} characters, not 1..{length_max}"
            raise Invalid("malformed", fault)
        return value.decode("latin-1")


@dataclass(frozen=True, slots=True)
class Desk:
    """What every command needs: the log, what is published, where learners stand, who is believed, and the limits."""

    store: EventStore
    published: Published
    standings: Standings
    authenticate: Authenticator
    limits: Limits = field(default_factory=Limits)

    async def receive(self, request: Request, kind: type[C], location: str, makes: str | None = None) -> Asked[C]:
        """Read a request into a command. Ids in the path win; the id `makes` is new if the body names none.

        Raises:
            Unauthenticated: not-authenticated.
            Invalid: malformed, server-sets-it, occurred-in-future, or the rule of a field; too-large.
        """
        headers = Said(request)
        principal = self.authenticate(headers.text(b"authorization"))
        actor = principal.actor
        body = await read_body(request)
        content = parse_json(body or b"{}")
        for name, value in request.path_params.items():
            if content.setdefault(name, value) != value:
                raise Invalid("malformed", f"{name} differs between path and body", field=name)
        if makes is not None:
            content.setdefault(makes, str(uuid7()))
        command = parse_command(kind, content)
        now = utc_now()
        key = _key(headers, actor)
        return Asked(
            command,
            principal,
            check_occurred(command.occurred_at or now, now),
            meta_of(command, actor, correlation_of(headers), key),
            b"" if key is None else hashlib.sha256(f"{request.scope['path']}\n".encode() + body).digest(),
            _if_match(headers),
            location,
        )

    async def look(
        self, asked: Asked[C], stream: str, permission: Permission, evolve: Callable[[S, E], S], initial: S
    ) -> S:
        """Return the state of a stream, for a command that has to read elsewhere before it is settled.

        Raises:
            Forbidden: not-permitted.
        """
        history = await self.store.load(stream)
        require(asked.principal, permission, _learner_of(history, asked.command))
        return fold(evolve, initial, [recorded.event for recorded in history.events])

    async def settle(
        self, asked: Asked[C], stream: str, permission: Permission, decide: Decide, look: Look | None = None
    ) -> Response:
        """Decide on a command, append its events and answer; again if its stream moves on meanwhile.

        `look` is awaited before each decision: it reads what the command rests on elsewhere, and returns what holds
        the append off if that has changed meanwhile.

        Raises:
            LedgerError: whatever the command is refused for.
        """
        for _ in range(ATTEMPTS_MAX):
            looked = await look() if look is not None else None
            history = await self.store.load(stream, asked.meta.idempotency_key)
            require(asked.principal, permission, _learner_of(history, asked.command))
            if history.receipt_of_key is not None:
                return await self._answer_again(asked, *history.receipt_of_key)
            if asked.if_match not in {None, history.version}:
                fault = f"stream is at version {history.version}, not {asked.if_match}"
                raise Stale("version-conflict", fault, stream=stream)
            events, guard = await self._decided(decide, history, at_once=permission in AT_ONCE)
            if not events:
                return _answer(stream, history.version, history.events[-1].position, [])
            try:
                about = (asked.occurred_at, asked.meta, asked.body_hash, looked or guard)
                receipt = await self.store.append(Append(stream, history.version, events, *about))
            except Conflict as conflict:
                if conflict.rule == "version-conflict":
                    continue
                raise
            if receipt.replayed:
                return await self._answer_again(asked, receipt, asked.body_hash)
            return _answer_events(asked.location, receipt, events)
        raise Conflict("version-conflict", f"stream moved on {ATTEMPTS_MAX} times", stream=stream)

    async def _decided(
        self, decide: Decide, history: History, *, at_once: bool
    ) -> tuple[Sequence[Event], Guard | None]:
        events = [recorded.event for recorded in history.events]
        facts = await self.published.facts(at_once=at_once)
        try:
            happens = decide(events, facts)
        except Refused:
            newer = await self.published.facts(at_once=True)
            if newer is facts:
                raise
            happens, facts = decide(events, newer), newer
        return happens, facts.guard(happens)

    async def _answer_again(self, asked: Asked[C], receipt: Receipt, body_hash: bytes) -> Response:
        if body_hash != asked.body_hash:
            raise Conflict("key-reused", "the idempotency key stands for another body")
        history = await self.store.load(receipt.stream)
        recorded = history.events[receipt.first_version - 1 : receipt.last_version]
        return _answer_events(asked.location, receipt.again(), [one.event for one in recorded])


async def read_body(request: Request) -> bytes:
    """Return the body of a request.

    Raises:
        Invalid: too-large.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise Invalid("too-large", f"body is longer than {BODY_BYTES_MAX} bytes")
    return bytes(body)


def meta_of(command: Command, actor: Actor, correlation_id: str | None, key: str | None = None) -> Meta:
    """Return the envelope of a command.

    Raises:
        Invalid: server-sets-it, where a person says to act for another.
    """
    if command.on_behalf_of is not None and actor.role not in PROXIES:
        raise Invalid("server-sets-it", "on_behalf_of is for services", actor=actor.id, role=actor.role)
    return Meta(
        actor=actor,
        on_behalf_of=command.on_behalf_of,
        authority=command.authority,
        reason=command.reason,
        source=command.source,
        correlation_id=correlation_id,
        idempotency_key=key,
    )


def correlation_of(headers: Said) -> str | None:
    """Return the id that the caller follows the request by.

    Raises:
        Invalid: malformed.
    """
    return headers.text(b"correlation-id", CORRELATION_LENGTH_MAX)


def _key(headers: Said, actor: Actor) -> str | None:
    """Return the idempotency key of a request, which is the actor's own; no id holds the blank between."""
    key = headers.text(b"idempotency-key", KEY_LENGTH_MAX)
    return None if key is None else f"{actor.id} {key}"


def _if_match(headers: Said) -> int | None:
    tag = headers.text(b"if-match")
    if tag is None or tag == "*":
        return None
    version = tag.strip().strip('"')
    if not (version.isascii() and version.isdigit() and len(version) <= VERSION_DIGITS_MAX):
        raise Invalid("malformed", f"If-Match {tag} is not the version of a stream")
    return int(version)


def _learner_of(history: History, command: Command) -> LearnerId | None:
    about = history.events[0].event if history.events else command
    learner_id: LearnerId | None = getattr(about, "learner_id", None)
    return learner_id


def _answer_events(location: str, receipt: Receipt, events: Sequence[Event]) -> Response:
    headers = {"Location": location.format_map(vars(events[0]))}
    if receipt.replayed:
        headers["Idempotency-Replayed"] = "true"
    told = [
        {"type": event.type, "position": position, "data": orjson.Fragment(encode(event))}
        for position, event in enumerate(events, receipt.first_position)
    ]
    return _answer(receipt.stream, receipt.last_version, receipt.last_position, told, headers)


def _answer(
    stream: str, version: int, position: int, events: Sequence[object], headers: Mapping[str, str] | None = None
) -> Response:
    """Return 201, or 200 where nothing happened since all that was asked for holds already."""
    body = {"stream": stream, "version": version, "position": position, "events": events}
    status = 201 if events else 200
    return Response(orjson.dumps(body), status, {**(headers or {}), "ETag": f'"{version}"'}, "application/json")
