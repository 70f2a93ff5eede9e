"""From the entries of a strip to the values that count, as `domain.mastery.entries` makes them of one cell."""

from domain.mastery.alike import add_alike, keep_one, key_entries, number_cells, reach_of
from domain.mastery.arithmetic import integer, largest, nearest, part
from domain.mastery.tables import (
    COMPARED,
    LIMIT,
    SMALL_BITS,
    Columns,
    Integers,
    Keep,
    Op,
    Rounding,
    Rules,
    Strip,
)


@integer
def sifts(rules: Rules) -> bool:
    """Return whether more is done to entries than select them."""
    return bool(rules.to_max or rules.keep or rules.window)


@part
def least_of(numbers: Integers) -> int:
    """Return the least of some numbers; LIMIT if none is below it."""
    least = LIMIT
    for i in range(len(numbers)):
        least = min(least, numbers[i])
    return least


@part
def restates_within(rules: Rules, value: Integers, possible: Integers) -> bool:
    """Return whether values stay small when they are restated, and within 64 bits when they are added up for it."""
    top = largest(value)
    if not rules.to_max:
        return bool(rules.keep != Keep.MEAN or top < 2**SMALL_BITS)
    together = COMPARED if rules.keep == Keep.POOLED else 1
    return bool(top <= LIMIT // rules.to_max // together and top * rules.to_max >> SMALL_BITS < least_of(possible))


@part
def restate_all(rules: Rules, strip: Strip, value: Integers, possible: Integers) -> None:
    """Fill `strip.picked` with value x to_max / possible; without division where that is one multiple for all."""
    least, to_max, picked = least_of(possible), rules.to_max, strip.picked
    if to_max % least == 0 and largest(possible) == least:
        times = to_max // least
        for i in range(len(value)):
            picked[i] = value[i] * times
    else:
        for i in range(len(value)):
            number = value[i] * to_max
            picked[i] = nearest(number, float(number), possible[i], Rounding.HALF_UP)


@part
def pool(rules: Rules, strip: Strip, value: Integers, possible: Integers, reach: int) -> None:
    """Fill `strip.picked` with the points earned in each entry's task, restated from those possible in it."""
    earned, by = strip.run[: len(value)], strip.other_run[: len(value)]
    add_alike(strip.key, value, reach, earned)
    add_alike(strip.key, possible, reach, by)
    restate_all(rules, strip, earned, by)


@part
def average(strip: Strip, value: Integers, reach: int) -> None:
    """Fill `strip.picked` with the mean of each entry's task."""
    total, count = strip.run, strip.alike
    add_alike(strip.key, value, reach, total)
    add_alike(strip.key, strip.ones[: len(value)], reach, count)
    for i in range(len(value)):
        strip.picked[i] = nearest(total[i], float(total[i]), count[i], Rounding.HALF_UP)


@part
def key_tasks(columns: Columns, rules: Rules, strip: Strip, n: int, low: int) -> bool:
    """Key the entries of n cells by task where they are kept and their kind is replaced; return whether it fits."""
    m, key, kept, replaced = strip.offsets[n], strip.key, strip.kept, rules.kind_replaced
    kind, every = columns.kind[low : low + m], 1
    fits = key_entries(strip, n, columns.task[low : low + m])
    for code in range(len(replaced)):
        every &= replaced[code]
    if rules.selects or not every:
        for i in range(m):
            key[i] = key[i] if kept[i] & replaced[kind[i]] else -1 - i
    return fits


@part
def keep_window(rules: Rules, strip: Strip, n: int) -> None:
    """Keep as many of the latest entries of n cells as the window holds."""
    run, before, kept = strip.run, strip.have, strip.kept
    total = run[0] = 0
    for i in range(strip.offsets[n]):
        total += kept[i]
        run[i + 1] = total
    for j in range(n):
        before[j] = run[strip.offsets[j + 1]] - rules.window
    number_cells(strip, n)
    for i in range(strip.offsets[n]):
        kept[i] &= run[i + 1] > before[strip.cell[i]]


@part
def pick(columns: Columns, rules: Rules, strip: Strip, n: int, low: int, value: Integers) -> None:  # noqa: PLR0917 - compiled code has no keywords
    """Move what is kept of n cells together, the values into `strip.picked`."""
    m, run, picked, kept, at = len(value), strip.run, strip.picked, strip.kept, 0
    for i in range(m):
        picked[at] = value[i]
        run[i] = at
        at += kept[i]
    run[m] = at
    if rules.op == Op.MEAN_OF_KINDS or len(rules.clauses):
        kind = columns.kind[low : low + m]
        for i in range(m):
            strip.picked_kind[run[i]] = kind[i]
    if rules.op == Op.WEIGHTED_MEAN:
        for i in range(m):
            strip.weight[run[i]] = strip.weight[i]
    for j in range(n + 1):
        strip.offsets[j] = run[strip.offsets[j]]
    for j in range(n):
        strip.counted[j] = strip.offsets[j + 1] - strip.offsets[j]


@part
def sift(columns: Columns, rules: Rules, strip: Strip, n: int, low: int) -> bool:
    """Bring n cells to the values that count, in `strip.picked`; return whether all stay within 64 bits."""
    m, keep = strip.offsets[n], rules.keep
    value, possible, made = columns.value[low : low + m], columns.possible[low : low + m], strip.found[:m]
    if not restates_within(rules, value, possible):
        return False
    for i in range(m):
        strip.kept[i] = (rules.selects == 0) | (strip.weight[i] > 0)
    if rules.to_max and keep != Keep.POOLED:
        restate_all(rules, strip, value, possible)
        value = made
    if keep:
        if not key_tasks(columns, rules, strip, n, low):
            return False
        reach = reach_of(strip, n)
        if keep == Keep.POOLED:
            pool(rules, strip, value, possible, reach)
            value = made
        else:
            keep_one(strip, keep, value, reach)
        if keep == Keep.MEAN:
            average(strip, value, reach)
            value = made
    if rules.window:
        keep_window(rules, strip, n)
    pick(columns, rules, strip, n, low, value)
    return True
