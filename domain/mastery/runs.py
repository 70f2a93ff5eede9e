"""Sums over the cells of a strip, as differences of one running total."""

from domain.mastery.arithmetic import part
from domain.mastery.shares import count_of_kinds
from domain.mastery.tables import STRIP_ENTRIES, WINDOWS, Integers, Need, Op, Rules, Strip


@part
def sum_each(run: Integers, strip: Strip, n: int, sums: Integers) -> None:
    """Sum up the numbers run[1], run[2] ... of each of n cells; they become a running total."""
    total = run[0] = 0
    for i in range(strip.offsets[n]):
        total += run[i + 1]
        run[i + 1] = total
    for j in range(n):
        sums[j] = run[strip.offsets[j + 1]] - run[strip.offsets[j]]


@part
def sum_both(strip: Strip, n: int) -> None:
    """Sum up `run` as `by` and `other_run` as `sum`, of each of n cells: two totals take no longer than one."""
    run, other, offsets = strip.run, strip.other_run, strip.offsets
    by = total = run[0] = other[0] = 0
    for i in range(offsets[n]):
        by += run[i + 1]
        total += other[i + 1]
        run[i + 1] = by
        other[i + 1] = total
    for j in range(n):
        strip.by[j] = run[offsets[j + 1]] - run[offsets[j]]
        strip.sum[j] = other[offsets[j + 1]] - other[offsets[j]]


@part
def sum_weighted(strip: Strip, n: int, value: Integers) -> None:
    """Weigh the entries by their weights."""
    weight, run, other = strip.weight, strip.run, strip.other_run
    for i in range(len(value)):
        run[i + 1] = weight[i]
        other[i + 1] = weight[i] * value[i]
    sum_both(strip, n)


@part
def sum_at_or_above(rules: Rules, strip: Strip, n: int, value: Integers) -> None:
    """Weigh the entries that reach the bar by 1."""
    bar, run, other = rules.amount, strip.run, strip.other_run
    for i in range(len(value)):
        run[i + 1] = value[i] >= bar
        other[i + 1] = value[i] if value[i] >= bar else 0
    sum_both(strip, n)


@part
def sum_latest(rules: Rules, strip: Strip, n: int) -> None:
    """Weigh the latest entries, or the latest and the rest; `strip.run` is the running total of the values."""
    run, offsets = strip.run, strip.offsets
    if rules.op == Op.LATEST:
        for j in range(n):
            strip.by[j] = min(rules.amount, strip.counted[j])
            strip.sum[j] = run[offsets[j + 1]] - run[offsets[j + 1] - strip.by[j]]
    else:
        rest = rules.whole - rules.amount
        for j in range(n):
            others = strip.counted[j] - 1
            before = run[max(offsets[j + 1] - 1, 0)]
            latest = run[offsets[j + 1]] - before
            strip.sum[j] = rest * (before - run[offsets[j]]) + rules.amount * others * latest
            strip.by[j] = rules.whole * others
            if others <= 0:
                strip.sum[j] = latest
                strip.by[j] = others + 1


@part
def find_extremes(rules: Rules, strip: Strip, n: int, value: Integers) -> None:
    """Find the highest or lowest value of each cell, as that of two windows of 1, 2, 4 ... entries that cover it."""
    m, window, offsets, size = len(value), strip.window, strip.offsets, strip.counted
    sign = 1 if rules.op == Op.HIGHEST else -1
    largest = 1
    for j in range(n):
        largest = max(largest, size[j])
        strip.aside[j] |= size[j] >> WINDOWS > 0
    for i in range(m):
        window[i] = value[i] if sign > 0 else -value[i]
    for step in range(1, WINDOWS):
        half, here = 1 << (step - 1), step * STRIP_ENTRIES
        if largest >> step:
            for i in range(m - half):
                window[here + i] = max(window[here - STRIP_ENTRIES + i], window[here - STRIP_ENTRIES + i + half])
    for j in range(n):
        step = strip.steps[min(size[j], (1 << WINDOWS) - 1)]
        first, last = step * STRIP_ENTRIES + offsets[j], step * STRIP_ENTRIES + offsets[j + 1] - (1 << step)
        strip.sum[j] = sign * max(window[first], window[max(last, 0)])
        strip.by[j] = size[j] > 0


@part
def take_latest(strip: Strip, n: int, value: Integers) -> None:
    """Weigh the latest entry of each of n cells by 1."""
    for j in range(n):
        strip.by[j] = strip.counted[j] > 0
        strip.sum[j] = value[strip.offsets[j + 1] - 1] if strip.counted[j] else 0


@part
def combine_runs(rules: Rules, strip: Strip, n: int, value: Integers) -> None:
    """Sum up the values of n cells as the operation says."""
    op = rules.op
    if op in (Op.HIGHEST, Op.LOWEST):
        find_extremes(rules, strip, n, value)
    elif op in (Op.WEIGHTED_MEAN, Op.MEAN_OF_KINDS):
        sum_weighted(strip, n, value)
    elif op == Op.MEAN_AT_OR_ABOVE:
        sum_at_or_above(rules, strip, n, value)
    elif op == Op.LATEST and rules.amount == 1:
        take_latest(strip, n, value)
    else:
        for i in range(len(value)):
            strip.run[i + 1] = value[i]
        sum_each(strip.run, strip, n, strip.sum)
        for j in range(n):
            strip.by[j] = strip.counted[j]
        if op != Op.MEAN:
            sum_latest(rules, strip, n)


@part
def count_kinds(rules: Rules, strip: Strip, n: int, kind: Integers) -> None:
    """Count the kinds that each of n cells has."""
    kinds = len(rules.kind_weight)
    count_of_kinds(strip, n, kind, kinds)
    for j in range(n):
        strip.have[j] = 0
        for code in range(kinds):
            strip.have[j] += strip.of_kind[j * kinds + code] > 0


@part
def count_at_or_above(rules: Rules, strip: Strip, n: int, value: Integers, kind: Integers, clause: int) -> None:  # noqa: PLR0917 - compiled code has no keywords
    """Count the entries of the clause's kinds that reach its bar."""
    bar, kinds, run = rules.clauses[clause, 2], rules.clause_kinds[clause], strip.run
    every = 1
    for code in range(len(kinds)):
        every &= kinds[code]
    if every and rules.op == Op.MEAN_AT_OR_ABOVE and rules.amount == bar:
        for j in range(n):
            strip.have[j] = strip.by[j]
        return
    for i in range(len(value)):
        run[i + 1] = value[i] >= bar
    if not every:
        for i in range(len(value)):
            run[i + 1] &= kinds[kind[i]]
    sum_each(run, strip, n, strip.have)


@part
def require(rules: Rules, strip: Strip, n: int, value: Integers, kind: Integers) -> None:
    """Fill `strip.met`."""
    for j in range(n):
        strip.met[j] = 1
    for clause in range(len(rules.clauses)):
        need, count = rules.clauses[clause, 0], rules.clauses[clause, 1]
        if need == Need.COUNT:
            for j in range(n):
                strip.have[j] = strip.counted[j]
        elif need == Need.KINDS:
            count_kinds(rules, strip, n, kind)
        else:
            count_at_or_above(rules, strip, n, value, kind, clause)
        for j in range(n):
            strip.met[j] &= strip.have[j] >= count
