"""How a change falls on groups of learners, without showing a few of them; and who falls more than the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.kernel.envelope import Part
from domain.mastery.suppression import LEAST_PEOPLE, hidden

NOT_SAID: Final = "not said"
"""The group of the learners of whom the roster says nothing."""
FLAG_RATIO: Final = "1.25"
"""A group that falls so much more often than the rest is flagged: the four-fifths rule the other way round.

Source: 29 CFR 1607.4 D.
"""
_PLACES: Final = Decimal("0.01")

Int64s = NDArray[np.int64]


class Outcome(IntEnum):
    """What becomes of a cell's level."""

    FELL = 0
    STAYED = 1
    ROSE = 2


class Group(Part):
    """The cells of one group of learners. A number behind which few people stand is null, and so are others then."""

    name: str
    learners: int | None
    cells: int | None
    fell: int | None
    stayed: int | None
    rose: int | None
    falls_ratio: str | None = None
    """How many times as often its cells fall as all others; null where that can't be said, or the others never do."""
    flagged: bool = False
    """Whether they fall more often by more than the ratio that was set."""


class Dimension(Part):
    """All learners, each in one group: by school, by grade, by a kind of subgroup."""

    name: str
    groups: tuple[Group, ...]

    @property
    def is_whole(self) -> bool:
        """Whether no number is hidden."""
        return all(None not in (one.cells, one.fell, one.stayed, one.rose) for one in self.groups)


@dataclass(frozen=True)
class Counted:
    """Of each group: cells and the learners behind them, by outcome, and all its learners."""

    cells: Int64s
    people: Int64s
    members: Int64s


def dimension(name: str, names: Sequence[str], counted: Counted, flag_ratio: str) -> Dimension | None:
    """Return the groups that have members, by name; None where there are no two to compare.

    Args:
        name: what learners are divided by.
        names: of the groups.
        counted: group by group.
        flag_ratio: decimal text, see `FLAG_RATIO`.
    """
    there = [
        group
        for group in sorted(range(len(names)), key=lambda group: _in_order(names[group]))
        if counted.members[group]
    ]
    if len(there) < 2:  # noqa: PLR2004 - one group is the whole
        return None
    counts, members = counted.cells[there], counted.members[there]
    unsaid = next((row for row, group in enumerate(there) if names[group] == NOT_SAID), None)
    mask = hidden(counts, counted.people[there], members, LEAST_PEOPLE, unsaid)
    groups = []
    for row, group in enumerate(there):
        fell, stayed, rose, cells = (
            None if is_hidden else int(number)
            for number, is_hidden in zip([*counts[row], counts[row].sum()], mask[row], strict=True)
        )
        ratio, flagged = _ratio(fell, cells, counts.sum(axis=0), Fraction(flag_ratio))
        groups.append(
            Group(
                name=names[group],
                learners=None if cells is None else int(members[row]),
                cells=cells,
                fell=fell,
                stayed=stayed,
                rose=rose,
                falls_ratio=ratio,
                flagged=flagged,
            )
        )
    return Dimension(name=name, groups=tuple(groups))


def _in_order(name: str) -> tuple[bool, int, str]:
    """Return what names are sorted by: numbers, such as grades, by their size, before words."""
    return not name.isdecimal(), int(name) if name.isdecimal() else 0, name


def _ratio(fell: int | None, cells: int | None, whole: Int64s, flag_ratio: Fraction) -> tuple[str | None, bool]:
    """Return how much more often a group falls than the rest, and whether that is too much."""
    if fell is None or not cells:
        return None, False
    rest_fell, rest = int(whole[Outcome.FELL]) - fell, int(whole.sum()) - cells
    if not rest_fell or not rest:
        return None, bool(fell and rest)
    ratio = Fraction(fell * rest, cells * rest_fell)
    shown = (Decimal(ratio.numerator) / ratio.denominator).quantize(_PLACES, ROUND_HALF_UP)
    return str(shown), ratio > flag_ratio
