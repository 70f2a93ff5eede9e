"""Sums over the cells of a strip, as differences of one running total."""

from domain.mastery.arithmetic import part
from domain.mastery.tables import STRIP_ENTRIES, WINDOWS, Columns, Integers, Need, Op, Rules, Strip


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
def weigh_by_table(weight: Integers, codes: Integers, selected: Integers, weights: Integers) -> None:
    """Multiply the weight of each entry by that of its code; codes that make no difference are not read."""
    least = most = selected[0] * weights[0]
    for code in range(len(selected)):
        least = min(least, selected[code] * weights[code])
        most = max(most, selected[code] * weights[code])
    if least < most:
        for i in range(len(weight)):
            weight[i] *= selected[codes[i]] * weights[codes[i]]
    elif most != 1:
        for i in range(len(weight)):
            weight[i] *= most


@part
def weigh_entries(columns: Columns, rules: Rules, strip: Strip, low: int, high: int) -> int:
    """Fill `strip.weight`; return the least. What is not selected weighs nothing."""
    if high == low:
        return 1
    weight, own = strip.weight[: high - low], columns.weight[low:high]
    for i in range(len(weight)):
        weight[i] = own[i] if rules.own_weight else 1
    weigh_by_table(weight, columns.kind[low:high], rules.kind_selected, rules.kind_weight)
    weigh_by_table(weight, columns.role[low:high], rules.role_selected, rules.role_selected)
    least = weight[0]
    for i in range(len(weight)):
        least = min(least, weight[i])
    return least


@part
def sum_selected(columns: Columns, rules: Rules, strip: Strip, n: int, low: int) -> None:
    """Weigh the entries that are selected: by their weights, or each that reaches the bar by 1."""
    m, own, every, bar = strip.offsets[n], rules.op == Op.WEIGHTED_MEAN, rules.op == Op.MEAN, rules.amount
    value, weight, run, other = columns.value[low : low + m], strip.weight, strip.run, strip.other_run
    if not weigh_entries(columns, rules, strip, low, low + m):
        for i in range(m):
            run[i + 1] = weight[i] > 0
        sum_each(run, strip, n, strip.counted)
    if own:
        for i in range(m):
            run[i + 1] = weight[i]
            other[i + 1] = weight[i] * value[i]
    else:
        for i in range(m):
            has = (weight[i] > 0) & (every | (value[i] >= bar))
            run[i + 1] = has
            other[i + 1] = value[i] if has else 0
    sum_both(strip, n)


@part
def sum_at_or_above(columns: Columns, rules: Rules, strip: Strip, n: int, low: int) -> None:
    """Weigh the entries that reach the bar by 1."""
    m, bar = strip.offsets[n], rules.amount
    value, run, other = columns.value[low : low + m], strip.run, strip.other_run
    for i in range(m):
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
def find_extremes(columns: Columns, rules: Rules, strip: Strip, n: int, low: int) -> None:
    """Find the highest or lowest value of each cell, as that of two windows of 1, 2, 4 ... entries that cover it."""
    m = strip.offsets[n]
    value, window, offsets, size = columns.value[low : low + m], strip.window, strip.offsets, strip.counted
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
def combine_runs(columns: Columns, rules: Rules, strip: Strip, n: int, low: int) -> None:
    """Sum up the values of n cells as the operation says."""
    op, value = rules.op, columns.value[low : low + strip.offsets[n]]
    if op in (Op.HIGHEST, Op.LOWEST):
        find_extremes(columns, rules, strip, n, low)
    elif op == Op.WEIGHTED_MEAN or rules.selects:
        sum_selected(columns, rules, strip, n, low)
    elif op == Op.MEAN_AT_OR_ABOVE:
        sum_at_or_above(columns, rules, strip, n, low)
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
def count_at_or_above(columns: Columns, rules: Rules, strip: Strip, n: int, low: int, clause: int) -> None:  # noqa: PLR0917 - compiled code has no keywords
    """Count the selected entries of the clause's kinds that reach its bar."""
    m, bar, kinds, run = strip.offsets[n], rules.clauses[clause, 2], rules.clause_kinds[clause], strip.run
    value, kind = columns.value[low : low + m], columns.kind[low : low + m]
    every = 1
    for code in range(len(kinds)):
        every &= kinds[code]
    if every and rules.op == Op.MEAN_AT_OR_ABOVE and rules.amount == bar:
        for j in range(n):
            strip.have[j] = strip.by[j]
        return
    for i in range(m):
        run[i + 1] = value[i] >= bar
    if not every:
        for i in range(m):
            run[i + 1] &= kinds[kind[i]]
    if rules.selects:
        weigh_entries(columns, rules, strip, low, low + m)
        for i in range(m):
            run[i + 1] &= strip.weight[i] > 0
    sum_each(run, strip, n, strip.have)


@part
def require(columns: Columns, rules: Rules, strip: Strip, n: int, low: int) -> None:
    """Fill `strip.met`."""
    for j in range(n):
        strip.met[j] = 1
    for clause in range(len(rules.clauses)):
        if rules.clauses[clause, 0] == Need.COUNT:
            for j in range(n):
                strip.have[j] = strip.counted[j]
        else:
            count_at_or_above(columns, rules, strip, n, low, clause)
        count = rules.clauses[clause, 1]
        for j in range(n):
            strip.met[j] &= strip.have[j] >= count
