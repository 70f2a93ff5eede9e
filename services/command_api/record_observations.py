"""Record observations, one a line (NDJSON): a bad line is reported by its number and rule, the others are recorded.

The body is read as it comes and appended group by group. The results follow when it has ended, a line each, since
most clients send all before they read.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import orjson
from starlette.requests import Request
from starlette.responses import Response

from domain.evidence.decider import stream_of
from domain.evidence.observation import Observation, observe
from domain.kernel.envelope import Actor, Meta, check_occurred
from domain.kernel.errors import Invalid, LedgerError, Refused
from domain.kernel.parsing import parse_command, parse_json
from domain.kernel.permissions import Permission, require
from infra.identity import utc_now
from infra.postgres.event_store import Append, Outcome, Receipt
from services.command_api.desk import Desk, Said, correlation_of, meta_of
from services.command_api.published import Facts

COMMAND: Final = Observation
EXAMPLE: Final = (
    '{"learner_id":"l-91","competency_id":"4.NF.1","kind":"quiz","value":"3","occurred_at":"2026-03-02T10:15:00Z"}\n'
    '{"learner_id":"l-92","competency_id":"4.NF.1","kind":"quiz","value":"9","occurred_at":"2026-03-02T10:15:00Z"}\n'
)
ANSWER: Final = (
    '{"line":1,"status":"recorded","evidence_id":"5d1f0c9e","position":712}\n'
    '{"line":2,"status":"refused","code":"score-outside-scale","detail":"score 9 is outside 0..4 (learner l-92)"}\n'
)
BODY_BYTES_MAX: Final = 64 * 1024 * 1024
"""Longest body; a longer file is sent in parts."""


class Limits(NamedTuple):
    """How much is taken at a time: bytes of a line, lines of one transaction."""

    line_bytes_max: int
    lines_max: int


class Line(NamedTuple):
    """A line of the body, numbered from 1, or why it was not read."""

    number: int
    text: bytes | LedgerError


async def respond(desk: Desk, limits: Limits, request: Request) -> Response:
    """Record what can be recorded, answer with a result for each line."""
    headers = Said(request)
    principal = desk.authenticate(headers.text(b"authorization"))
    require(principal, Permission.OBSERVE)
    clerk = _Clerk(desk, principal.actor, Meta(actor=principal.actor, correlation_id=correlation_of(headers)))
    group: list[Line] = []
    results: list[bytes] = []
    async for line in read_lines(request.stream(), limits.line_bytes_max):
        group.append(line)
        if len(group) == limits.lines_max:
            results += await clerk.record(group)
            group = []
    results += await clerk.record(group)
    return Response(b"".join(results), media_type="application/x-ndjson")


async def read_lines(chunks: AsyncIterator[bytes], line_bytes_max: int) -> AsyncIterator[Line]:
    """Cut a body into its lines, without the empty ones; little more than the limit is held of a longer one."""
    first, rest, size = 1, b"", 0
    async for chunk in chunks:
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            fault = f"body is longer than {BODY_BYTES_MAX} bytes, the rest is not read"
            yield Line(first, Invalid("too-large", fault))
            return
        *ended, rest = (rest[: line_bytes_max + 1] + chunk).split(b"\n")
        for number, text in enumerate(ended, first):
            if text.strip():
                yield _line(number, text, line_bytes_max)
        first += len(ended)
    if rest.strip():
        yield _line(first, rest, line_bytes_max)


def _line(number: int, text: bytes, line_bytes_max: int) -> Line:
    if len(text) > line_bytes_max:
        return Line(number, Invalid("too-large", f"line is longer than {line_bytes_max} bytes"))
    return Line(number, text)


@dataclass(frozen=True, slots=True)
class _Clerk:
    """Records the lines of one request; `plain` is the envelope of a line that says nothing about its own."""

    desk: Desk
    actor: Actor
    plain: Meta

    async def record(self, lines: Sequence[Line]) -> list[bytes]:
        """Append the observations of some lines in one transaction; return a result for each, as JSON lines."""
        proposals = await self._propose_all(lines)
        appends = [one for one in proposals if isinstance(one, Append)]
        outcomes = await self.desk.store.append_many(appends)
        met = (append for append, outcome in zip(appends, outcomes, strict=True) if _is_met(outcome))
        compared = iter(await asyncio.gather(*(self._compare(append) for append in met)))
        settled = iter([next(compared) if _is_met(outcome) else outcome for outcome in outcomes])
        final = (next(settled) if isinstance(one, Append) else one for one in proposals)
        return [_result(line.number, outcome) for line, outcome in zip(lines, final, strict=True)]

    async def _propose_all(self, lines: Sequence[Line]) -> list[Append | LedgerError]:
        facts, now = await self.desk.published.facts(), utc_now()
        proposals = [self._propose(line, facts, now) for line in lines]
        if any(isinstance(one, Refused) for one in proposals):
            newer = await self.desk.published.facts(at_once=True)
            if newer is not facts:
                return [self._propose(line, newer, now) for line in lines]
        return proposals

    def _propose(self, line: Line, facts: Facts, now: datetime) -> Append | LedgerError:
        if isinstance(line.text, LedgerError):
            return line.text
        try:
            command = parse_command(Observation, parse_json(line.text))
            occurred_at = check_occurred(command.occurred_at, now)
            events = observe(command, self.actor, facts.catalogue)
            says = command.on_behalf_of or command.authority or command.reason or command.source
            meta = meta_of(command, self.actor, self.plain.correlation_id) if says else self.plain
        except LedgerError as error:
            return error
        return Append(stream_of(events[0].evidence_id), 0, events, occurred_at, meta)

    async def _compare(self, append: Append) -> Outcome:
        """Say whether what stands in the stream already is what the line says."""
        history = await self.desk.store.load(append.stream)
        first = history.events[: len(append.events)]
        if [one.event for one in first] == list(append.events) and first[0].occurred_at == append.occurred_at:
            return Receipt(append.stream, 1, first[0].position, len(first), first[0].recorded_at, replayed=True)
        return Refused("evidence-exists", f"{append.stream.replace('-', ' ', 1)} is on record already, and differs")


def _is_met(outcome: Outcome) -> bool:
    return isinstance(outcome, LedgerError) and outcome.rule == "version-conflict"


def _result(number: int, outcome: Outcome) -> bytes:
    result: dict[str, object] = {"line": number}
    if isinstance(outcome, Receipt):
        result["status"] = "repeated" if outcome.replayed else "recorded"
        result["evidence_id"] = outcome.stream.removeprefix("evidence-")
        result["position"] = outcome.last_position
    else:
        result |= {"status": "refused", "code": outcome.rule, "detail": str(outcome)}
    return orjson.dumps(result, option=orjson.OPT_APPEND_NEWLINE)
