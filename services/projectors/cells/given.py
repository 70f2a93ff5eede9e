"""Scores as they were given, from the log into the facts of a generation that is built: column by column.

Most of what the log holds is this; no Python value is made of it.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import psycopg

from domain.mastery.cells import VALUE_MAX
from infra.postgres.binary_copy import Bools, Numbers, Texts, binary_copy, rows_of
from infra.postgres.columns import Columns, columns_of
from infra.postgres.json_fields import JsonFields
from services.projectors import ledger
from services.projectors.cells.facts import COLUMNS, GIVEN
from services.projectors.generations import partition
from services.projectors.read_model import Span

_DATA: Final = (
    "assessor", "attempt", "competency_id", "evidence_id", "framework_id", "kind", "learner_id", "possible_micro",
    "purpose", "scale_id", "score_id", "task", "value_micro",
)  # fmt: skip
INT_MAX: Final = 2**31 - 1


def copy_given(connection: psycopg.Connection[Any], generation: int, span: Span) -> Sequence[int]:
    """Write the scores given in a span of the log; return where those of another form than usual lie."""
    events = ledger.read_columns(connection, span, [GIVEN])
    columns, are_read = _columns(events, generation)
    with binary_copy(connection, partition("score", generation), f"generation, {COLUMNS}") as copy:
        copy.write([one.only(are_read) for one in columns])
    left: list[int] = events.numbers["position"][~are_read].tolist()
    return left


def warm_up() -> None:
    """Have the functions that lay out scores compiled, or loaded, before the first of them."""
    rows_of(_columns(columns_of(ledger.SPAN_COLUMNS, [None] * 7), 0)[0])


def _columns(events: Columns, generation: int) -> tuple[list[Texts | Numbers], Bools]:
    """Return the columns of read_model.score, and which rows of them are read."""
    data = JsonFields(events.texts["data"], _DATA)
    assessor = JsonFields(data.objects("assessor"), ("id", "role"))
    meta = JsonFields(events.texts["meta"], ("source",))
    source = JsonFields(meta.objects("source"), ("system",), are_optional=True)
    every = np.ones(len(data.read), bool)
    position, occurred_at, recorded_at = (Numbers(column, every) for column in events.numbers.values())
    value, possible = data.numbers("value_micro"), data.numbers("possible_micro")
    attempt = data.numbers("attempt", default=1, width=4)
    columns: list[Texts | Numbers] = [
        _same(generation, position),
        data.texts("score_id"),
        _same(1, position),
        *(data.texts(name) for name in ("evidence_id", "learner_id", "competency_id", "framework_id", "scale_id")),
        value,
        possible,
        data.texts("kind"),
        _or_null(data.texts("task", is_optional=True)),
        attempt,
        _or_null(data.texts("purpose", is_optional=True)),
        assessor.texts("id"),
        assessor.texts("role"),
        _or_null(source.texts("system", is_optional=True)),
        occurred_at,
        recorded_at,
        position,
        recorded_at,
        position,
        *[Numbers(position.numbers, ~every)] * 3,
    ]
    counts = (possible.numbers > 0) & (np.maximum(possible.numbers, abs(value.numbers)) <= VALUE_MAX)
    counts &= abs(attempt.numbers) <= INT_MAX
    return columns, data.read & assessor.read & meta.read & source.read & counts


def _same(number: int, like: Numbers) -> Numbers:
    return Numbers(np.full(len(like.numbers), number), np.ones(len(like.numbers), bool), 4)


def _or_null(texts: Texts) -> Texts:
    """Return texts with null for an empty one."""
    return texts._replace(known=texts.known & (texts.last > texts.first))
