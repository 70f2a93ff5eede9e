"""Evaluate a compiled policy on cells: one cell or fifty million, the same rules (`domain.mastery.rules`)."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Final

import numpy as np

from domain.kernel.errors import Invalid
from domain.mastery.after import settle
from domain.mastery.cells import Cells, Times
from domain.mastery.compile import Compiled
from domain.mastery.history import in_force, keep_highest, pasts
from domain.mastery.room import columns_of, room_for, strip_room, work_for
from domain.mastery.rules import evaluate_cells
from domain.mastery.strips import evaluate_strips, takes_strips
from domain.mastery.tables import NO_VALUE, Clock, Results, Rules, Status, Work

__all__ = ["NO_VALUE", "Results", "Status", "evaluate"]

MANY: Final = 16_384
"""So many cells are worth having the strips compiled; fewer take the rules a few milliseconds."""


def evaluate(cells: Cells, compiled: Compiled, workers: int = 1, at_us: Times = None) -> Results:
    """Return the level of each cell; `workers` threads share the cells, the result does not depend on them.

    `at_us` matters for policies under which time does: scores from later on and scores that are no longer valid do
    not count. None: no time passes after the last score.

    Raises:
        Invalid: cell-out-of-bounds, for a cell whose sums would leave 64 bits.
    """
    compiled.check_covers(cells)
    cells = current(cells, compiled, at_us)
    out = _evaluate(cells, compiled, at_us, workers)
    hold(cells, compiled, out, at_us)
    return out


def current(cells: Cells, compiled: Compiled, at_us: Times) -> Cells:
    """Return the cells with the scores that count at a time."""
    validity = compiled.policy.validity
    return cells if validity is None or at_us is None else in_force(cells, validity, at_us)


def hold(cells: Cells, compiled: Compiled, out: Results, at_us: Times) -> None:
    """Give cells back the highest level that they had, where the policy keeps it."""
    if compiled.keeps_highest:
        at_us_each = np.broadcast_to(at_us, len(cells)) if at_us is not None else None
        keep_highest(
            cells,
            compiled,
            out,
            lambda past, cell: _evaluate(past, compiled, None if at_us_each is None else at_us_each[cell]),
        )


def reached_by(one: Cells, compiled: Compiled, at_us: int | None) -> Cells:
    """Return a single cell as it was when its level was last at its highest, score after score."""
    reached, best = one, 0
    for past, _ in pasts(one, Clock[compiled.policy.clock.order.upper()]):
        level = _evaluate(past, compiled, at_us).level
        if level.max(initial=-1) >= best:
            best = int(level.max())
            reached = past.one(int(np.flatnonzero(level == best)[-1]))
    return reached


def _evaluate(cells: Cells, compiled: Compiled, at_us: Times, workers: int = 1) -> Results:
    judged = cells.levels > 0
    out = room_for(len(cells), judged=judged)
    if workers == 1:
        run(cells, compiled.rules, (0, len(cells)), out)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda span: run(cells, compiled.rules, span, out), pairwise(_borders(cells, workers))))
    if not judged:
        out = out._replace(effective=out.level)
    refuse_beyond_bounds(out)
    settle(cells, compiled, out, at_us)
    return out


def run(cells: Cells, rules: Rules, span: tuple[int, int], out: Results) -> None:
    """Evaluate the cells span[0] to span[1] - 1 into `out`: many in strips as far as can be, what is left alone."""
    left = span[1] - span[0]
    if left >= MANY:
        left = run_strips(cells, rules, span, out)
    if left:
        run_alone(cells, rules, span, out)


def run_strips(cells: Cells, rules: Rules, span: tuple[int, int], out: Results) -> int:
    """Evaluate in strips what can be; return how many cells are left."""
    if not takes_strips(rules):
        return span[1] - span[0]
    return evaluate_strips(columns_of(cells), rules, strip_room(), span, out)


def run_alone(cells: Cells, rules: Rules, span: tuple[int, int], out: Results) -> Work:
    """Evaluate the cells that are left one by one; return the work of the last one."""
    work = work_for(cells, rules)
    evaluate_cells(columns_of(cells), rules, work, span, out)
    return work


def refuse_beyond_bounds(out: Results) -> None:
    """Refuse results of cells whose sums would leave 64 bits.

    Raises:
        Invalid: cell-out-of-bounds.
    """
    beyond = np.flatnonzero(out.status == Status.OUT_OF_BOUNDS)
    if len(beyond):
        raise Invalid("cell-out-of-bounds", "scores and weights are too large to add up", cell=int(beyond[0]))


def _borders(cells: Cells, workers: int) -> list[int]:
    """Return cell numbers that cut the entries into equal shares."""
    shares = np.linspace(0, len(cells.value), workers + 1)[1:-1]
    return [0, *np.searchsorted(cells.offsets, shares).tolist(), len(cells)]
