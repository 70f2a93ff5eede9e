"""Evaluate a compiled policy on cells: one cell or fifty million, the same rules (`domain.mastery.rules`)."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from domain.kernel.errors import Invalid
from domain.mastery.cells import Cells
from domain.mastery.compile import Compiled
from domain.mastery.rules import evaluate_cells
from domain.mastery.tables import NO_VALUE, Columns, Results, Rules, Status, Work

__all__ = ["NO_VALUE", "Results", "Status", "evaluate"]


def evaluate(cells: Cells, compiled: Compiled, workers: int = 1) -> Results:
    """Return the level of each cell; `workers` threads share the cells, the result does not depend on them.

    Raises:
        Invalid: cell-out-of-bounds, for a cell whose sums would leave 64 bits.
    """
    compiled.check_covers(cells)
    out = room_for(len(cells))
    if workers == 1:
        run(cells, compiled.rules, (0, len(cells)), out)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda span: run(cells, compiled.rules, span, out), pairwise(_borders(cells, workers))))
    refuse_beyond_bounds(out)
    return out


def run(cells: Cells, rules: Rules, span: tuple[int, int], out: Results) -> Work:
    """Evaluate the cells span[0] to span[1] - 1 into `out`; return the work of the last one."""
    n = cells.largest
    work = Work(
        fate=np.empty(n, np.uint8),
        entry=np.empty(n, np.int64),
        value=np.empty(n, np.int64),
        weight=np.empty(n, np.int64),
        rank=np.arange(n, dtype=np.int64),
        order=np.empty(n, np.int64),
        key=np.empty(n, np.int64),
        by_kind=np.zeros(len(rules.kind_weight), np.int64),
        have=np.zeros(len(rules.clauses), np.int64),
    )
    evaluate_cells(_columns(cells), rules, work, span, out)
    return work


def refuse_beyond_bounds(out: Results) -> None:
    """Refuse results of cells whose sums would leave 64 bits.

    Raises:
        Invalid: cell-out-of-bounds.
    """
    beyond = np.flatnonzero(out.status == Status.OUT_OF_BOUNDS)
    if len(beyond):
        raise Invalid("cell-out-of-bounds", "scores and weights are too large to add up", cell=int(beyond[0]))


def _columns(cells: Cells) -> Columns:
    """Return plain read-only views, so that memory-mapped and ordinary arrays share one compiled signature."""
    views = {}
    for name, column in cells.columns.items():
        views[name] = np.asarray(column).view()
        views[name].flags.writeable = False
    return Columns(**views)


def room_for(n: int) -> Results:
    """Return room for the results of n cells."""
    return Results(
        value=np.empty(n, np.int64),
        level=np.empty(n, np.int16),
        effective=np.empty(n, np.int16),
        status=np.empty(n, np.uint8),
        counted=np.empty(n, np.int32),
    )


def _borders(cells: Cells, workers: int) -> list[int]:
    """Return cell numbers that cut the entries into equal shares."""
    shares = np.linspace(0, len(cells.value), workers + 1)[1:-1]
    return [0, *np.searchsorted(cells.offsets, shares).tolist(), len(cells)]
