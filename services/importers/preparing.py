"""Makes proposals ready for the log, batch by batch; for a long file in a process of its own.

Reading, checking and encoding cost as much time as the database takes to write, so they run beside it.
"""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import Connection
from typing import Final, NamedTuple

import msgspec

from domain.kernel.errors import Unavailable
from infra.files.rows import BadRow
from infra.garbage import uncollected
from infra.postgres.append import Append, Encoded, encode_all

BATCH_ROWS: Final = 4_000
"""Rows in one transaction."""


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


class Batch(NamedTuple):
    """Some rows of a file: proposals made ready, in order, and the rows that can't be taken."""

    ready: list[Ready]
    bad: list[BadRow]


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Batch)
Propose = Callable[[], Iterable[Proposal | BadRow]]


@contextmanager
def prepared(propose: Propose, *, apart: bool) -> Iterator[Iterator[Batch]]:
    """Give the batches that the proposals make, none of them empty.

    Args:
        propose: makes the proposals; picklable where it runs apart.
        apart: whether a process of its own does the work.

    Raises:
        LedgerError: what `propose` raises, while the batches are read.
        Unavailable: while they are read, when the process that makes them was killed.
    """
    if not apart:
        yield _batches(propose)
        return
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, propose), daemon=True)
    process.start()
    sender.close()
    try:
        yield _received(receiver)
    finally:
        process.kill()
        process.join()
        receiver.close()


def _batches(propose: Propose) -> Iterator[Batch]:
    rows = iter(propose())
    while taken := list(islice(rows, BATCH_ROWS)):
        fresh = [row for row in taken if isinstance(row, Proposal)]
        encoded = encode_all(row.append for row in fresh)
        ready = [_ready(row, one) for row, one in zip(fresh, encoded, strict=True)]
        yield Batch(ready, [row for row in taken if isinstance(row, BadRow)])


def _ready(row: Proposal, encoded: Encoded) -> Ready:
    return Ready(row.file, row.line, tuple(event.type for event in row.append.events), encoded)


def _send(sender: Connection, propose: Propose) -> None:
    fault: Exception | None = None
    try:
        with uncollected():
            for batch in _batches(propose):
                sender.send_bytes(_ENCODER.encode(batch))
    except Exception as error:  # noqa: BLE001 - the reader raises it
        fault = error
    sender.send_bytes(b"")
    sender.send(fault)


def _received(receiver: Connection) -> Iterator[Batch]:
    try:
        while packed := receiver.recv_bytes():
            yield _DECODER.decode(packed)
        fault = receiver.recv()
    except EOFError as error:
        raise Unavailable("unavailable", "the process that reads the file has ended") from error
    if fault is not None:
        raise fault
