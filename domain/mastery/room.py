"""What the compiled functions read and write: views of cells, and room to work and for results."""

from typing import Any, Final

import numpy as np

from domain.mastery.cells import Cells
from domain.mastery.tables import (
    KINDS_COUNTED,
    ROWS,
    SHARED,
    STRIP_CELLS,
    STRIP_ENTRIES,
    WINDOWS,
    Columns,
    Results,
    Rules,
    Status,
    Strip,
    Work,
)

CACHE_LINE: Final = 8
"""Numbers that keep rows from lying a power of two apart, where they would push each other out of the cache."""


def columns_of(cells: Cells) -> Columns:
    """Return plain read-only views, so that memory-mapped and ordinary arrays share one compiled signature."""
    return Columns(**{name: _read_only(column) for name, column in cells.columns.items()})


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


def room_for(n: int, *, judged: bool = True) -> Results:
    """Return room for the results of n cells; without judgements, none for levels that they make."""
    return Results(
        value=np.empty(n, np.int64),
        level=np.empty(n, np.int16),
        effective=np.empty(n if judged else 0, np.int16),
        status=np.full(n, Status.LEFT, np.uint8),
        counted=np.empty(n, np.int32),
    )


def strip_room() -> Strip:
    """Return room for a strip of cells; it serves one thread."""
    by_cell = {name: np.empty(STRIP_CELLS, np.int64) for name in Strip._fields}
    numbers = ("run", "other_run", "weight", "cell", "picked")
    by_entry = {name: np.empty(STRIP_ENTRIES + 1, np.int64) for name in numbers}
    small = {name: np.empty(STRIP_ENTRIES + 1, np.int32) for name in ("key", "kept", "alike", "picked_kind")}
    others = {
        "offsets": np.empty(STRIP_CELLS + 1, np.int64),
        "window": np.empty(WINDOWS * STRIP_ENTRIES + 1, np.int64),
        "steps": np.array([max(size.bit_length() - 1, 0) for size in range(1 << WINDOWS)], np.int64),
        "starts": np.empty(ROWS + 2, np.int64),
        "rows": np.empty((ROWS, STRIP_CELLS + CACHE_LINE), np.int64),
        "other_rows": np.empty((ROWS, STRIP_CELLS + CACHE_LINE), np.int64),
        "near": np.empty(STRIP_CELLS),
        "row_near": np.empty(STRIP_CELLS),
        "of_kind": np.empty(STRIP_CELLS * KINDS_COUNTED, np.int32),
        "share": np.empty(SHARED + 1, np.int64),
        "ones": _read_only(np.ones(STRIP_ENTRIES, np.int32)),
        "found": _read_only(by_entry["picked"]),
        "found_kind": _read_only(small["picked_kind"]),
    }
    return Strip(**by_cell | by_entry | small | others)


def _read_only(array: Any) -> Any:
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view
