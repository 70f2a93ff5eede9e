"""The rules, once, in integers: what a policy makes of one cell. Everything that says a level runs this.

The value of a cell is sum(weight x value) / sum(weight), rounded once, values in micro-units. Nothing is
allocated, no float occurs, and a sum that would leave 64 bits is refused before it is made (OUT_OF_BOUNDS).
Source: docs/architecture.md, "The policy and its kernel".
"""

from domain.mastery.arithmetic import carry, entry, inner, integer
from domain.mastery.entries import arrange
from domain.mastery.tables import (
    HALF_BITS,
    LIMIT,
    NO_VALUE,
    SMALL_BITS,
    TOTAL_MAX,
    Columns,
    Need,
    Results,
    Rounding,
    Rules,
    Status,
    Work,
)
from domain.mastery.weights import weigh


@integer
def requirements_met(columns: Columns, rules: Rules, work: Work, n: int) -> bool:
    """Fill `work.have`; return whether every requirement is met."""
    met = True
    for c in range(len(rules.clauses)):
        need, count, bar = rules.clauses[c, 0], rules.clauses[c, 1], rules.clauses[c, 2]
        have = n if need == Need.COUNT else 0
        if need != Need.COUNT:
            for k in range(n):
                kind = columns.kind[work.entry[k]]
                if need == Need.AT_OR_ABOVE:
                    have += work.value[k] >= bar and rules.clause_kinds[c, kind] == 1
                else:
                    have += work.by_kind[kind] == 0
                    work.by_kind[kind] = 1
        if need == Need.KINDS:
            for k in range(n):
                work.by_kind[columns.kind[work.entry[k]]] = 0
        work.have[c] = have
        met = met and have >= count
    return met


@integer
def total_weight(work: Work, n: int) -> int:
    """Return the sum of the weights; -1 if the weighted sum of the values would leave 64 bits."""
    total = top = 0
    for k in range(n):
        if work.weight[k]:
            top = max(top, abs(work.value[k]))
            if work.weight[k] > TOTAL_MAX - total:
                return -1
            total += work.weight[k]
    if total <= LIMIT >> (SMALL_BITS - HALF_BITS) and top < 2**SMALL_BITS:
        return total
    return total if total <= LIMIT // ((top >> HALF_BITS) + 1) else -1


@integer
def weighted_mean(rules: Rules, work: Work, n: int, total: int) -> int:
    """Return sum(weight x value) / total, rounded as declared: to a millionth first unless all was exact so far."""
    high = low = 0
    for k in range(n):
        high += work.weight[k] * (work.value[k] >> HALF_BITS)
        low += work.weight[k] * (work.value[k] & (2**HALF_BITS - 1))
    if rules.exact and abs(high) < LIMIT >> HALF_BITS:
        whole, by = (high << HALF_BITS) + low, rules.unit * total
        units = whole // by
        return (units + carry(units, whole - units * by, by, rules.rounding)) * rules.unit
    quotient = high // total
    low += (high - quotient * total) << HALF_BITS
    quotient = (quotient << HALF_BITS) + low // total
    rest = low % total
    if not rules.exact:
        quotient, rest = quotient + carry(quotient, rest, total, Rounding.HALF_UP), 0
    units = quotient // rules.unit
    rest += (quotient - units * rules.unit) * total
    return (units + carry(units, rest, rules.unit * total, rules.rounding)) * rules.unit


@inner
def judge(columns: Columns, rules: Rules, work: Work, low: int, high: int) -> tuple[Status, int, int, bool]:
    """Apply all stages up to the rounding to one cell: status, value, entries counted, requirements met."""
    n = arrange(columns, rules, work, low, high)
    if n < 0:
        return Status.OUT_OF_BOUNDS, NO_VALUE, 0, False
    met = requirements_met(columns, rules, work, n)
    if n == 0:
        return Status.NO_EVIDENCE, NO_VALUE, 0, met
    if not weigh(columns, rules, work, n):
        return Status.OUT_OF_BOUNDS, NO_VALUE, n, met
    if not met and rules.cap < 0:
        return Status.INSUFFICIENT, NO_VALUE, n, met
    total = total_weight(work, n)
    if total <= 0:
        return Status.OUT_OF_BOUNDS if total else Status.INSUFFICIENT, NO_VALUE, n, met
    return Status.DETERMINED, weighted_mean(rules, work, n, total), n, met


@integer
def prevailing(columns: Columns, rules: Rules, cell: int, level: int) -> int:
    """Return the judged level of a cell where one holds, else the computed one."""
    judged = rules.judged_level[columns.judged[cell]] if columns.judged[cell] >= 0 else -1
    return judged if judged >= 0 else level


@entry
def evaluate_cells(columns: Columns, rules: Rules, work: Work, cells: tuple[int, int], out: Results) -> None:
    """Write the results that are left, of the cells from the first number to before the second.

    The work serves one thread.
    """
    for cell in range(cells[0], cells[1]):
        if out.status[cell] == Status.LEFT:
            status, value, counted, met = judge(columns, rules, work, columns.offsets[cell], columns.offsets[cell + 1])
            level = -1
            if status == Status.DETERMINED:
                for i in range(len(rules.cuts)):
                    level += value >= rules.cuts[i]
                if not met:
                    level = min(level, rules.cap)
            out.value[cell] = value
            out.level[cell] = level
            out.status[cell] = status
            out.counted[cell] = counted
            if len(out.effective):
                out.effective[cell] = prevailing(columns, rules, cell, level)
