"""Scores as they were given, from the log into the audit trail of a generation that is built."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import psycopg

from domain.kernel.scores import from_micro
from infra.postgres.binary_copy import Numbers, Texts, arrays_of_one
from infra.postgres.columns import Columns
from infra.postgres.json_fields import JsonFields
from services.projectors import gathering
from services.projectors.gathering import LaidOut, Rows, chosen, nothing, or_null, same
from services.projectors.generations import partition
from services.projectors.read_model import Span

GIVEN: Final = "score.given.v1"
EVENT_COLUMNS: Final = """
    generation, position, type, subject_id, competency_ids, actor_id, actor_role,
    reason_code, reason_text, before, after, recorded_at
"""
COMPETENCY_COLUMNS: Final = "generation, competency_id, position"


def copy_given(connection: psycopg.Connection[Any], generation: int, span: Span) -> Sequence[int]:
    """Write the scores given in a span of the log; return where those of another form than usual lie."""
    return gathering.copy_events(connection, generation, span, GIVEN, _laid_out)


def warm_up() -> None:
    """Have what lays out scores compiled, or loaded, before the first of them."""
    gathering.warm_up(_laid_out)


def _laid_out(events: Columns, generation: int) -> LaidOut:
    """Return the rows of read_model.audit_event and read_model.audit_competency."""
    data = JsonFields(events.texts["data"], ("competency_id", "score_id", "value_micro"))
    meta = JsonFields(events.texts["meta"], ("actor", "reason"))
    actor = meta.inner("actor", ("id", "role"))
    reason = meta.inner("reason", ("code", "text"), are_optional=True)
    every = np.ones(len(data.read), bool)
    generations = same(generation, len(every))
    position, _, recorded_at = (Numbers(column, every) for column in events.numbers.values())
    competency, subject = data.texts("competency_id"), data.texts("score_id")
    values, which = np.unique(data.numbers("value_micro").numbers, return_inverse=True)
    columns: list[Texts | Numbers] = [
        generations,
        position,
        chosen([GIVEN], np.zeros(len(every), np.int64)),
        subject,
        arrays_of_one(competency),
        actor.texts("id"),
        actor.texts("role"),
        or_null(reason.texts("code", is_optional=True)),
        or_null(reason.texts("text", is_optional=True)),
        nothing(len(every)),
        chosen([from_micro(value) for value in values.tolist()] or [""], which),
        recorded_at,
    ]
    rows = [
        Rows(partition("audit_event", generation), EVENT_COLUMNS, columns),
        Rows(partition("audit_competency", generation), COMPETENCY_COLUMNS, [generations, competency, position]),
    ]
    return LaidOut(rows, data.read & meta.read & actor.read & reason.read & (subject.last > subject.first))
