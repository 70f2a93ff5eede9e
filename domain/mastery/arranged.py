"""The entries of cells as the rules bring them to the combination: for what is folded outside the compiled rules.

Compiled by itself when it is first needed, so that the other policies need not wait for it.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from domain.kernel.scores import MICRO
from domain.mastery.arithmetic import entry
from domain.mastery.cells import Cells, Int64s, Vocabulary, time_or_none
from domain.mastery.entries import arrange
from domain.mastery.room import columns_of, work_for
from domain.mastery.tables import Columns, Integers, Rules, Work


class Piece(NamedTuple):
    """One score that counts: its value (normalised, replaced) and its weight in micro-units, its clock or None."""

    value: int
    weight: int
    kind: str
    task: str | None
    at_us: int | None


class Arranged(NamedTuple):
    """Cell after cell the entries that count, in order: cell c holds those from ends[c] to before ends[c + 1]."""

    ends: Int64s
    entry: Int64s
    value: Int64s


class Arrangement(NamedTuple):
    """`Arranged` as the compiled function writes it."""

    ends: Integers
    entry: Integers
    value: Integers


@entry
def arrange_cells(columns: Columns, rules: Rules, work: Work, cells: int, out: Arrangement) -> None:
    """Write the entries that count of each cell, in order."""
    place = 0
    for cell in range(cells):
        n = arrange(columns, rules, work, columns.offsets[cell], columns.offsets[cell + 1])
        for k in range(n):
            out.entry[place + k], out.value[place + k] = work.entry[k], work.value[k]
        place += max(n, 0)
        out.ends[cell + 1] = place


def arranged(cells: Cells, rules: Rules) -> Arranged:
    """Return the entries that count, in order; a cell whose values would leave 64 bits has none."""
    n = len(cells.value)
    out = Arranged(np.zeros(len(cells) + 1, np.int64), np.empty(n, np.int64), np.empty(n, np.int64))
    arrange_cells(columns_of(cells), rules, work_for(cells, rules), len(cells), Arrangement(*out))
    return out


def pieces_of(cells: Cells, rules: Rules, vocabulary: Vocabulary, *, own_weight: bool) -> Iterator[list[Piece]]:
    """Return the pieces of each cell; a weight is that of the kind, times the piece's own with `own_weight`."""
    whole = arranged(cells, rules)
    rows = whole.entry[: whole.ends[-1]]
    kinds, tasks = vocabulary.kinds.words, vocabulary.tasks.words
    own = cells.weight[rows].tolist() if own_weight else [MICRO] * len(rows)
    pieces = [
        Piece(
            value=value,
            weight=weight * int(rules.kind_weight[kind]) // MICRO,
            kind=kinds[kind],
            task=tasks[task] if task >= 0 else None,
            at_us=time_or_none(at),
        )
        for value, weight, kind, task, at in zip(
            whole.value[: len(rows)].tolist(),
            own,
            cells.kind[rows].tolist(),
            cells.task[rows].tolist(),
            cells.occurred_us[rows].tolist(),
            strict=True,
        )
    ]
    ends = whole.ends.tolist()
    return (pieces[low:high] for low, high in pairwise(ends))
