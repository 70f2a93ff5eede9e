"""Entries of one cell that are alike, of one task: all are compared with those 1, 2, 3 ... places on.

The distance is the outer loop, so that the inner one goes over all cells of a strip and has no branch on data.
"""

from domain.mastery.arithmetic import integer, largest, part
from domain.mastery.tables import CODE_BITS, COMPARED, Integers, Keep, Strip


@part
def number_cells(strip: Strip, n: int) -> None:
    """Fill `strip.cell`."""
    cell, m, number = strip.cell, strip.offsets[n], 0
    for i in range(m):
        cell[i] = 0
    for j in range(1, n):
        cell[strip.offsets[j]] += 1
    for i in range(m):
        number += cell[i]
        cell[i] = number


@part
def key_entries(strip: Strip, n: int, codes: Integers) -> bool:
    """Fill `strip.key` from the codes of the entries of n cells; return whether they are small enough for it.

    A negative code is like no other.
    """
    cell, key = strip.cell, strip.key
    number_cells(strip, n)
    for i in range(len(codes)):
        key[i] = (cell[i] << CODE_BITS) | codes[i] if codes[i] >= 0 else -1 - i
    return bool(largest(codes) < 1 << CODE_BITS)


@part
def reach_of(strip: Strip, n: int) -> int:
    """Return the entries of the largest of n cells; those that have too many do not matter, and are put aside."""
    reach = 0
    for j in range(n):
        large = strip.counted[j] > COMPARED
        strip.aside[j] |= large
        reach = max(reach, 0 if large else strip.counted[j])
    return reach


@integer
def keep_latest(key: Integers, kept: Integers, m: int, reach: int) -> None:
    """Keep the latest of the entries that are alike."""
    for d in range(1, reach):
        for i in range(m - d):
            kept[i] &= key[i] != key[i + d]


@integer
def keep_first(key: Integers, kept: Integers, m: int, reach: int) -> None:
    """Keep the first of the entries that are alike."""
    for d in range(1, reach):
        for i in range(m - d):
            kept[i + d] &= key[i] != key[i + d]


@integer
def keep_highest(key: Integers, kept: Integers, value: Integers, reach: int) -> None:
    """Keep the highest of the entries that are alike, of equals the latest."""
    for d in range(1, reach):
        for i in range(len(value) - d):
            kept[i] &= (key[i] != key[i + d]) | (value[i] > value[i + d])
        for i in range(len(value) - d):
            kept[i + d] &= (key[i] != key[i + d]) | (value[i] <= value[i + d])


@part
def keep_one(strip: Strip, keep: int, value: Integers, reach: int) -> None:
    """Clear `strip.kept` where another entry that is alike stays."""
    if keep == Keep.FIRST:
        keep_first(strip.key, strip.kept, len(value), reach)
    elif keep == Keep.HIGHEST:
        keep_highest(strip.key, strip.kept, value, reach)
    else:
        keep_latest(strip.key, strip.kept, len(value), reach)


@part
def add_alike(key: Integers, numbers: Integers, reach: int, sums: Integers) -> None:
    """Add up, for each entry, the numbers of all that are alike, with its own."""
    m = len(numbers)
    for i in range(m):
        sums[i] = numbers[i]
    for d in range(1, reach):
        for i in range(m - d):
            sums[i] += numbers[i + d] if key[i] == key[i + d] else 0
        for i in range(m - d):
            sums[i + d] += numbers[i] if key[i] == key[i + d] else 0
