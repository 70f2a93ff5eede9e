"""The rows of a query as columns: the database gathers each, and no Python value is made of a field.

Source: PostgreSQL's `array_send`: five numbers of four bytes, then each member with its length; `json_send`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import psycopg

from infra.postgres.binary_copy import Int64s, Texts

ARRAY_HEADER: Final = 20
BORDER: Final = 0xFF
"""A byte that no text in UTF-8 has, between one text and the next: lengths beside them would cost as much as they."""
NUMBERS: Final = "array_send(array_agg({name}))"
TEXTS: Final = f"string_agg(json_send({{name}}), '\\x{BORDER:02x}')"


class Names(NamedTuple):
    """Columns of a query: those of bigint or times, and those of json. None of their fields is null."""

    numbers: Sequence[str]
    texts: Sequence[str]


class Columns(NamedTuple):
    """Columns by name; times are in microseconds since 2000."""

    numbers: Mapping[str, Int64s]
    texts: Mapping[str, Texts]


def fetch_columns(connection: psycopg.Connection[Any], query: str, values: Mapping[str, Any], names: Names) -> Columns:
    """Return columns of all rows of a query."""
    gathered = [NUMBERS.format(name=name) for name in names.numbers]
    gathered += [TEXTS.format(name=name) for name in names.texts]
    statement = f"SELECT {', '.join(gathered)} FROM ({query}) AS row"
    row = connection.cursor(binary=True).execute(statement.encode(), values).fetchone()
    assert row is not None, "what is gathered is one row"
    return columns_of(names, row)


def columns_of(names: Names, sent: Sequence[bytes | None]) -> Columns:
    """Return columns as they were sent: the numbers, then the texts; all None of no rows."""
    return Columns(
        {name: _numbers(one) for name, one in zip(names.numbers, sent[: len(names.numbers)], strict=True)},
        {name: _texts(one) for name, one in zip(names.texts, sent[len(names.numbers) :], strict=True)},
    )


def _numbers(sent: bytes | None) -> Int64s:
    """Return the members of an array."""
    members = np.frombuffer(sent or bytes(ARRAY_HEADER), [("length", ">i4"), ("number", ">i8")], offset=ARRAY_HEADER)
    numbers: Int64s = members["number"].astype(np.int64)
    return numbers


def _texts(sent: bytes | None) -> Texts:
    data = np.frombuffer(sent or b"", np.uint8)
    borders = np.flatnonzero(data == BORDER)
    ends = [] if sent is None else [len(data)]
    last = np.concatenate([borders, ends]).astype(np.int64)
    first = np.concatenate([[0], borders + 1])[: len(last)].astype(np.int64)
    return Texts(data, first, last, np.ones(len(last), bool))
