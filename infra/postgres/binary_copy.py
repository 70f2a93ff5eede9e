"""Columns as PostgreSQL's binary COPY: many rows are sent without a Python value for each of their fields.

Source: PostgreSQL documentation, COPY, "Binary Format"; `array_recv`.
"""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import numpy as np
import psycopg
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray
from psycopg.copy import QueuedLibpqWriter

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"
EPOCH_US: Final = 946_684_800_000_000
"""PostgreSQL counts time from the year 2000 on; Arrow from 1970."""
ARRAY_OF_TEXT: Final = np.frombuffer(struct.pack(">5i", 1, 0, 25, 1, 1), np.uint8)
"""Dimensions, whether one is null, type; the length of the only dimension, and from where it counts."""

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Int64s = NDArray[np.int64]


class Texts(NamedTuple):
    """A column of texts, each a span of one buffer; null where none is known."""

    data: Bytes
    first: Int64s
    last: Int64s
    known: Bools

    @property
    def sizes(self) -> Int64s:
        """The bytes of each."""
        return np.where(self.known, self.last - self.first, 0)

    def only(self, keep: Bools) -> "Texts":
        """Return those that are kept."""
        return Texts(self.data, self.first[keep], self.last[keep], self.known[keep])


class Numbers(NamedTuple):
    """A column of numbers of so many bytes, or of times in microseconds since 2000; null where none is known."""

    numbers: Int64s
    known: Bools
    width: int = 8

    @property
    def sizes(self) -> Int64s:
        """The bytes of each."""
        return np.where(self.known, self.width, 0)

    def only(self, keep: Bools) -> "Numbers":
        """Return those that are kept."""
        return Numbers(self.numbers[keep], self.known[keep], self.width)


class BinaryCopy:
    """A COPY that is open: takes columns, a portion of rows after the other."""

    def __init__(self, copy: psycopg.Copy) -> None:
        self._copy = copy
        copy.write(HEADER)

    def write(self, columns: Sequence[Texts | Numbers | pa.Array]) -> None:
        """Send rows; Arrow's columns are of text, int32, int64 or timestamp in microseconds, of the table's types."""
        self._copy.write(rows_of([_plain(one) if isinstance(one, pa.Array) else one for one in columns]))


@contextmanager
def binary_copy(connection: psycopg.Connection[Any], table: str, columns: str) -> Iterator[BinaryCopy]:
    """Open a COPY into a table; the database works on a portion while the next one is laid out."""
    statement = f"COPY {table} ({columns}) FROM STDIN (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(statement.encode(), writer=QueuedLibpqWriter(cursor)) as copy:
        yield BinaryCopy(copy)
        copy.write(TRAILER)


def rows_of(columns: Sequence[Texts | Numbers]) -> memoryview:
    """Return rows as a binary COPY holds them: their number of fields, then each with its length; -1: null."""
    sizes = np.full(len(columns[0].known), 2 + 4 * len(columns), np.int64)
    for column in columns:
        sizes += column.sizes
    at = np.cumsum(sizes) - sizes
    rows = np.empty(int(sizes.sum()), np.uint8)
    rows[at], rows[at + 1] = 0, len(columns)
    at += 2
    for column in columns:
        if isinstance(column, Texts):
            put_text(rows, at, column)
        else:
            put_number(rows, at, *column)
    return rows.data


def texts_of(words: Sequence[str]) -> Texts:
    """Return words as a column."""
    return _texts(pa.array(words, pa.string()))


def strings_of(texts: Texts) -> pa.Array:
    """Return a column of texts as Arrow has it."""
    offsets = np.concatenate(([0], np.cumsum(texts.sizes))).astype(np.int32)
    data = np.empty(offsets[-1], np.uint8)
    join_texts(data, offsets, texts)
    known = None if texts.known.all() else pa.py_buffer(np.packbits(texts.known, bitorder="little"))
    return pa.Array.from_buffers(pa.string(), len(texts.known), [known, pa.py_buffer(offsets), pa.py_buffer(data)])


def arrays_of_one(texts: Texts) -> Texts:
    """Return texts as a column of arrays that hold one text each; null where none is known."""
    last = np.cumsum(ARRAY_OF_TEXT.size + 4 + texts.sizes)
    first = np.concatenate(([0], last))[:-1]
    data = np.empty(first.size and last[-1], np.uint8)
    data[first[:, None] + np.arange(ARRAY_OF_TEXT.size)] = ARRAY_OF_TEXT
    put_text(data, first + ARRAY_OF_TEXT.size, texts)
    return Texts(data, first, last, texts.known)


def _plain(column: pa.Array) -> Texts | Numbers:
    """Return an Arrow column as it is laid out."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type):
        return _texts(column)
    known = column.is_valid().to_numpy(zero_copy_only=False)
    numbers: Int64s = column.cast(pa.int64()).fill_null(0).to_numpy()
    is_time = pa.types.is_timestamp(column.type)
    return Numbers(numbers - EPOCH_US if is_time else numbers, known, column.type.bit_width // 8)


def _texts(column: pa.Array) -> Texts:
    _, offsets, data = column.buffers()
    cut = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    known = column.is_valid().to_numpy(zero_copy_only=False)
    return Texts(np.frombuffer(data or b"", np.uint8), cut[:-1], cut[1:], known)


@njit(cache=True, nogil=True)
def join_texts(data: Bytes, offsets: NDArray[np.int32], texts: Texts) -> None:
    """Write one text behind the other, those that are known."""
    for row in range(len(texts.known)):
        for place in range(offsets[row + 1] - offsets[row]):
            data[offsets[row] + place] = texts.data[texts.first[row] + place]


@njit(cache=True, nogil=True)
def put_text(rows: Bytes, at: Int64s, texts: Texts) -> None:
    """Write one text into each row, from `at` on, which moves behind it."""
    for row in range(len(at)):
        length = texts.last[row] - texts.first[row] if texts.known[row] else -1
        for place in range(4):
            rows[at[row] + place] = (length >> (24 - 8 * place)) & 255
        at[row] += 4
        for place in range(length):
            rows[at[row] + place] = texts.data[texts.first[row] + place]
        at[row] += max(length, 0)


@njit(cache=True, nogil=True)
def put_number(rows: Bytes, at: Int64s, numbers: Int64s, known: Bools, width: int) -> None:
    """Write one number of so many bytes into each row."""
    for row in range(len(at)):
        length = width if known[row] else -1
        for place in range(4):
            rows[at[row] + place] = (length >> (24 - 8 * place)) & 255
        at[row] += 4
        for place in range(length):
            rows[at[row] + place] = (numbers[row] >> (8 * (width - 1 - place))) & 255
        at[row] += max(length, 0)
