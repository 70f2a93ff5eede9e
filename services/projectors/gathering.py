"""Many events of one form, from the log into tables of a generation that is built: column by column.

Most of what a log holds is scores; no Python value is made of a field of theirs.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import psycopg

from infra.postgres.binary_copy import Bools, Numbers, Texts, binary_copy, rows_of, texts_of
from infra.postgres.columns import Columns, columns_of
from services.projectors import ledger
from services.projectors.read_model import Span

EVENTS_AT_ONCE: Final = 5_000
"""So many events stay in the processor's caches; the database gathers 20,000 in twice the time each."""


class Rows(NamedTuple):
    """Rows of a table, column by column, by the columns' names as SQL lists them; each event makes one."""

    table: str
    names: str
    columns: Sequence[Texts | Numbers]


class LaidOut(NamedTuple):
    """The rows that events make, and which of the events are of the form that they were taken for."""

    rows: Sequence[Rows]
    are_read: Bools


LayOut = Callable[[Columns, int], LaidOut]
"""Makes rows of events, for a generation."""


def copy_events(
    connection: psycopg.Connection[Any], generation: int, span: Span, type_name: str, lay_out: LayOut
) -> Sequence[int]:
    """Write what the events of a type in a span of the log make; return where those of another form lie."""
    left: list[int] = []
    for portion in span.cut(EVENTS_AT_ONCE):
        events = ledger.read_columns(connection, portion, [type_name])
        made, are_read = lay_out(events, generation)
        for table, names, columns in made:
            with binary_copy(connection, table, names) as copy:
                copy.write([column.only(are_read) for column in columns])
        left += events.numbers["position"][~are_read].tolist()
    return left


def warm_up(lay_out: LayOut) -> None:
    """Have the functions that lay out events compiled, or loaded, before the first of them."""
    for rows in lay_out(columns_of(ledger.SPAN_COLUMNS, [None] * 5), 0).rows:
        rows_of(rows.columns)


def same(number: int, events: int) -> Numbers:
    """Return a column of one number of 32 bits."""
    return Numbers(np.full(events, number), np.ones(events, bool), 4)


def or_null(texts: Texts) -> Texts:
    """Return texts with null for an empty one."""
    return texts._replace(known=texts.known & (texts.last > texts.first))


def nothing(events: int) -> Texts:
    """Return a column of nulls."""
    return chosen([""], np.zeros(events, np.int64))._replace(known=np.zeros(events, bool))


def chosen(words: Sequence[str], which: np.ndarray[Any, np.dtype[np.int64]]) -> Texts:
    """Return a column of words, each the one of its number."""
    texts = texts_of(words)
    return Texts(texts.data, texts.first[which], texts.last[which], texts.known[which])
