"""Counting what a draft does: cells from level to level, and learners by what becomes of their cells."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.mastery.equity import Counted, Outcome, dimension
from domain.mastery.impact import NO_LEVEL, Impact, matrix_of, order_of_levels
from domain.policy.document import PolicyDocument
from domain.policy.rulings import Ruling
from services.projectors.mastery_points import Int64s
from services.projectors.what_if.compared import Compared
from services.projectors.what_if.roster import Grouping

OUTCOMES: Final = len(Outcome)


class Tally:
    """Counts portion after portion.

    Args:
        document: of the draft, whose order of levels goes before that of the policies in force.
        groupings: the ways in which learners are divided.
    """

    def __init__(self, document: PolicyDocument, groupings: Sequence[Grouping]) -> None:
        self._document = document
        self.rulings: dict[str, Ruling] = {}
        """What decides on the cells so far, now or with the draft, by version."""
        self._groupings = groupings
        self._moves: Counter[tuple[str, str]] = Counter()
        self._moved_learners = 0
        self._whole = _nothing(1)
        self._counts = [_nothing(len(one.groups)) for one in groupings]

    @property
    def order(self) -> list[str]:
        """All levels of the policies met so far, the lowest first."""
        return order_of_levels([self._document, *(ruling.document for ruling in self.rulings.values())])

    def add(self, compared: Compared) -> None:
        """Count the cells of a portion."""
        for ruling in (*compared.after.rulings, *compared.before.rulings):
            self.rulings.setdefault(ruling.version, ruling)
        words = [NO_LEVEL, *compared.after.levels]
        before, after = (states.effective.astype(np.int64) + 1 for states in (compared.before, compared.after))
        pairs = np.bincount(before * len(words) + after, minlength=len(words) ** 2)
        for pair in np.flatnonzero(pairs):
            self._moves[words[pair // len(words)], words[pair % len(words)]] += int(pairs[pair])
        rank = {word: place for place, word in enumerate(self.order)}
        ranks = np.array([rank.get(word, 0) for word in words], np.int64)
        self._add_learners(compared, ranks[after] - ranks[before])

    def impact(self, flag_ratio: str) -> Impact:
        """Return what was counted."""
        order, cells = self.order, self._whole.cells[0]
        met = {level for pair in self._moves for level in pair}
        dimensions = (
            dimension(one.name, one.groups, counted, flag_ratio)
            for one, counted in zip(self._groupings, self._counts, strict=True)
        )
        return Impact(
            learners=int(self._whole.members[0]),
            learners_moved=self._moved_learners,
            cells=int(cells.sum()),
            moved=int(cells[Outcome.FELL] + cells[Outcome.ROSE]),
            fell=int(cells[Outcome.FELL]),
            rose=int(cells[Outcome.ROSE]),
            levels=tuple(level for level in order if level in met),
            matrix=matrix_of(self._moves, order),
            flag_ratio=flag_ratio,
            dimensions=tuple(one for one in dimensions if one is not None),
        )

    def _add_learners(self, compared: Compared, change: NDArray[np.int64]) -> None:
        """Count learners, of whom each portion has all cells."""
        learners = compared.coded_learners
        outcome = np.where(change < 0, Outcome.FELL, np.where(change > 0, Outcome.ROSE, Outcome.STAYED))
        cells = np.bincount(
            learners.code.astype(np.int64) * OUTCOMES + outcome, minlength=len(learners.words) * OUTCOMES
        ).reshape(-1, OUTCOMES)
        self._moved_learners += int(np.count_nonzero(cells[:, Outcome.FELL] + cells[:, Outcome.ROSE]))
        _add(self._whole, np.zeros(len(cells), np.int64), cells)
        for grouping, counted in zip(self._groupings, self._counts, strict=True):
            _add(counted, grouping.of(list(learners.words)), cells)


def _nothing(groups: int) -> Counted:
    cells, people = np.zeros((2, groups, OUTCOMES), np.int64)
    return Counted(cells, people, np.zeros(groups, np.int64))


def _add(counted: Counted, group: Int64s, cells: Int64s) -> None:
    """Add learners, given the group of each, and its cells by outcome."""
    np.add.at(counted.cells, group, cells)
    np.add.at(counted.people, group, (cells > 0).astype(np.int64))
    np.add.at(counted.members, group, 1)
