"""An append made ready once for all learners of whom a file says the same.

A file says the same of thousands: this task, that score. What a rule makes of it for `ANYONE` is encoded as any
append is; for each learner only the id, the time and new event ids are put into those bytes.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from domain.kernel.ids import LearnerId
from infra.identity import uuid7_hex
from infra.postgres.append import Append, Encoded, encode_append

ANYONE: Final = LearnerId("~anyone~")
"""Stands for the learner; so nothing else that an append says may hold this word."""
_EVENT_ID, _OCCURRED_AT = 3, 5
"""Columns of a row of `Encoded`."""


class Pattern(NamedTuple):
    """What an append says of anyone at any time; `types` are those of its events."""

    append: Encoded
    types: tuple[str, ...]
    templates: Sequence[bytes]

    def about(self, learner_id: str, occurred_at: datetime) -> Encoded:
        """Return the append about a learner at a time; the same as if it had been encoded itself.

        Args:
            learner_id: letters and digits only, for nobody looks at it again.
            occurred_at: not in the future.
        """
        ids = [uuid7_hex() for _ in self.templates]
        learner, at = learner_id.encode(), _text(occurred_at)
        rows = [
            row % {b"learner": learner, b"occurred_at": at, b"event_id": event_id.encode()}
            for row, event_id in zip(self.templates, ids, strict=True)
        ]
        stream = self.append.stream.replace(ANYONE, learner_id)
        return Encoded(stream, self.append.expected_version, None, b"", ids[0], rows)


def pattern_of(append: Append) -> Pattern:
    """Return the pattern of an append about `ANYONE`, without an idempotency key.

    Raises:
        Invalid: as `encode_append`.
    """
    assert append.meta.idempotency_key is None, append.meta.idempotency_key
    assert ANYONE not in append.meta.actor.id, append.meta.actor.id
    encoded = encode_append(append)
    return Pattern(encoded, tuple(event.type for event in append.events), [_template(row) for row in encoded.rows])


def _template(row: bytes) -> bytes:
    columns = row.replace(b"%", b"%%").replace(ANYONE.encode(), b"%(learner)b").split(b"\t")
    columns[_EVENT_ID], columns[_OCCURRED_AT] = b"%(event_id)b", b"%(occurred_at)b"
    return b"\t".join(columns)


@lru_cache(maxsize=1 << 16)
def _text(moment: datetime) -> bytes:
    return moment.isoformat().encode()
