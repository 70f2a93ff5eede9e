"""The facts of cells as columns, and points: cells at the positions at which they are looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from domain.mastery.revisions import Found, in_force_at
from infra.postgres.score_cells import NEVER, Facts
from services.projectors.cells.learner_places import Roster

Int64s = NDArray[np.int64]


class JudgementRow(NamedTuple):
    """A judgement of a cell: its level, and from which position until before which it is in force, with their times."""

    cell: int
    level: str
    position: int
    begun_us: int
    lifted: int
    lifted_us: int


@dataclass(frozen=True)
class Points:
    """Cells at positions, sorted by both; `time_us` is when the event at the position was recorded."""

    cell: Int64s
    at: Int64s
    time_us: Int64s

    @classmethod
    def of(cls, cell: Int64s, at: Int64s, time_us: Int64s) -> "Points":
        """Sort points and leave out the repeated ones."""
        order = np.lexsort((at, cell))
        cell, at, time_us = cell[order], at[order], time_us[order]
        first = np.ones(len(cell), bool)
        first[1:] = (cell[1:] != cell[:-1]) | (at[1:] != at[:-1])
        return cls(cell[first], at[first], time_us[first])

    @classmethod
    def everywhere(cls, cells: int, at: int, time_us: int = 0) -> "Points":
        """Return a point for each cell at one position."""
        return cls(np.arange(cells, dtype=np.int64), np.full(cells, at, np.int64), np.full(cells, time_us, np.int64))

    def after(self, position: int) -> "Points":
        """Return the points beyond a position."""
        later = self.at > position
        return Points(self.cell[later], self.at[later], self.time_us[later])

    def joined(self, *others: "Points") -> "Points":
        """Return these points and others, sorted."""
        every = (self, *others)
        return Points.of(
            np.concatenate([one.cell for one in every]),
            np.concatenate([one.at for one in every]),
            np.concatenate([one.time_us for one in every]),
        )

    def last_of_cell(self) -> Int64s:
        """Return the index of the last point of each cell that has one."""
        is_last = np.ones(len(self), bool)
        is_last[:-1] = self.cell[1:] != self.cell[:-1]
        return np.flatnonzero(is_last)

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.cell)


@dataclass(frozen=True)
class CellFacts:
    """All facts of some cells: their learners, competencies and frameworks, score revisions and judgements.

    The words are Arrow arrays of text, one a cell; a framework that is not known is null.
    """

    learners: pa.Array
    competencies: pa.Array
    frameworks: pa.Array
    scores: Facts
    judgements: Sequence[JudgementRow]
    roster: Roster | None = None
    """Where what policies ask of the learners is found; asked only if a policy depends on it."""
    _last: list[tuple[Points, Int64s, Found]] = field(default_factory=list, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.learners)

    @cached_property
    def touched(self) -> Int64s:
        """The position of the last event that touched each cell."""
        scores, has_scores = self.scores, np.diff(self.scores.offsets) > 0
        answer = np.zeros(len(self), np.int64)
        if has_scores.any():
            last = np.where(scores.ended == NEVER, scores.position, scores.ended)
            answer[has_scores] = np.maximum.reduceat(last, scores.offsets[:-1][has_scores])
        for one in self.judgements:
            last_of_judgement = one.position if one.lifted == NEVER else one.lifted
            answer[one.cell] = max(answer[one.cell], last_of_judgement)
        return answer

    @cached_property
    def begun(self) -> Int64s:
        """The position of the first event that touched each cell; NEVER for a cell that none has touched."""
        scores, has_scores = self.scores, np.diff(self.scores.offsets) > 0
        answer = np.full(len(self), NEVER)
        if has_scores.any():
            answer[has_scores] = np.minimum.reduceat(scores.position, scores.offsets[:-1][has_scores])
        for one in self.judgements:
            answer[one.cell] = min(answer[one.cell], one.position)
        return answer

    def without_late(self, late: Mapping[str, int]) -> "CellFacts":
        """Return the facts as they were before events of some learners were folded late: those from a position on."""
        place = pc.index_in(self.learners, value_set=pa.array([*late], pa.string())).fill_null(-1).to_numpy()
        since = np.array([*late.values(), NEVER], np.int64)[place]
        of_row, scores = np.repeat(since, np.diff(self.scores.offsets)), self.scores
        return CellFacts(
            learners=self.learners,
            competencies=self.competencies,
            frameworks=self.frameworks,
            scores=replace(
                scores,
                position=np.where(scores.position < of_row, scores.position, NEVER),
                ended=np.where(scores.ended < of_row, scores.ended, NEVER),
            ),
            judgements=[
                one if one.lifted < since[one.cell] else one._replace(lifted=NEVER, lifted_us=0)
                for one in self.judgements
                if one.position < since[one.cell]
            ],
            roster=self.roster and self.roster.without_late(late),
        )

    def in_force(self, points: Points, chosen: Int64s) -> Found:
        """Return the revisions in force at chosen points; the last answer is kept, for policies that are compared."""
        for asked, places, found in self._last:
            if asked is points and np.array_equal(places, chosen):
                return found
        found = in_force_at(self.scores.revisions, points.cell[chosen], points.at[chosen])
        self._last[:] = [(points, chosen, found)]
        return found

    def marks(self) -> Points:
        """Return every position at which an event touched a cell."""
        scores, cells = self.scores, np.arange(len(self), dtype=np.int64)
        of_scores = np.repeat(cells, np.diff(scores.offsets))
        judged = np.array([(one.cell, one.position, one.begun_us) for one in self.judgements], np.int64).reshape(-1, 3)
        lifted = np.array([(one.cell, one.lifted, one.lifted_us) for one in self.judgements], np.int64).reshape(-1, 3)
        cell = np.concatenate([of_scores, of_scores, judged[:, 0], lifted[:, 0]])
        at = np.concatenate([scores.position, scores.ended, judged[:, 1], lifted[:, 1]])
        time_us = np.concatenate([scores.begun_us, scores.ended_us, judged[:, 2], lifted[:, 2]])
        happened = at != NEVER
        return Points.of(cell[happened], at[happened], time_us[happened])
