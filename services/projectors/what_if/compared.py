"""Cells of a portion under two policy sets, at one position."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from domain.mastery.digest import Coded, Digest, digest_of
from services.projectors.cells.all_cells import coded
from services.projectors.cells.points import CellFacts, Int64s
from services.projectors.cells.states import States


@dataclass(frozen=True)
class Compared:
    """Some cells of a portion, and what the two policy sets say of each, at the same place."""

    facts: CellFacts
    cell: Int64s
    before: States
    after: States

    @property
    def learners(self) -> pa.Array:
        """The learner of each cell."""
        return self._of(self.facts.learners)

    @property
    def competencies(self) -> pa.Array:
        """The competency of each cell."""
        return self._of(self.facts.competencies)

    @cached_property
    def coded_learners(self) -> Coded:
        """The learner of each cell as a code: asked for more than once, and dear."""
        return coded(self.learners)

    def words_of(self, places: NDArray[np.intp]) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Return learner, competency and framework of some of the cells."""
        cell = pa.array(self.cell[places])
        facts = self.facts
        return facts.learners.take(cell), facts.competencies.take(cell), facts.frameworks.take(cell)

    def digest(self) -> Digest:
        """Return the digest of what there would be."""
        there = self.only(self.after.exists)
        return digest_of(there.coded_learners, coded(there.competencies), there.after.levels, there.after)

    def only(self, keep: NDArray[np.bool_]) -> "Compared":
        """Return the cells that are kept."""
        if keep.all():
            return self
        return Compared(self.facts, self.cell[keep], _only(self.before, keep), _only(self.after, keep))

    def _of(self, words: pa.Array) -> pa.Array:
        return words if len(self) == len(words) else words.take(pa.array(self.cell))

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.cell)


def decided_by(states: States, policy_id: str) -> NDArray[np.bool_]:
    """Say of each cell whether a policy decides on it."""
    ours = np.array([ruling.policy_id == policy_id for ruling in states.rulings], bool)
    return ours[states.ruling]


def _only(states: States, keep: NDArray[np.bool_]) -> States:
    columns = {one.name: getattr(states, one.name) for one in fields(states)}
    kept: dict[str, Any] = {name: one[keep] for name, one in columns.items() if isinstance(one, np.ndarray)}
    return replace(states, **kept)
