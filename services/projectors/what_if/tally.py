"""Counting what a draft does: cells from level to level, and learners by what becomes of their cells."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from domain.mastery.equity import Counted, Outcome, dimension
from domain.mastery.impact import NO_LEVEL, Impact, matrix_of
from services.projectors.cells.points import Int64s
from services.projectors.what_if.compared import Compared
from services.projectors.what_if.roster import Grouping

OUTCOMES: Final = len(Outcome)


class Counts(NamedTuple):
    """What was counted of some learners, of whom it has all cells: counts of others can be added."""

    moves: Counter[tuple[str, str]]
    """Cells from level to level."""
    learners_moved: int
    whole: Counted
    of_groups: tuple[Counted, ...]
    """One for each way to divide learners."""

    def __add__(self, other: object) -> "Counts":
        """Return the counts of the learners of both."""
        if not isinstance(other, Counts):
            return NotImplemented
        groups = zip(self.of_groups, other.of_groups, strict=True)
        return Counts(
            moves=self.moves + other.moves,
            learners_moved=self.learners_moved + other.learners_moved,
            whole=_sum(self.whole, other.whole),
            of_groups=tuple(_sum(one, another) for one, another in groups),
        )


@dataclass(frozen=True)
class Tally:
    """How cells and learners are counted: all levels there are, the lowest first; the ways to divide learners."""

    order: Sequence[str]
    groupings: Sequence[Grouping]

    def nothing(self) -> Counts:
        """Return the counts of nobody."""
        return Counts(Counter(), 0, _nothing(1), tuple(_nothing(len(one.groups)) for one in self.groupings))

    def count(self, compared: Compared) -> Counts:
        """Count the cells of some learners."""
        words = [NO_LEVEL, *compared.after.levels]
        before, after = (states.effective.astype(np.int64) + 1 for states in (compared.before, compared.after))
        pair = before * len(words) + after
        pairs = np.bincount(pair, minlength=len(words) ** 2)
        moves = Counter(
            {(words[code // len(words)], words[code % len(words)]): int(pairs[code]) for code in np.flatnonzero(pairs)}
        )
        rank = {word: place for place, word in enumerate(self.order)}
        ranks = np.array([rank.get(word, 0) for word in words], np.int64)
        outcomes = np.sign(ranks - ranks[:, np.newaxis]).ravel() + Outcome.STAYED
        return self._count_learners(compared, outcomes[pair])._replace(moves=moves)

    def impact(self, counts: Counts, flag_ratio: str) -> Impact:
        """Return what was counted."""
        cells = counts.whole.cells[0]
        met = {level for pair in counts.moves for level in pair}
        dimensions = (
            dimension(one.name, one.groups, counted, flag_ratio)
            for one, counted in zip(self.groupings, counts.of_groups, strict=True)
        )
        return Impact(
            learners=int(counts.whole.members[0]),
            learners_moved=counts.learners_moved,
            cells=int(cells.sum()),
            moved=int(cells[Outcome.FELL] + cells[Outcome.ROSE]),
            fell=int(cells[Outcome.FELL]),
            rose=int(cells[Outcome.ROSE]),
            levels=tuple(level for level in self.order if level in met),
            matrix=matrix_of(counts.moves, self.order),
            flag_ratio=flag_ratio,
            dimensions=tuple(one for one in dimensions if one is not None),
        )

    def _count_learners(self, compared: Compared, outcome: Int64s) -> Counts:
        """Count learners by what becomes of their cells."""
        counts, learners = self.nothing(), compared.words().learners
        cells = np.bincount(
            learners.indices.to_numpy().astype(np.int64) * OUTCOMES + outcome,
            minlength=len(learners.dictionary) * OUTCOMES,
        ).reshape(-1, OUTCOMES)
        there = np.flatnonzero(cells.any(axis=1))
        cells, words = cells[there], learners.dictionary.take(there)
        moved = int(np.count_nonzero(cells[:, Outcome.FELL] + cells[:, Outcome.ROSE]))
        _add(counts.whole, np.zeros(len(cells), np.int64), cells)
        for grouping, counted in zip(self.groupings, counts.of_groups, strict=True):
            _add(counted, grouping.of(words), cells)
        return counts._replace(learners_moved=moved)


def _nothing(groups: int) -> Counted:
    cells, people = np.zeros((2, groups, OUTCOMES), np.int64)
    return Counted(cells, people, np.zeros(groups, np.int64))


def _add(counted: Counted, group: Int64s, cells: Int64s) -> None:
    """Add learners, given the group of each, and its cells by outcome."""
    np.add.at(counted.cells, group, cells)
    np.add.at(counted.people, group, (cells > 0).astype(np.int64))
    np.add.at(counted.members, group, 1)


def _sum(one: Counted, other: Counted) -> Counted:
    return Counted(one.cells + other.cells, one.people + other.people, one.members + other.members)
