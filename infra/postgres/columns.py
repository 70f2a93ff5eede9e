"""The rows of a query as columns: the database gathers each, and no Python value is made of a field.

Source: PostgreSQL's `array_send`: five numbers of four bytes, then each member with its length.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import psycopg

from infra.postgres.binary_copy import Int64s, Texts

ARRAY_HEADER: Final = 20
NUMBERS: Final = "array_send(array_agg({name}))"
LENGTHS: Final = "array_send(array_agg(octet_length({name}::text)::bigint))"
TEXTS: Final = "textsend(string_agg({name}::text, ''))"


class Names(NamedTuple):
    """Columns of a query: those of bigint or times, and those of texts. None of their fields is null."""

    numbers: Sequence[str]
    texts: Sequence[str]


class Columns(NamedTuple):
    """Columns by name; times are in microseconds since 2000."""

    numbers: Mapping[str, Int64s]
    texts: Mapping[str, Texts]


def fetch_columns(connection: psycopg.Connection[Any], query: str, values: Mapping[str, Any], names: Names) -> Columns:
    """Return columns of all rows of a query."""
    gathered = [NUMBERS.format(name=name) for name in names.numbers]
    gathered += [one.format(name=name) for name in names.texts for one in (LENGTHS, TEXTS)]
    statement = f"SELECT {', '.join(gathered)} FROM ({query}) AS row"
    row = connection.cursor(binary=True).execute(statement.encode(), values).fetchone()
    assert row is not None, "what is gathered is one row"
    return columns_of(names, row)


def columns_of(names: Names, sent: Sequence[bytes | None]) -> Columns:
    """Return columns as they were sent: the numbers, then lengths and data of each text; all None of no rows."""
    numbers, texts = sent[: len(names.numbers)], sent[len(names.numbers) :]
    return Columns(
        {name: _numbers(one) for name, one in zip(names.numbers, numbers, strict=True)},
        {
            name: _texts(*pair)
            for name, pair in zip(names.texts, zip(texts[::2], texts[1::2], strict=True), strict=True)
        },
    )


def _numbers(sent: bytes | None) -> Int64s:
    """Return the members of an array."""
    members = np.frombuffer(sent or bytes(ARRAY_HEADER), [("length", ">i4"), ("number", ">i8")], offset=ARRAY_HEADER)
    numbers: Int64s = members["number"].astype(np.int64)
    return numbers


def _texts(lengths: bytes | None, sent: bytes | None) -> Texts:
    sizes = _numbers(lengths)
    last = np.cumsum(sizes)
    return Texts(np.frombuffer(sent or b"", np.uint8), last - sizes, last, np.ones(len(last), bool))
