"""What the compiled functions read and write: views of cells, and room to work and for results."""

import numpy as np

from domain.mastery.cells import Cells
from domain.mastery.tables import Columns, Results, Rules, Work


def columns_of(cells: Cells) -> Columns:
    """Return plain read-only views, so that memory-mapped and ordinary arrays share one compiled signature."""
    views = {}
    for name, column in cells.columns.items():
        views[name] = np.asarray(column).view()
        views[name].flags.writeable = False
    return Columns(**views)


def work_for(cells: Cells, rules: Rules) -> Work:
    """Return room for the largest cell; it serves one thread."""
    n = cells.largest
    return Work(
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


def room_for(n: int) -> Results:
    """Return room for the results of n cells."""
    return Results(
        value=np.empty(n, np.int64),
        level=np.empty(n, np.int16),
        effective=np.empty(n, np.int16),
        status=np.empty(n, np.uint8),
        counted=np.empty(n, np.int32),
    )
