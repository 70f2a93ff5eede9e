"""What goes into the log and what comes back: appends, receipts, histories."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from domain.kernel.envelope import Meta
from domain.kernel.errors import Invalid, LedgerError
from domain.kernel.event import Event
from domain.kernel.ids import LearnerId
from infra.identity import uuid7_hex
from schemas.canonical import canonical_model
from schemas.envelope import Recorded, learner_of
from schemas.registry import decode, encode

_PLAIN: Final = re.compile(r"[^\x00-\x1f\\]{1,500}")
"""Text that needs no escape in COPY and fits into an index."""
NULL: Final = "\\N"


class Guard(NamedTuple):
    """What an append depends on besides its stream: no event of these types lies beyond a position.

    Looked at are the events of one learner, or those of no learner.
    """

    types: frozenset[str]
    position: int
    learner_id: LearnerId | None = None


@dataclass(frozen=True, slots=True)
class Append:
    """The events of one command, for one stream: all or nothing.

    `expected_version` is the stream's version that the command was decided on; 0 means a new stream. With
    `meta.idempotency_key` set, a second append of that key and `body_hash` gets the first one's receipt. With a
    `guard` it is refused, as for another version, if what it was decided on is no longer the last of its kind.
    """

    stream: str
    expected_version: int
    events: Sequence[Event]
    occurred_at: datetime
    meta: Meta
    body_hash: bytes = b""
    guard: Guard | None = None


class Receipt(NamedTuple):
    """Where an append came to stand; `replayed` says that an earlier append of the same key is answered for."""

    stream: str
    first_version: int
    first_position: int
    events_count: int
    recorded_at: datetime
    replayed: bool = False

    @property
    def last_version(self) -> int:
        """The stream's version after the append."""
        return self.first_version + self.events_count - 1

    @property
    def last_position(self) -> int:
        """The position of the append's last event."""
        return self.first_position + self.events_count - 1

    def again(self) -> "Receipt":
        """Return the receipt as the answer to a repeated append."""
        return self._replace(replayed=True)


Outcome = Receipt | LedgerError
"""What became of one append."""


class Fact(NamedTuple):
    """What an event says, and since when, as the log holds it: enough to see whether the same is on record."""

    type: str
    occurred_at: datetime
    data: str


@dataclass(frozen=True, slots=True)
class History:
    """A stream's events in order, its version (0: no such stream), and what an idempotency key stands for."""

    events: Sequence[Recorded[Event]]
    version: int
    receipt_of_key: tuple[Receipt, bytes] | None = None
    """The receipt and the body hash of the key's first append."""


class Encoded(NamedTuple):
    """An append made ready for the log.

    `rows` are the events' columns from `stream` on, in COPY's text form; position and recorded_at are known under
    the lock only. `first_event_id` finds the append again when its commit was not answered.
    """

    stream: str
    expected_version: int
    key: str | None
    body_hash: bytes
    first_event_id: str
    rows: Sequence[bytes]
    guard: Guard | None = None


def encode_append(append: Append, meta: bytes | None = None) -> Encoded:
    """Return an append made ready; `meta` is its envelope's canonical JSON where the caller has it already.

    Raises:
        Invalid: malformed, for a stream or key that no index takes.
    """
    assert append.events, "an append has events"
    key = append.meta.idempotency_key
    for name in (append.stream, key):
        if name is not None and not _PLAIN.fullmatch(name):
            raise Invalid("malformed", f"name {name!r} has control characters or is longer than 500")
    occurred_at = append.occurred_at.isoformat()
    envelope = _escaped(canonical_model(append.meta) if meta is None else meta)
    ids = [uuid7_hex() for _ in append.events]
    version = append.expected_version
    rows = []
    for event_id, event in zip(ids, append.events, strict=True):
        version += 1
        learner_id = learner_of(event) or NULL
        head = f"{append.stream}\t{version}\t{event.type}\t{event_id}\t{learner_id}\t{occurred_at}".encode()
        rows.append(b"%b\t%b\t%b\n" % (head, envelope, _escaped(encode(event))))
    return Encoded(append.stream, append.expected_version, key, append.body_hash, ids[0], rows, append.guard)


def encode_all(appends: Iterable[Append]) -> Iterator[Encoded]:
    """Yield appends made ready; an envelope that several share is written once.

    Raises:
        Invalid: as `encode_append`.
    """
    envelopes: dict[int, tuple[Meta, bytes]] = {}
    for append in appends:
        known = envelopes.get(id(append.meta))
        if known is None:
            known = envelopes[id(append.meta)] = append.meta, canonical_model(append.meta)
        yield encode_append(append, known[1])


def decode_append(encoded: Encoded) -> Append:
    """Return the append that was made ready: the inverse of `encode_append`.

    Raises:
        Invalid: event-unreadable.
    """
    facts = facts_of(encoded)
    events = [decode(fact.type, fact.data) for fact in facts]
    meta = Meta.model_validate_json(_unescaped(encoded.rows[0].decode().split("\t")[6]))
    occurred_at, body_hash, guard = facts[0].occurred_at, encoded.body_hash, encoded.guard
    return Append(encoded.stream, encoded.expected_version, events, occurred_at, meta, body_hash, guard)


def facts_of(encoded: Encoded) -> list[Fact]:
    """Return what the events of an append say."""
    facts = []
    for row in encoded.rows:
        _, _, event_type, _, _, occurred_at, _, data = row.decode().removesuffix("\n").split("\t")
        facts.append(Fact(event_type, datetime.fromisoformat(occurred_at), _unescaped(data)))
    return facts


def _unescaped(json: str) -> str:
    return json.replace("\\\\", "\\")


def _escaped(json: bytes) -> bytes:
    return json.replace(b"\\", b"\\\\")
