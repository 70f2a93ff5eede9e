"""Many cells at once: the rules as loops over a strip of neighbouring cells, that the compiler makes vectors of.

`domain.mastery.rules` says what a policy makes of one cell; here stands the same for a few hundred cells at a time. A
cell that does not fit (scores out of order, very many of them) is put aside for the rules. That both always say the
same is a law in the tests. Source: docs/decisions/0022-cells-in-strips.md.
"""

from typing import Final

import numpy as np

from domain.mastery.arithmetic import entry, inner, integer, largest, nearest, part
from domain.mastery.rows import combine_rows
from domain.mastery.rules import prevailing
from domain.mastery.runs import combine_runs, require
from domain.mastery.shares import weigh_entries, weigh_kinds
from domain.mastery.sift import sift, sifts
from domain.mastery.tables import (
    KINDS_COUNTED,
    LIMIT,
    NO_VALUE,
    SMALL_BITS,
    STRIP_CELLS,
    STRIP_ENTRIES,
    TOTAL_MAX,
    Clock,
    Columns,
    Integers,
    Need,
    Op,
    Results,
    Rounding,
    Rules,
    Status,
    Strip,
)

ROWWISE: Final = (Op.DECAYING, Op.WITHOUT_LOWEST, Op.MEDIAN, Op.MODE)
"""Operations that look at more than running totals."""


def takes_strips(rules: Rules) -> bool:
    """Return whether the kinds, if they are counted, are few enough, and decay weights add up to no more than fits."""
    counts = rules.op == Op.MEAN_OF_KINDS or Need.KINDS in rules.clauses[:, 0]
    few = not counts or len(rules.kind_weight) <= KINDS_COUNTED
    return few and int(np.asarray(rules.recent).sum()) < TOTAL_MAX >> 1


@part
def lay_out(strip: Strip, offsets: Integers) -> None:
    """Begin a strip whose cells begin and end at these entries."""
    for j in range(len(offsets)):
        strip.offsets[j] = offsets[j] - offsets[0]
    for j in range(len(offsets) - 1):
        strip.counted[j] = offsets[j + 1] - offsets[j]
        strip.aside[j] = 0


@integer
def strip_end(columns: Columns, first: int, end: int) -> int:
    """Return the end of the strip that begins with a cell; `first` itself if that cell is too large for one."""
    end = min(end, first + STRIP_CELLS)
    while columns.offsets[end] - columns.offsets[first] > STRIP_ENTRIES:
        end = first + (end - first) // 2
    return end


@part
def heaviest(columns: Columns, rules: Rules, weight: Integers, low: int, high: int) -> int:
    """Return a bound of the weight of an entry; LIMIT where it may be above. `weight` has the shares in kinds."""
    if rules.op == Op.LATEST_VERSUS_REST:
        return rules.whole
    if rules.op == Op.MEAN_OF_KINDS:
        return max(largest(weight), 1)
    if rules.op != Op.WEIGHTED_MEAN:
        return 1
    by_kind, own = largest(rules.kind_weight), 1
    if rules.own_weight:
        own = max(largest(columns.weight[low:high]), 1)
    return by_kind * own if by_kind <= LIMIT // own else LIMIT


@part
def fits(rules: Rules, strip: Strip, n: int, value: Integers, weight: int) -> bool:
    """Return whether no weighted sum of a cell leaves 64 bits, nor is refused by the rules."""
    top, size = largest(value), largest(strip.counted[:n]) + 1
    if rules.op == Op.DECAYING:
        return bool(top < 2**SMALL_BITS)
    if weight > (TOTAL_MAX >> 1) // size:
        return False
    return bool(weight == 1 or top < min(2**SMALL_BITS, LIMIT // (weight * size)))


@part
def put_aside_disordered(columns: Columns, rules: Rules, strip: Strip, n: int, low: int) -> None:
    """Put the cells aside whose entries do not stand in the declared order.

    Entries that come late are counted, without those that are the first of their cell: hardly ever one remains.
    """
    clock = columns.position
    if rules.clock == Clock.OCCURRED:
        clock = columns.occurred_us
    elif rules.clock == Clock.RECORDED:
        clock = columns.recorded_us
    offsets, run = strip.offsets, strip.run
    clock, position = clock[low : low + offsets[n]], columns.position[low : low + offsets[n]]
    late = run[0] = 0
    for i in range(1, len(clock)):
        run[i] = (clock[i] < clock[i - 1]) | ((clock[i] == clock[i - 1]) & (position[i] <= position[i - 1]))
        late += run[i]
    for j in range(n):
        if offsets[j] < offsets[j + 1]:
            late -= run[offsets[j]]
    if late:
        for j in range(n):
            for i in range(offsets[j] + 1, offsets[j + 1]):
                strip.aside[j] |= run[i]


@part
def divide_sums(rules: Rules, strip: Strip, n: int) -> None:
    """Turn the sums of n cells into values, rounded as declared: to a millionth first unless all was exact so far."""
    unit = rules.unit
    if rules.op != Op.DECAYING:
        for j in range(n):
            strip.near[j] = strip.sum[j]
    if rules.exact:
        for j in range(n):
            strip.value[j] = nearest(strip.sum[j], strip.near[j], max(strip.by[j], 1) * unit, rules.rounding) * unit
    else:
        for j in range(n):
            value = nearest(strip.sum[j], strip.near[j], max(strip.by[j], 1), Rounding.HALF_UP)
            strip.value[j] = nearest(value, float(value), unit, rules.rounding) * unit


@part
def write_results(rules: Rules, strip: Strip, first: int, end: int, out: Results) -> None:
    """Write what follows from the values and from the requirements."""
    value, level = out.value[first:end], out.level[first:end]
    status, counted = out.status[first:end], out.counted[first:end]
    for j in range(end - first):
        determined = (strip.by[j] > 0) & ((strip.met[j] > 0) | (rules.cap >= 0))
        value[j] = strip.value[j] if determined else NO_VALUE
        status[j] = (Status.DETERMINED if determined else Status.INSUFFICIENT) if strip.counted[j] else 0
        counted[j] = strip.counted[j]
        level[j] = -1
    for i in range(len(rules.cuts)):
        cut = rules.cuts[i]
        for j in range(end - first):
            level[j] += value[j] >= cut
    if len(rules.clauses) and rules.cap >= 0:
        for j in range(end - first):
            level[j] = level[j] if strip.met[j] else min(level[j], rules.cap)


@part
def give_back(strip: Strip, n: int, status: Integers) -> int:
    """Leave the cells that are put aside to the rules; return how many."""
    aside = 0
    for j in range(n):
        aside += strip.aside[j]
    if aside:
        for j in range(n):
            if strip.aside[j]:
                status[j] = Status.LEFT
    return aside


@inner
def evaluate_strip(columns: Columns, rules: Rules, strip: Strip, cells: tuple[int, int], out: Results) -> int:
    """Write the results of a strip; return how many cells are left to the rules."""
    first, end = cells
    n, low, high = end - first, columns.offsets[first], columns.offsets[end]
    lay_out(strip, columns.offsets[first : end + 1])
    if rules.clock != Clock.NONE:
        put_aside_disordered(columns, rules, strip, n, low)
    value, kind = columns.value[low:high], columns.kind[low:high]
    every = not rules.selects or weigh_entries(columns, rules, strip, low, high) > 0
    if sifts(rules) or not every:
        if not sift(columns, rules, strip, n, low):
            return n
        value, kind = strip.found[: strip.offsets[n]], strip.found_kind[: strip.offsets[n]]
    if rules.op == Op.MEAN_OF_KINDS:
        weigh_kinds(rules, strip, n, kind)
    if not fits(rules, strip, n, value, heaviest(columns, rules, strip.weight[: len(value)], low, high)):
        return n
    if rules.op in ROWWISE or (rules.op in (Op.HIGHEST, Op.LOWEST) and rules.amount > 1):
        combine_rows(rules, strip, n, value)
    else:
        combine_runs(rules, strip, n, value)
    require(rules, strip, n, value, kind)
    divide_sums(rules, strip, n)
    write_results(rules, strip, first, end, out)
    if len(out.effective):
        for cell in range(first, end):
            out.effective[cell] = prevailing(columns, rules, cell, out.level[cell])
    return give_back(strip, n, out.status[first:end])


@entry
def evaluate_strips(columns: Columns, rules: Rules, strip: Strip, cells: tuple[int, int], out: Results) -> int:
    """Write the results of the cells from the first number to before the second; return how many are left."""
    left, first = 0, cells[0]
    while first < cells[1]:
        end = strip_end(columns, first, cells[1])
        left += evaluate_strip(columns, rules, strip, (first, end), out) if end > first else 1
        first = max(end, first + 1)
    return left
