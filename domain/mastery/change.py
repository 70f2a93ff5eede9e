"""What becomes of levels when one policy replaces another, by what the new one's `hold` says of the change."""

import numpy as np
from numpy.typing import NDArray

from domain.mastery.cells import Cells
from domain.mastery.compile import Compiled
from domain.mastery.history import only, pasts
from domain.mastery.kernel import evaluate
from domain.mastery.tables import Clock

Levels = NDArray[np.int16]


def levels_after_change(cells: Cells, before: Compiled, after: Compiled, at_us: int) -> Levels:
    """Return the level of each cell as an index of the new policy's levels, after the change at a time.

    A level of the old policy that the new one does not have counts as none.
    """
    mode = after.policy.hold.change if after.policy.hold else "recompute"
    if mode == "recompute":
        return evaluate(cells, after).level
    index = {code: i for i, code in enumerate(after.levels)}
    known = np.array([*(index.get(code, -1) for code in before.levels), -1], np.int16)
    earlier = cells.occurred_us < at_us
    if mode == "keep":
        banked = evaluate(only(cells, earlier), before).level
        return np.maximum(known[banked], evaluate(cells, after).level)
    banked = _highest(only(cells, earlier), before, np.iinfo(np.int64).min)
    return np.maximum(known[banked], _highest(cells, after, at_us))


def _highest(cells: Cells, compiled: Compiled, since_us: int) -> Levels:
    """Return the highest level that each cell had after one of its scores, of those from a time on."""
    best = np.full(len(cells), -1, np.int16)
    for past, cell in pasts(cells, Clock[compiled.policy.clock.order.upper()]):
        newest = np.maximum.reduceat(past.occurred_us, past.offsets[:-1])
        level = np.where(newest >= since_us, evaluate(past, compiled).level, -1)
        np.maximum.at(best, cell, level)
    return best
