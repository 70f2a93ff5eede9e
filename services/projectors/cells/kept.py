"""Scores that a process has gathered into the facts of a part, kept in memory: the database need not send them back."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from domain.mastery.cells import Vocabulary
from infra.postgres.all_scores import AllScores, fetch_rows, in_cells, joined
from infra.postgres.binary_copy import EPOCH_US, Bools, Numbers, Texts, strings_of
from services.projectors.cells.facts import AMENDMENTS, GIVEN
from services.projectors.parts import Part
from services.projectors.read_model import Span, StoredRow

WORDS: Final = {"role": "assessor_role"} | {
    name: name for name in ("learner_id", "competency_id", "framework_id", "kind", "task")
}
NUMBERS: Final = {"value": "value_micro", "possible": "possible_micro", "position": "position"}
TIMES: Final = {"occurred_us": "occurred_at", "begun_us": "recorded_at"}
SCORES_MAX: Final = 4_000_000
"""More are read from the database, in portions; each takes about 100 bytes here."""
SINGLE_MAX: Final = 10_000
OTHERS: Final = "ended_position IS NOT NULL OR revision > 1 OR position = ANY('{{{single}}}')"
"""The scores that do not stand any more as they were gathered, or were not."""


class Kept:
    """All scores that were gathered into a part since its beginning, as long as they are all and few enough."""

    def __init__(self) -> None:
        self._tables: list[pa.Table] = []
        self._scores = 0
        self._reached: int | None = 0
        """Until where all that was gathered is here; None: something is not."""
        self._single: list[int] = []
        """Where scores lie that were looked at singly."""
        self._is_amended = False

    def begin(self, span: Span) -> None:
        """Take note of a span that is gathered next."""
        if span.after != self._reached or self._scores > SCORES_MAX or len(self._single) > SINGLE_MAX:
            self._reached = None
            self._tables.clear()
        else:
            self._reached = span.until

    def add(self, columns: dict[str, Texts | Numbers], are_read: Bools) -> None:
        """Keep the scores of some rows of read_model.score."""
        if self._reached is None:
            return
        texts = {name: column.only(are_read) for name, column in columns.items() if isinstance(column, Texts)}
        rows = {name: column.numbers[are_read] for name, column in columns.items() if isinstance(column, Numbers)}
        words = {name: pc.dictionary_encode(strings_of(texts[column])) for name, column in WORDS.items()}
        numbers = {name: rows[column] for name, column in NUMBERS.items()}
        times = {name: rows[column] + EPOCH_US for name, column in TIMES.items()}
        self._tables.append(pa.table({**words, **numbers, **times}))
        self._scores += int(np.count_nonzero(are_read))

    def note(self, rows: Sequence[StoredRow]) -> None:
        """Take note of facts that are looked at singly."""
        self._single += [row.position for row in rows if row.type == GIVEN]
        self._is_amended |= any(row.type in AMENDMENTS for row in rows)

    def scores(
        self, connection: psycopg.Connection[Any], generation: int, part: Part, until: int, vocabulary: Vocabulary
    ) -> AllScores | None:
        """Return all scores of a part up to a position, which are committed; None: not all were kept."""
        if self._reached != until or not self._tables:
            return None
        gathered = joined(self._tables)
        self._tables.clear()
        position, nothing = gathered.column("position"), pa.nulls(len(gathered), pa.int64())
        columns = {name: gathered.column(name) for name in gathered.column_names}
        columns |= {"recorded_us": columns["begun_us"], "given": position, "ended": nothing, "ended_us": nothing}
        table = pa.table(columns)
        if self._single or self._is_amended:
            single = ",".join(map(str, self._single))
            condition = f"{part.condition} AND ({OTHERS.format(single=single)})"
            others = fetch_rows(connection, generation, times=True, condition=condition)[1]
            stands = ~np.isin(position.to_numpy(), others.column("position").to_numpy())
            table = joined([table.filter(pa.array(stands)), others.select(table.column_names)])
        return in_cells(table, vocabulary, until)
