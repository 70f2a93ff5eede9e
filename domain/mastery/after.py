"""The stages after the combination that the compiled rules leave out: folds, `adjust`, and the levels from them."""

from collections.abc import Iterator
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from domain.kernel.scores import MICRO, to_micro
from domain.mastery.arranged import pieces_of
from domain.mastery.cells import Cells, Int64s, Times
from domain.mastery.compile import Compiled
from domain.mastery.curves import Folded, nearest
from domain.mastery.folds import Fold, fold_of, rounded
from domain.mastery.tables import MET, NO_VALUE, Results, Status
from domain.policy.models import Folding
from domain.policy.outcome import Adjust
from domain.policy.stages import MeanWithExtraCredit


def settle(cells: Cells, compiled: Compiled, out: Results, at_us: Times) -> Folded | None:
    """Replace value and level of each cell by what comes after; return how the last cell was folded, if it was."""
    if not compiled.is_open:
        return None
    met = out.level == MET
    folded = _fold(cells, compiled, out, at_us)
    determined = out.status == Status.DETERMINED
    if compiled.policy.adjust is not None:
        out.value[determined] = _adjusted(compiled.policy.adjust, out.value[determined], out.counted[determined])
    level = np.searchsorted(compiled.cuts, out.value, "right").astype(np.int16) - 1
    level = np.where(met | (compiled.cap < 0), level, np.minimum(level, compiled.cap))
    out.level[:] = np.where(determined, level, -1)
    out.effective[:] = effective(cells, compiled, out.level)
    return folded


def effective(cells: Cells, compiled: Compiled, level: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the judged level of each cell where one holds, else the computed one."""
    judged = compiled.judged_levels(cells.judged)
    return np.where(judged >= 0, judged, level)


def _fold(cells: Cells, compiled: Compiled, out: Results, at_us: Times) -> Folded | None:
    combine = compiled.policy.combine
    if not isinstance(combine, Folding):
        return None
    folded: Folded | None = None
    own_weight = bool(compiled.rules.own_weight) or isinstance(combine, MeanWithExtraCredit)
    every = pieces_of(cells, compiled.rules, compiled.vocabulary, own_weight=own_weight)
    for cell, (pieces, fold) in enumerate(zip(every, _folds(combine, at_us), strict=False)):
        if out.status[cell] == Status.DETERMINED:
            folded = fold(pieces)
            out.value[cell] = NO_VALUE if folded is None else rounded(folded, compiled.rules)
            if folded is None:
                out.status[cell] = Status.INSUFFICIENT
    return folded


def _folds(combine: Folding, at_us: Times) -> Iterator[Fold]:
    """Return the fold of each cell: the same for all, unless each has a time of its own."""
    if isinstance(at_us, np.ndarray):
        return (fold_of(combine, time) for time in at_us.tolist())
    return repeat(fold_of(combine, at_us))


def _adjusted(adjust: Adjust, values: Int64s, counted: NDArray[np.int32]) -> list[int]:
    times = to_micro(adjust.times)
    adjusted = [nearest(value * times, MICRO) for value in values.tolist()]
    if adjust.at_most is not None:
        adjusted = [min(value, to_micro(adjust.at_most)) for value in adjusted]
    for ceiling in adjust.at_most_by_count:
        most = to_micro(ceiling.at_most)
        adjusted = [
            min(value, most) if count <= ceiling.count else value
            for value, count in zip(adjusted, counted.tolist(), strict=True)
        ]
    return adjusted
