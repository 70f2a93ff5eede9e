"""What a policy would do to a district: how many cells go from which level to which, and for whom."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from domain.kernel.envelope import Part
from domain.kernel.scores import to_micro
from domain.mastery.equity import Dimension
from domain.policy.document import PolicyDocument

NO_LEVEL: Final = "none"
"""How a matrix names the level of a cell that has none; it lies below every other."""


class LostActs(Part):
    """How many advancements or credits rest on something mastered that would be so no more."""

    kind: str
    acts: int


class Impact(Part):
    """What a policy would do to the cells that it decides on, and to others whose rule or level it changes.

    Such others are those that it locks a stage for, that it leaves, or that are made of cells in its scope.
    The numbers of the whole are shown, however small.
    """

    learners: int
    learners_moved: int
    cells: int
    moved: int
    fell: int
    rose: int
    levels: tuple[str, ...]
    """Those that occur, the lowest first."""
    matrix: dict[str, dict[str, int]]
    """Level before -> level after -> cells."""
    flag_ratio: str
    dimensions: tuple[Dimension, ...] = ()
    acts: tuple[LostActs, ...] = ()


def order_of_levels(documents: Iterable[PolicyDocument]) -> list[str]:
    """Return the levels of policies, the lowest first: those of the first one, then others where they belong.

    A level that only a later policy has comes right after the one that it follows there.
    """
    order = [NO_LEVEL]
    for document in documents:
        before = NO_LEVEL
        for level in sorted(document.levels, key=lambda level: to_micro(level.at)):
            if level.code not in order:
                order.insert(order.index(before) + 1, level.code)
            before = level.code
    return order


def matrix_of(moves: Mapping[tuple[str, str], int], order: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return level before -> level after -> cells, both in the order of the levels."""
    matrix: dict[str, dict[str, int]] = {}
    for (before, after), cells in sorted(moves.items(), key=lambda one: [*map(order.index, one[0])]):
        matrix.setdefault(before, {})[after] = cells
    return matrix
