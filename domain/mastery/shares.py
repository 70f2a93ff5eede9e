"""What each entry of a strip weighs."""

from domain.mastery.alike import number_cells
from domain.mastery.arithmetic import gcd, largest, part
from domain.mastery.tables import LIMIT, SHARED, Columns, Integers, Op, Rules, Strip


@part
def multiply(weight: Integers, codes: Integers, weights: Integers, selected: Integers, most: int) -> None:
    """Multiply the weight of each entry by that of its code, `most` at most; equal weights are not looked up."""
    low = high = selected[0] * min(weights[0], most)
    for code in range(len(selected)):
        low = min(low, selected[code] * min(weights[code], most))
        high = max(high, selected[code] * min(weights[code], most))
    if low < high:
        for i in range(len(weight)):
            weight[i] *= selected[codes[i]] * min(weights[codes[i]], most)
    elif high != 1:
        for i in range(len(weight)):
            weight[i] *= high


@part
def weigh_entries(columns: Columns, rules: Rules, strip: Strip, low: int, high: int) -> int:
    """Fill `strip.weight`, with 0 and 1 where the operation does not weigh; return the least.

    What is not selected weighs nothing.
    """
    if high == low:
        return 1
    weight, own = strip.weight[: high - low], columns.weight[low:high]
    most = LIMIT if rules.op == Op.WEIGHTED_MEAN else 1
    for i in range(len(weight)):
        weight[i] = min(own[i], most) if rules.own_weight else 1
    multiply(weight, columns.kind[low:high], rules.kind_weight, rules.kind_selected, most)
    multiply(weight, columns.role[low:high], rules.role_selected, rules.role_selected, most)
    least = weight[0]
    for i in range(len(weight)):
        least = min(least, weight[i])
    return least


@part
def count_of_kinds(strip: Strip, n: int, kind: Integers, kinds: int) -> None:
    """Fill `strip.of_kind`."""
    of_kind, cell = strip.of_kind, strip.cell
    number_cells(strip, n)
    for at in range(n * kinds):
        of_kind[at] = 0
    for i in range(len(kind)):
        of_kind[cell[i] * kinds + kind[i]] += 1


@part
def weigh_kinds(rules: Rules, strip: Strip, n: int, kind: Integers) -> None:
    """Fill `strip.weight` with the weight of the kind / the entries of that kind in the cell.

    The common denominator is that of all numbers up to the most entries of one kind.
    """
    kinds, of_kind, share, weight = len(rules.kind_weight), strip.of_kind, strip.share, strip.weight
    count_of_kinds(strip, n, kind, kinds)
    most = min(largest(of_kind[: n * kinds]), SHARED)
    scale = 1
    for size in range(1, most + 1):
        scale = scale // gcd(scale, size) * size
    for size in range(1, most + 1):
        share[size] = scale // size
    for i in range(len(kind)):
        count = of_kind[strip.cell[i] * kinds + kind[i]]
        weight[i] = rules.kind_weight[kind[i]] * share[min(count, SHARED)]
        strip.aside[strip.cell[i]] |= count > SHARED
