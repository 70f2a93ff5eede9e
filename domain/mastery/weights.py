"""Every combination as a choice of integer weights."""

from domain.mastery.arithmetic import gcd, integer, sort
from domain.mastery.tables import FIRST_RANKED, LIMIT, TOTAL_MAX, Columns, Op, Rules, Tie, Work


@integer
def rank_values(work: Work, n: int) -> None:
    """Put the ranks of the entries into `work.order`, by rising value, then clock."""
    for k in range(n):
        work.order[k] = k
    sort(work.order, n, work.value, work.rank)


@integer
def extreme(work: Work, n: int, highest: bool) -> int:  # noqa: FBT001 - compiled code has no keywords
    """Return the place of the highest value, the latest of equals; or of the lowest, the first of equals."""
    found = 0
    for k in range(1, n):
        if (work.value[k] >= work.value[found]) if highest else (work.value[k] < work.value[found]):
            found = k
    return found


@integer
def weigh_scores(columns: Columns, rules: Rules, work: Work, n: int) -> bool:
    """Weigh each entry by its own weight x that of its kind, reduced; return whether they fit 64 bits."""
    common = 0
    for k in range(n):
        i = work.entry[k]
        weight = rules.kind_weight[columns.kind[i]]
        if rules.own_weight:
            if columns.weight[i] > LIMIT // weight:
                return False
            weight *= columns.weight[i]
        work.weight[k] = weight
        common = gcd(common, weight)
    for k in range(n):
        work.weight[k] //= common
    return True


@integer
def weigh_kinds(columns: Columns, rules: Rules, work: Work, n: int) -> None:
    """Weigh each entry by the weight of its kind / the entries of that kind, on a common denominator."""
    weights = 0
    for k in range(n):
        kind = columns.kind[work.entry[k]]
        work.by_kind[kind] += 1
        weights += rules.kind_weight[kind]
    scale = 1
    for k in range(n):
        count = work.by_kind[columns.kind[work.entry[k]]]
        scale = min(scale // gcd(scale, count) * count, max(TOTAL_MAX // weights, 1))
    for k in range(n):
        kind = columns.kind[work.entry[k]]
        work.weight[k] = rules.kind_weight[kind] * (scale // work.by_kind[kind])
    for k in range(n):
        work.by_kind[columns.kind[work.entry[k]]] = 0


@integer
def weigh_mode(rules: Rules, work: Work, n: int) -> None:
    """Weigh the entries of the most frequent value by 1; they are ranked."""
    low = most = mode_low = 0
    while low < n:
        high = low + 1
        while high < n and work.value[work.order[high]] == work.value[work.order[low]]:
            high += 1
        ties = high - low == most and (
            rules.amount == Tie.HIGHEST
            or (rules.amount == Tie.MOST_RECENT and work.order[high - 1] > work.order[mode_low + most - 1])
        )
        if high - low > most or ties:
            mode_low, most = low, high - low
        low = high
    for j in range(mode_low, mode_low + most):
        work.weight[work.order[j]] = 1
    if rules.amount == Tie.MEAN:
        weigh_all_modes(work, n, most)


@integer
def weigh_all_modes(work: Work, n: int, most: int) -> None:
    """Weigh the entries of every value that occurs `most` times by 1."""
    for j in range(most - 1, n):
        low = j - most + 1
        if work.value[work.order[low]] == work.value[work.order[j]]:
            for other in range(low, j + 1):
                work.weight[work.order[other]] = 1


@integer
def weigh_latest(rules: Rules, work: Work, n: int) -> None:
    """Weigh the latest entry by the declared share, the others by the rest of it together."""
    for k in range(n - 1):
        work.weight[k] = rules.whole - rules.amount
    work.weight[n - 1] = rules.amount * max(n - 1, 1)


@integer
def weigh_by_age(rules: Rules, work: Work, n: int) -> None:
    """Weigh each entry by the decay table; the oldest keeps what has not decayed."""
    for k in range(max(n - len(rules.recent), 0), n):
        work.weight[k] = rules.recent[n - 1 - k]
    work.weight[0] = rules.oldest[n - 1] if n <= len(rules.oldest) else 0


@integer
def weigh_by_rank(rules: Rules, work: Work, n: int) -> None:
    """Weigh by 1 the middle one or two entries, the lowest, the highest, or all but the lowest; they are ranked."""
    low, high = 0, n
    if rules.op == Op.MEDIAN:
        low, high = (n - 1) // 2, n // 2 + 1
    elif rules.op == Op.LOWEST:
        high = min(rules.amount, n)
    elif rules.op == Op.WITHOUT_LOWEST:
        low = min(rules.amount, n)
    else:
        low = max(n - rules.amount, 0)
    for j in range(low, high):
        work.weight[work.order[j]] = 1


@integer
def weigh_ranked(rules: Rules, work: Work, n: int) -> None:
    """Weigh the entries that their rank chooses; a single extreme needs no ranks."""
    if rules.op in (Op.HIGHEST, Op.LOWEST) and rules.amount == 1:
        work.weight[extreme(work, n, rules.op == Op.HIGHEST)] = 1
        return
    rank_values(work, n)
    if rules.op == Op.MODE:
        weigh_mode(rules, work, n)
    else:
        weigh_by_rank(rules, work, n)


@integer
def weigh(columns: Columns, rules: Rules, work: Work, n: int) -> bool:
    """Fill `work.weight` as the operation says; return whether the weights fit 64 bits."""
    op = rules.op
    for k in range(n):
        work.weight[k] = op == Op.MEAN or (op == Op.LATEST and k >= n - rules.amount)
    if op >= FIRST_RANKED:
        weigh_ranked(rules, work, n)
    elif op == Op.WEIGHTED_MEAN:
        return weigh_scores(columns, rules, work, n)
    elif op == Op.MEAN_OF_KINDS:
        weigh_kinds(columns, rules, work, n)
    elif op == Op.MEAN_AT_OR_ABOVE:
        for k in range(n):
            work.weight[k] = work.value[k] >= rules.amount
    elif op == Op.LATEST_VERSUS_REST:
        weigh_latest(rules, work, n)
    elif op == Op.DECAYING:
        weigh_by_age(rules, work, n)
    return True
