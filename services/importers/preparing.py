"""Makes proposals ready for the log, batch by batch, in the time that the database takes to write.

A thread would not help: each time the database answered, it would hold up the answer for the interpreter's 5 ms. A
process of its own wins less than it spends on its start and on passing rows (measured: 0.8 of this speed).
"""

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from infra.files.rows import BadRow
from infra.postgres.append import Append, Encoded, encode_append

BATCH_ROWS: Final = 4_000
"""Rows in one transaction."""
_SLICE_ROWS: Final = 50
"""Rows between two looks at whether the database has answered, about a millisecond."""


class Proposal(NamedTuple):
    """What a row of a file shall append."""

    file: str
    line: int
    append: Append


class Ready(NamedTuple):
    """A proposal made ready, with the types of its events."""

    file: str
    line: int
    types: tuple[str, ...]
    encoded: Encoded


Row = Proposal | Ready | BadRow
"""What a reader makes of a row of a file."""


class Batch(NamedTuple):
    """Some rows of a file: proposals made ready, in order, and the rows that can't be taken."""

    ready: list[Ready]
    bad: list[BadRow]


async def next_batch(rows: Iterator[Row]) -> Batch:
    """Return the next batch, an empty one at the end; other tasks get their turn meanwhile.

    Raises:
        LedgerError: what the reader raises.
    """
    batch = Batch([], [])
    for _ in range(BATCH_ROWS // _SLICE_ROWS):
        for row in islice(rows, _SLICE_ROWS):
            if isinstance(row, BadRow):
                batch.bad.append(row)
            else:
                batch.ready.append(made_ready(row) if isinstance(row, Proposal) else row)
        await asyncio.sleep(0)
    return batch


def made_ready(row: Proposal) -> Ready:
    """Return a proposal made ready.

    Raises:
        Invalid: as `encode_append`.
    """
    types = tuple(event.type for event in row.append.events)
    return Ready(row.file, row.line, types, encode_append(row.append))
