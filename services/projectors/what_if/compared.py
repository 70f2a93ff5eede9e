"""Cells of a portion under two policy sets, at one position."""

from dataclasses import dataclass, fields, replace
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from domain.mastery.digest import Digest, digest_of
from services.projectors.cells.all_cells import coded
from services.projectors.cells.points import CellFacts, Int64s
from services.projectors.cells.states import States

EVERY: Final = slice(None)


class Words(NamedTuple):
    """Whose cells they are, as codes; a framework that is not known is null."""

    learners: pa.DictionaryArray
    competencies: pa.DictionaryArray
    frameworks: pa.DictionaryArray


@dataclass(frozen=True)
class Compared:
    """Some cells of a portion, and what the two policy sets say of each, at the same place."""

    facts: CellFacts
    cell: Int64s
    before: States
    after: States

    def words(self, places: NDArray[np.intp] | slice = EVERY) -> Words:
        """Return the words of the cells, or of some of them."""
        every = Words(self.facts.learners, self.facts.competencies, self.facts.frameworks)
        cell = self.cell[places]
        return every if len(cell) == len(self.facts) else Words(*(one.take(pa.array(cell)) for one in every))

    def digest(self) -> Digest:
        """Return the digest of what there would be."""
        there = self.only(self.after.exists)
        learners, competencies, _ = there.words()
        return digest_of(coded(learners), coded(competencies), there.after.levels, there.after)

    def only(self, keep: NDArray[np.bool_]) -> "Compared":
        """Return the cells that are kept."""
        if keep.all():
            return self
        return Compared(self.facts, self.cell[keep], _only(self.before, keep), _only(self.after, keep))

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.cell)


def decided_by(states: States, policy_id: str) -> NDArray[np.bool_]:
    """Say of each cell whether a policy decides on it."""
    ours = np.array([ruling.policy_id == policy_id for ruling in states.rulings], bool)
    return ours[states.ruling]


def concerned(compared: Compared, policy_id: str) -> NDArray[np.bool_]:
    """Say of each cell whether a draft decides on it, or else changes what decides on it, or its level.

    It may do so by what it locks, by leaving a scope that it had, and where the cell is made of others.
    """
    before, after = compared.before, compared.after
    ours = decided_by(after, policy_id)
    if ours.all():
        return ours
    numbers: dict[tuple[str, str], int] = {}
    then, now = (
        np.array([numbers.setdefault((one.policy_id, one.version), len(numbers)) for one in states.rulings], np.int64)
        for states in (before, after)
    )
    is_other = then[before.ruling] != now[after.ruling]
    return np.asarray(ours | is_other | (before.effective != after.effective))


def mastered(states: States) -> NDArray[np.bool_]:
    """Say of each cell whether its level is one that the policy which decides on it calls mastered."""
    levels = [*states.levels]
    given = [
        [*(one.document.is_at_least(level, one.document.mastered_level) for level in levels), False]
        for one in states.rulings
    ]
    table = np.array(given, bool).reshape(len(given), len(levels) + 1)
    return np.asarray(table[states.ruling, states.effective])


def _only(states: States, keep: NDArray[np.bool_]) -> States:
    columns = {one.name: getattr(states, one.name) for one in fields(states)}
    kept: dict[str, Any] = {name: one[keep] for name, one in columns.items() if isinstance(one, np.ndarray)}
    return replace(states, **kept)
