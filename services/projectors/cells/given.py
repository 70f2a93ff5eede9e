"""Scores as they were given, from the log into the facts of a generation that is built."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import psycopg

from domain.mastery.cells import VALUE_MAX
from infra.postgres.binary_copy import Bools, Numbers, Texts
from infra.postgres.columns import Columns
from infra.postgres.json_fields import JsonFields
from services.projectors import gathering
from services.projectors.cells.facts import COLUMNS, GIVEN
from services.projectors.cells.kept import Kept
from services.projectors.gathering import LaidOut, Rows, or_null, same
from services.projectors.generations import partition
from services.projectors.read_model import Span

_DATA: Final = (
    "assessor", "attempt", "competency_id", "evidence_id", "framework_id", "kind", "learner_id", "possible_micro",
    "purpose", "scale_id", "score_id", "task", "value_micro",
)  # fmt: skip
INT_MAX: Final = 2**31 - 1


def copy_given(connection: psycopg.Connection[Any], generation: int, span: Span, kept: Kept) -> Sequence[int]:
    """Write the scores given in a span of the log, and keep them; return where those of another form lie."""
    kept.begin(span)
    return gathering.copy_events(connection, generation, span, GIVEN, partial(_laid_out, kept))


def warm_up() -> None:
    """Have what lays out scores compiled, or loaded, before the first of them."""
    gathering.warm_up(partial(_laid_out, Kept()))


def _laid_out(kept: Kept, events: Columns, generation: int) -> LaidOut:
    """Return the rows of read_model.score, which are kept."""
    columns, are_read = _columns(events, generation)
    names = f"generation, {COLUMNS}"
    kept.add(dict(zip(names.split(", "), columns, strict=True)), are_read)
    return LaidOut([Rows(partition("score", generation), names, columns)], are_read)


def _columns(events: Columns, generation: int) -> tuple[list[Texts | Numbers], Bools]:
    """Return the columns of read_model.score, and which rows of them are read."""
    data = JsonFields(events.texts["data"], _DATA)
    assessor = data.inner("assessor", ("id", "role"))
    meta = JsonFields(events.texts["meta"], ("source",))
    source = meta.inner("source", ("system",), are_optional=True)
    every = np.ones(len(data.read), bool)
    position, occurred_at, recorded_at = (Numbers(column, every) for column in events.numbers.values())
    value, possible = data.numbers("value_micro"), data.numbers("possible_micro")
    attempt = data.numbers("attempt", default=1, width=4)
    columns: list[Texts | Numbers] = [
        same(generation, len(every)),
        data.texts("score_id"),
        same(1, len(every)),
        *(data.texts(name) for name in ("evidence_id", "learner_id", "competency_id", "framework_id", "scale_id")),
        value,
        possible,
        data.texts("kind"),
        or_null(data.texts("task", is_optional=True)),
        attempt,
        or_null(data.texts("purpose", is_optional=True)),
        assessor.texts("id"),
        assessor.texts("role"),
        or_null(source.texts("system", is_optional=True)),
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
