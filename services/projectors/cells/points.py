"""The facts of cells as columns, and points: cells at the positions at which they are looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from domain.mastery.cells import NO_TIME, Cells
from domain.mastery.revisions import NEVER, Found, begun, in_force_at, touched
from infra.postgres.score_cells import Facts
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


class Asked(NamedTuple):
    """Some of the points at which facts are looked at; `marked`: with time and digest of what is in force."""

    points: Points
    chosen: Int64s | slice
    marked: bool = True

    def is_same(self, other: "Asked") -> bool:
        """Say whether the same is asked."""
        if self.points is not other.points or self.marked != other.marked:
            return False
        match self.chosen, other.chosen:
            case slice() as mine, slice() as theirs:
                return mine == theirs
            case np.ndarray() as places, np.ndarray() as other_places:
                return np.array_equal(places, other_places)
        return False


class _Answer(NamedTuple):
    """What was found in answer to a question, and as cells, if it was asked for so: since when, how judged."""

    asked: Asked
    found: Found
    cells: list[tuple[int, NDArray[np.int32], Cells]]


@dataclass(frozen=True)
class CellFacts:
    """All facts of some cells: their learners, competencies and frameworks, score revisions and judgements.

    The words are text as codes, one a cell; a framework that is not known is null.
    """

    learners: pa.DictionaryArray
    competencies: pa.DictionaryArray
    frameworks: pa.DictionaryArray
    scores: Facts
    judgements: Sequence[JudgementRow]
    roster: Roster | None = None
    """Where what policies ask of the learners is found; asked only if a policy depends on it."""
    _last: list["_Answer"] = field(default_factory=list, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.learners)

    @cached_property
    def touched(self) -> Int64s:
        """The position of the last event that touched each cell."""
        answer = touched(self.scores.revisions)
        for one in self.judgements:
            last_of_judgement = one.position if one.lifted == NEVER else one.lifted
            answer[one.cell] = max(answer[one.cell], last_of_judgement)
        return answer

    @cached_property
    def begun(self) -> Int64s:
        """The position of the first event that touched each cell; NEVER for a cell that none has touched."""
        answer = begun(self.scores.revisions)
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

    def in_force(self, asked: "Asked") -> Found:
        """Return the revisions in force at chosen points; the last answer is kept, for policies that are compared."""
        return self._answer(asked).found

    def cells(self, asked: "Asked", since_us: int, judged: NDArray[np.int32]) -> Cells:
        """Return the scores in force at chosen points as cells, those that occurred from a time on; NO_TIME: all.

        They are kept too.
        """
        answer = self._answer(asked)
        for since, levels, cells in answer.cells:
            if since == since_us and np.array_equal(levels, judged):
                return cells
        cells = self.scores.cells(*_reached(self.scores, answer.found, since_us), judged)
        answer.cells[:] = [(since_us, judged, cells)]
        return cells

    def _answer(self, asked: "Asked") -> "_Answer":
        for last in self._last:
            if last.asked.is_same(asked):
                return last
        points, chosen = asked.points, asked.chosen
        found = in_force_at(self.scores.revisions, points.cell[chosen], points.at[chosen], marked=asked.marked)
        self._last[:] = [_Answer(asked, found, [])]
        return self._last[0]

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


def _reached(scores: Facts, found: Found, since_us: int) -> tuple[Int64s | slice, Int64s]:
    """Return the rows that occurred at or after a time, and where each point's begin; NO_TIME: all."""
    if since_us == NO_TIME:
        return found.rows, found.offsets
    rows = np.arange(found.rows.start, found.rows.stop) if isinstance(found.rows, slice) else found.rows
    keep = scores.occurred_us[rows] >= since_us
    return rows[keep], np.concatenate(([0], np.cumsum(keep)))[found.offsets]
