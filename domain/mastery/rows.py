"""Cells of equal size side by side: row k holds the k-th entry of each, so that no step depends on a cell's data."""

import numpy as np
from numpy.typing import NDArray

from domain.mastery.arithmetic import part
from domain.mastery.tables import ROWS, Integers, Op, Rules, Strip, Tie

Rows = NDArray[np.int64]


@part
def group(strip: Strip, n: int) -> None:
    """Put the numbers of n cells into `strip.place`, by size; those of size s begin at `strip.starts[s]`."""
    starts, size = strip.starts, strip.counted
    for s in range(ROWS + 2):
        starts[s] = 0
    for j in range(n):
        large = size[j] > ROWS
        strip.aside[j] |= large
        starts[0 if large else size[j]] += 1
    at = 0
    for s in range(ROWS + 2):
        at, starts[s] = at + starts[s], at
    for j in range(n):
        s = 0 if size[j] > ROWS else size[j]
        strip.place[starts[s]] = j
        starts[s] += 1
    for s in range(ROWS, -1, -1):
        starts[s + 1] = starts[s]
    starts[0] = 0


@part
def take_highest(rows: Rows, rest: Rows, highest: Integers, size: int, m: int) -> None:
    """Part the highest value of each of m cells from the rest. What is read is not written, or it were no vectors."""
    first = rows[0]
    for j in range(m):
        highest[j] = first[j]
    for k in range(1, size):
        row, left = rows[k], rest[k - 1]
        for j in range(m):
            left[j] = min(highest[j], row[j])
            highest[j] = max(highest[j], row[j])


@part
def add_ranked(strip: Strip, size: int, ranks: tuple[int, int], m: int) -> None:
    """Weigh the entries from the first rank to before the second by 1, of m cells; the lowest value has rank 0."""
    low, high = ranks
    total, by, highest = strip.row_sum, strip.row_by, strip.most
    for j in range(m):
        total[j] = 0
        by[j] = high - low
    for rank in range(size - 1, low - 1, -1):
        if (size - rank) % 2:
            take_highest(strip.rows, strip.other_rows, highest, rank + 1, m)
        else:
            take_highest(strip.other_rows, strip.rows, highest, rank + 1, m)
        if rank < high:
            for j in range(m):
                total[j] += highest[j]


@part
def add_modes(rules: Rules, strip: Strip, size: int, m: int) -> None:
    """Choose the most frequent value of each of m cells; a value has all its occurrences behind it at its last."""
    total, by, most, often = strip.row_sum, strip.row_by, strip.most, strip.often
    recent, highest, mean = rules.amount == Tie.MOST_RECENT, rules.amount == Tie.HIGHEST, rules.amount == Tie.MEAN
    for j in range(m):
        most[j] = total[j] = 0
        by[j] = 1
    for k in range(size):
        row = strip.rows[k]
        for j in range(m):
            often[j] = 1
        for earlier in range(k):
            before = strip.rows[earlier]
            for j in range(m):
                often[j] += before[j] == row[j]
        if mean:
            for j in range(m):
                more, same = often[j] > most[j], often[j] == most[j]
                total[j] = row[j] if more else total[j] + same * row[j]
                by[j] = 1 if more else by[j] + same
                most[j] = max(most[j], often[j])
        else:
            for j in range(m):
                wins = recent | ((row[j] > total[j]) == highest)
                better = (often[j] > most[j]) | ((often[j] == most[j]) & wins)
                total[j] = row[j] if better else total[j]
                most[j] = max(most[j], often[j])


@part
def add_by_age(rules: Rules, strip: Strip, size: int, m: int) -> None:
    """Weigh each entry of m cells by the decay table; the oldest keeps what has not decayed."""
    total, near, by = strip.row_sum, strip.row_near, strip.row_by
    weights = 0
    for j in range(m):
        total[j] = 0
        near[j] = 0.0
    for k in range(max(size - len(rules.recent), 0), size):
        weight = rules.recent[size - 1 - k]
        if k == 0:
            weight = rules.oldest[size - 1]
        weights += weight
        row, real = strip.rows[k], float(weight)
        for j in range(m):
            total[j] += weight * row[j]
            near[j] += real * row[j]
    for j in range(m):
        by[j] = weights


@part
def combine_group(rules: Rules, strip: Strip, size: int, m: int) -> None:
    """Sum up the rows of m cells of one size."""
    op, amount = rules.op, min(rules.amount, size)
    if op == Op.MODE:
        add_modes(rules, strip, size, m)
    elif op == Op.DECAYING:
        add_by_age(rules, strip, size, m)
    else:
        low, high = size - amount, size
        if op == Op.MEDIAN:
            low, high = (size - 1) // 2, size // 2 + 1
        elif op == Op.LOWEST:
            low, high = 0, amount
        elif op == Op.WITHOUT_LOWEST:
            low = amount
        add_ranked(strip, size, (low, high), m)


@part
def lay_rows(strip: Strip, value: Integers, cells: Integers, size: int) -> None:
    """Lay the entries of cells of one size side by side."""
    at = strip.at
    for j in range(len(cells)):
        at[j] = strip.offsets[cells[j]]
    for k in range(size):
        row = strip.rows[k]
        for j in range(len(cells)):
            row[j] = value[at[j] + k]


@part
def combine_rows(rules: Rules, strip: Strip, n: int, value: Integers) -> None:
    """Sum up the values of n cells as the operation says, one size after the other."""
    group(strip, n)
    for j in range(n):
        strip.sum[j] = strip.by[j] = 0
    for size in range(1, ROWS + 1):
        cells = strip.place[strip.starts[size] : strip.starts[size + 1]]
        if len(cells):
            lay_rows(strip, value, cells, size)
            combine_group(rules, strip, size, len(cells))
            for j in range(len(cells)):
                strip.sum[cells[j]] = strip.row_sum[j]
                strip.by[cells[j]] = strip.row_by[j]
            if rules.op == Op.DECAYING:
                for j in range(len(cells)):
                    strip.near[cells[j]] = strip.row_near[j]
