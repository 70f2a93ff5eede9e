"""Arrow columns as PostgreSQL reads them in a binary COPY: a tenth of the work of writing text, at both ends.

Source: PostgreSQL manual, COPY, "Binary Format".
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray
from psycopg.copy import QueuedLibpqWriter

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"
EPOCH_US: Final = 946_684_800_000_000
"""PostgreSQL counts time from the year 2000 on; Arrow from 1970."""

Bytes = NDArray[np.uint8]
Int64s = NDArray[np.int64]


class BinaryCopy:
    """A COPY that is open: takes columns, a portion of rows after the other."""

    def __init__(self, copy: psycopg.Copy) -> None:
        self._copy = copy
        copy.write(HEADER)

    def write(self, columns: Sequence[pa.Array]) -> None:
        """Send rows, given as columns of text, int32, int64 or timestamp in microseconds, of the types of the table."""
        self._copy.write(rows_of(columns))


@contextmanager
def binary_copy(connection: psycopg.Connection[Any], table: str, columns: str) -> Iterator[BinaryCopy]:
    """Open a COPY into a table; the database works on a portion while the next one is laid out."""
    statement = f"COPY {table} ({columns}) FROM STDIN (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(statement.encode(), writer=QueuedLibpqWriter(cursor)) as copy:
        yield BinaryCopy(copy)
        copy.write(TRAILER)


def rows_of(columns: Sequence[pa.Array]) -> memoryview:
    """Return rows as a binary COPY holds them: their number of fields, then each with its length; -1: null."""
    sizes = np.full(len(columns[0]), 2 + 4 * len(columns), np.int64)
    valid = [column.is_valid().to_numpy(zero_copy_only=False) for column in columns]
    for column, known in zip(columns, valid, strict=True):
        sizes += np.where(known, _lengths(column), 0)
    at = np.cumsum(sizes) - sizes
    rows = np.empty(int(sizes.sum()), np.uint8)
    rows[at], rows[at + 1] = 0, len(columns)
    at += 2
    for column, known in zip(columns, valid, strict=True):
        if pa.types.is_string(column.type):
            put_text(rows, at, *_text(column), known)
        else:
            put_number(rows, at, _number(column), known, column.type.bit_width // 8)
    return rows.data


def _lengths(column: pa.Array) -> Int64s | int:
    """Return the bytes of each value."""
    if pa.types.is_string(column.type):
        lengths: Int64s = pc.binary_length(column).fill_null(0).to_numpy().astype(np.int64)
        return lengths
    width: int = column.type.bit_width // 8
    return width


def _text(column: pa.Array) -> tuple[NDArray[np.int32], Bytes]:
    """Return where each text begins and ends, and all of them."""
    _, offsets, data = column.buffers()
    cut = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    return cut, np.frombuffer(data or b"", np.uint8)


def _number(column: pa.Array) -> Int64s:
    numbers: Int64s = column.cast(pa.int64()).fill_null(0).to_numpy()
    return numbers - EPOCH_US if pa.types.is_timestamp(column.type) else numbers


@njit(cache=True, nogil=True)
def put_text(rows: Bytes, at: Int64s, offsets: NDArray[np.int32], data: Bytes, known: NDArray[np.bool_]) -> None:
    """Write one text into each row, from `at` on, which moves behind it."""
    for row in range(len(at)):
        length = offsets[row + 1] - offsets[row] if known[row] else -1
        for place in range(4):
            rows[at[row] + place] = (length >> (24 - 8 * place)) & 255
        at[row] += 4
        for place in range(length):
            rows[at[row] + place] = data[offsets[row] + place]
        at[row] += max(length, 0)


@njit(cache=True, nogil=True)
def put_number(rows: Bytes, at: Int64s, numbers: Int64s, known: NDArray[np.bool_], width: int) -> None:
    """Write one number of so many bytes into each row."""
    for row in range(len(at)):
        length = width if known[row] else -1
        for place in range(4):
            rows[at[row] + place] = (length >> (24 - 8 * place)) & 255
        at[row] += 4
        for place in range(length):
            rows[at[row] + place] = (numbers[row] >> (8 * (width - 1 - place))) & 255
        at[row] += max(length, 0)
