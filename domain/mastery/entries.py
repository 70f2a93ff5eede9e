"""From the entries of a cell to the values that count: select, order, normalise, replace."""

from domain.mastery.arithmetic import divide, integer, restate, sort
from domain.mastery.tables import LIMIT, NO_VALUE, Clock, Columns, Fate, Keep, Rules, Work


@integer
def select(columns: Columns, rules: Rules, work: Work, low: int, high: int) -> int:
    """Put the entries that are looked at into `work.entry`; return how many."""
    n = 0
    for i in range(low, high):
        fate = Fate.COUNTED
        if rules.selects:
            if not rules.kind_selected[columns.kind[i]]:
                fate = Fate.KIND_NOT_SELECTED
            elif not rules.role_selected[columns.role[i]]:
                fate = Fate.ROLE_NOT_SELECTED
            elif not rules.kind_weight[columns.kind[i]] or (rules.own_weight and not columns.weight[i]):
                fate = Fate.WEIGHT_ZERO
        work.fate[i - low] = fate
        if fate == Fate.COUNTED:
            work.entry[n] = i
            n += 1
    return n


@integer
def order(columns: Columns, rules: Rules, work: Work, n: int) -> None:
    """Bring the entries into the declared order: clock, then position."""
    clock = columns.position
    if rules.clock == Clock.OCCURRED:
        clock = columns.occurred_us
    elif rules.clock == Clock.RECORDED:
        clock = columns.recorded_us
    if rules.clock != Clock.NONE:
        sort(work.entry, n, clock, columns.position)


@integer
def normalise(columns: Columns, rules: Rules, work: Work, n: int) -> bool:
    """Fill `work.value`; return whether all values stay within 64 bits."""
    for k in range(n):
        i = work.entry[k]
        work.value[k] = columns.value[i]
        if rules.to_max:
            work.value[k] = restate(columns.value[i], columns.possible[i], rules.to_max)
            if work.value[k] == NO_VALUE:
                return False
    return True


@integer
def best_of(work: Work, low: int, high: int) -> int:
    """Return the rank of the highest value among work.order[low:high]; the latest of equals."""
    best = work.order[low]
    for j in range(low, high):
        if work.value[work.order[j]] >= work.value[best]:
            best = work.order[j]
    return best


@integer
def pool(columns: Columns, rules: Rules, work: Work, low: int, high: int) -> bool:
    """Give each entry of a task the points earned over those possible; return whether it fits 64 bits."""
    earned = possible = 0
    for j in range(low, high):
        earned += columns.value[work.entry[work.order[j]]]
        possible += columns.possible[work.entry[work.order[j]]]
        if abs(earned) > LIMIT or possible > LIMIT:
            return False
    value = restate(earned, possible, rules.to_max)
    for j in range(low, high):
        work.value[work.order[j]] = value
    return value != NO_VALUE


@integer
def mean_of(work: Work, low: int, high: int) -> int:
    """Return the mean of a task, rounded half up to a micro-unit; NO_VALUE if it would leave 64 bits."""
    total = 0
    for j in range(low, high):
        total += work.value[work.order[j]]
        if abs(total) > LIMIT:
            return NO_VALUE
    return divide(total, high - low)


@integer
def replace_task(columns: Columns, rules: Rules, work: Work, low: int, high: int) -> bool:
    """Settle the entries of one task, work.order[low:high]; leave the fate of those that go in `work.weight`."""
    if rules.keep == Keep.POOLED:
        return pool(columns, rules, work, low, high)
    kept, fate = work.order[high - 1], Fate.REPLACED
    if rules.keep == Keep.FIRST:
        kept = work.order[low]
    elif rules.keep == Keep.HIGHEST:
        kept = best_of(work, low, high)
    elif rules.keep == Keep.MEAN:
        work.value[kept] = mean_of(work, low, high)
        fate = Fate.AVERAGED
    for j in range(low, high):
        if work.order[j] != kept:
            work.weight[work.order[j]] = fate
    return work.value[kept] != NO_VALUE


@integer
def replace(columns: Columns, rules: Rules, work: Work, n: int, first: int) -> int:
    """Settle all tasks; return how many entries remain, -1 if a value would leave 64 bits."""
    for k in range(n):
        i = work.entry[k]
        work.order[k] = k
        work.weight[k] = Fate.COUNTED
        work.key[k] = columns.task[i] if rules.kind_replaced[columns.kind[i]] else -1
    sort(work.order, n, work.key, work.rank)
    for low in range(n):
        task = work.key[work.order[low]]
        if task >= 0 and (low == 0 or work.key[work.order[low - 1]] != task):
            high = low + 1
            while high < n and work.key[work.order[high]] == task:
                high += 1
            if not replace_task(columns, rules, work, low, high):
                return -1
    kept = 0
    for k in range(n):
        work.fate[work.entry[k] - first] = work.weight[k]
        if work.weight[k] == Fate.COUNTED:
            work.entry[kept], work.value[kept] = work.entry[k], work.value[k]
            kept += 1
    return kept


@integer
def arrange(columns: Columns, rules: Rules, work: Work, low: int, high: int) -> int:
    """Bring one cell to the values that count, in order; return how many, -1 if one would leave 64 bits."""
    n = select(columns, rules, work, low, high)
    order(columns, rules, work, n)
    if not normalise(columns, rules, work, n):
        return -1
    if rules.keep:
        n = replace(columns, rules, work, n, low)
    gone = n - rules.window if rules.window else 0
    if gone <= 0:
        return n
    for k in range(gone):
        work.fate[work.entry[k] - low] = Fate.NOT_AMONG_LATEST
    for k in range(rules.window):
        work.entry[k], work.value[k] = work.entry[k + gone], work.value[k + gone]
    return rules.window
