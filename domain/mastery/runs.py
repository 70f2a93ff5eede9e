"""Sums over the cells of a strip, as differences of one running total."""

from domain.mastery.arithmetic import part
from domain.mastery.tables import WINDOWS, Columns, Integers, Need, Op, Rules, Strip


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
def weigh_by_table(weight: Integers, codes: Integers, selected: Integers, weights: Integers) -> None:
    """Multiply the weight of each entry by that of its code; what is not selected weighs nothing."""
    least = most = selected[0] * weights[0]
    for code in range(len(selected)):
        least = min(least, selected[code] * weights[code])
        most = max(most, selected[code] * weights[code])
    if least == most:
        for i in range(len(weight)):
            weight[i] *= most
    else:
        for i in range(len(weight)):
            weight[i] *= selected[codes[i]] * weights[codes[i]]


@part
def weigh_entries(columns: Columns, rules: Rules, strip: Strip, low: int, high: int) -> None:
    """Fill `strip.weight`; columns whose words make no difference are not read."""
    weight, own = strip.weight[: high - low], columns.weight[low:high]
    for i in range(len(weight)):
        weight[i] = own[i] if rules.own_weight else 1
    if high > low:
        weigh_by_table(weight, columns.kind[low:high], rules.kind_selected, rules.kind_weight)
        weigh_by_table(weight, columns.role[low:high], rules.role_selected, rules.role_selected)


@part
def sum_weighted(columns: Columns, rules: Rules, strip: Strip, n: int, low: int) -> None:
    """Weigh the entries that are selected; of a mean at or above a bar those that reach it."""
    m = strip.offsets[n]
    value, weight, run, weighted = columns.value[low : low + m], strip.weight, strip.run, strip.other_run
    selects, own, every, bar = rules.selects, rules.op == Op.WEIGHTED_MEAN, rules.op == Op.MEAN, rules.amount
    if selects:
        weigh_entries(columns, rules, strip, low, low + m)
        for i in range(m):
            run[i + 1] = weight[i] > 0
        sum_each(run, strip, n, strip.counted)
    for i in range(m):
        has = weight[i] if selects else 1
        has = has if own else (has > 0) & (every | (value[i] >= bar))
        run[i + 1] = has
        weighted[i + 1] = has * value[i]
    sum_each(run, strip, n, strip.by)
    sum_each(weighted, strip, n, strip.sum)


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
    value, window = columns.value[low : low + m], strip.window
    sign = 1 if rules.op == Op.HIGHEST else -1
    largest = 1
    for j in range(n):
        largest = max(largest, strip.counted[j])
    for i in range(m):
        window[0, i] = sign * value[i]
    for step in range(1, WINDOWS):
        half = 1 << (step - 1)
        if largest >> step:
            for i in range(m - half):
                window[step, i] = max(window[step - 1, i], window[step - 1, i + half])
    for j in range(n):
        size = strip.counted[j]
        step = strip.steps[min(size, (1 << WINDOWS) - 1)]
        last = max(strip.offsets[j + 1] - (1 << step), 0)
        strip.sum[j] = sign * max(window[step, min(strip.offsets[j], m)], window[step, last])
        strip.by[j] = size > 0
        strip.aside[j] |= size >> WINDOWS > 0


@part
def combine_runs(columns: Columns, rules: Rules, strip: Strip, n: int, low: int) -> None:
    """Sum up the values of n cells as the operation says."""
    m, op = strip.offsets[n], rules.op
    if op in (Op.HIGHEST, Op.LOWEST):
        find_extremes(columns, rules, strip, n, low)
    elif op in (Op.WEIGHTED_MEAN, Op.MEAN_AT_OR_ABOVE) or rules.selects:
        sum_weighted(columns, rules, strip, n, low)
    else:
        value, run = columns.value[low : low + m], strip.run
        for i in range(m):
            run[i + 1] = value[i]
        sum_each(run, strip, n, strip.sum)
        for j in range(n):
            strip.by[j] = strip.counted[j]
        if op != Op.MEAN:
            sum_latest(rules, strip, n)
    for j in range(n):
        strip.near[j] = strip.sum[j]


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
