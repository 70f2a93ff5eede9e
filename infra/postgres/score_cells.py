"""Scores in the read model `mastery` as cells for the kernel: of one learner, of some cells, or of all.

`SCORES_IN_FORCE` answers as of any time; `Facts` holds every revision with the positions between which it was in
force, so that a cell can be evaluated at any position.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.kernel.scores import MICRO
from domain.kernel.times import microseconds
from domain.mastery.cells import NO_TASK, NOT_JUDGED, Cells, Vocabulary
from domain.mastery.revisions import NEVER, Revisions

CellKey = tuple[str, str]
"""Learner and competency."""
SCORE_COLUMNS: Final = """
    learner_id, competency_id, framework_id, value_micro, possible_micro, kind, assessor_role, task,
    occurred_at, given_at, given_position, recorded_at, position, ended_at, ended_position
"""
SCORES_IN_FORCE: Final = f"""
    SELECT {SCORE_COLUMNS}
    FROM read_model.score
    WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
        AND learner_id = %(learner_id)s
        AND (%(competency_id)s::text IS NULL OR competency_id = %(competency_id)s)
        AND (%(as_of)s::timestamptz IS NULL OR occurred_at <= %(as_of)s)
        AND CASE WHEN %(known_at)s::timestamptz IS NULL THEN ended_at IS NULL
            ELSE recorded_at <= %(known_at)s AND (ended_at IS NULL OR ended_at > %(known_at)s) END
    ORDER BY learner_id, competency_id, given_position
"""
"""One learner's scores that held in the world at `as_of`, as the ledger knew at `known_at` (null: now)."""

Int64s = NDArray[np.int64]
Int32s = NDArray[np.int32]


class ScoreRow(NamedTuple):
    """One revision of a score, as `SCORE_COLUMNS` selects it."""

    learner_id: str
    competency_id: str
    framework_id: str
    value_micro: int
    possible_micro: int
    kind: str
    assessor_role: str
    task: str | None
    occurred_at: datetime
    given_at: datetime
    given_position: int
    recorded_at: datetime
    position: int
    ended_at: datetime | None
    ended_position: int | None


@dataclass(frozen=True)
class Facts:
    """Score revisions as columns, sorted by cell: cell c holds the rows offsets[c] to offsets[c + 1].

    A revision is in force at the positions from `position`, recorded at `begun_us`, until before `ended`, recorded
    at `ended_us`. `given` and `recorded_us` are position and time of the score's first revision, since a correction
    does not move a score.
    """

    offsets: Int64s
    value: Int64s
    possible: Int64s
    kind: Int32s
    role: Int32s
    task: Int64s
    occurred_us: Int64s
    recorded_us: Int64s
    given: Int64s
    position: Int64s
    ended: Int64s
    begun_us: Int64s
    ended_us: Int64s

    @property
    def revisions(self) -> Revisions:
        """What decides on which of them are in force."""
        return Revisions(self.offsets, self.position, self.ended, self.occurred_us, self.value)

    def span(self, low: int, high: int) -> "Facts":
        """Return the cells from one to before another, sharing the arrays."""
        offsets = self.offsets[low : high + 1]
        rows = slice(int(offsets[0]), int(offsets[-1]))
        columns = {one.name: getattr(self, one.name)[rows] for one in fields(self) if one.name != "offsets"}
        return Facts(offsets=offsets - offsets[0], **columns)

    def cells(self, rows: Int64s | slice, offsets: Int64s, judged: Int32s) -> Cells:
        """Return cells made of chosen rows: cell c of the answer holds rows[offsets[c]:offsets[c + 1]].

        Where the rows follow each other without a gap, nothing is copied.
        """
        taken, n = rows, int(offsets[-1])
        if not isinstance(rows, slice) and n and rows[-1] - rows[0] == n - 1 and (np.diff(rows) == 1).all():
            taken = slice(int(rows[0]), int(rows[-1]) + 1)
        return Cells(
            offsets=offsets,
            value=self.value[taken],
            possible=self.possible[taken],
            kind=self.kind[taken],
            role=self.role[taken],
            task=self.task[taken],
            occurred_us=self.occurred_us[taken],
            recorded_us=self.recorded_us[taken],
            position=self.given[taken],
            weight=np.full(n, MICRO, np.int64),
            judged=judged,
        )


def facts_of(keys: Sequence[CellKey], rows: Sequence[ScoreRow], vocabulary: Vocabulary) -> Facts:
    """Return facts whose cells are `keys`; the rows come in any order, each for one of the keys."""
    number = {key: cell for cell, key in enumerate(keys)}
    cell = np.fromiter((number[row.learner_id, row.competency_id] for row in rows), np.int64, len(rows))
    order = np.argsort(cell, kind="stable")
    columns = {
        "value": [row.value_micro for row in rows],
        "possible": [row.possible_micro for row in rows],
        "kind": [vocabulary.kinds.code(row.kind) for row in rows],
        "role": [vocabulary.roles.code(row.assessor_role) for row in rows],
        "task": [NO_TASK if row.task is None else vocabulary.tasks.code(row.task) for row in rows],
        "occurred_us": [microseconds(row.occurred_at) for row in rows],
        "recorded_us": [microseconds(row.given_at) for row in rows],
        "given": [row.given_position for row in rows],
        "position": [row.position for row in rows],
        "ended": [NEVER if row.ended_position is None else row.ended_position for row in rows],
        "begun_us": [microseconds(row.recorded_at) for row in rows],
        "ended_us": [0 if row.ended_at is None else microseconds(row.ended_at) for row in rows],
    }
    arrays: dict[str, Any] = {
        name: np.array(column, np.int32 if name in {"kind", "role"} else np.int64)[order]
        for name, column in columns.items()
    }
    offsets = np.searchsorted(cell[order], np.arange(len(keys) + 1)).astype(np.int64)
    return Facts(offsets=offsets, **arrays)


def cells_in_force(
    rows: Sequence[ScoreRow], vocabulary: Vocabulary, judged: Mapping[CellKey, str] | None = None
) -> tuple[list[CellKey], Cells]:
    """Return the cells of rows that are all in force, with their keys in order; `judged` adds judged levels.

    A cell that is judged but has no score is there too.
    """
    judged = judged or {}
    keys = sorted({(row.learner_id, row.competency_id) for row in rows} | set(judged))
    facts = facts_of(keys, rows, vocabulary)
    codes = [vocabulary.levels.code(judged[key]) if key in judged else NOT_JUDGED for key in keys]
    everything = np.arange(len(facts.value), dtype=np.int64)
    return keys, facts.cells(everything, facts.offsets, np.array(codes, np.int32))
