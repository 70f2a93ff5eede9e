"""The policy pipeline once more, slowly: exact fractions, plain lists, written from the document's words alone."""

from collections import Counter
from fractions import Fraction
from math import floor
from typing import NamedTuple

from domain.policy.document import PolicyDocument
from domain.policy.stages import (
    AtOrAbove,
    Cap,
    Clause,
    CountAtLeast,
    Decaying,
    LatestVersusRest,
    MeanAtOrAbove,
    MeanOfHighest,
    MeanOfLatest,
    MeanWithExtraCredit,
    MeanWithoutLowest,
    Mode,
    Sum,
    WeightedPlaces,
    Words,
)

MILLIONTH = Fraction(1, 10**6)


class Score(NamedTuple):
    value: Fraction
    possible: Fraction
    kind: str
    role: str
    task: str | None
    occurred: int | None
    recorded: int
    position: int
    weight: Fraction


class Answer(NamedTuple):
    status: str
    value: Fraction | None
    level: str | None
    counted: int


def rounded(number: Fraction, places: int, mode: str) -> Fraction:
    scaled = number * 10**places
    low = floor(scaled)
    rest = scaled - low
    half = Fraction(1, 2)
    up = mode != "down" and (rest > half or (rest == half and (mode == "half_up" or low % 2 == 1)))
    return Fraction(low + up, 10**places)


def micro(number: Fraction) -> Fraction:
    return rounded(number, 6, "half_up")


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def weight_of(policy: PolicyDocument, score: Score) -> Fraction:
    if policy.weigh is None:
        return Fraction(1)
    of_kind = Fraction(policy.weigh.by_kind.get(score.kind, policy.weigh.other_kinds))
    return of_kind * score.weight if policy.weigh.own else of_kind


def among(word: str, words: Words | None) -> bool:
    return words is None or word in words


def is_selected(policy: PolicyDocument, score: Score) -> bool:
    select = policy.select
    excluded = select.exclude_kinds is not None and score.kind in select.exclude_kinds
    chosen = among(score.kind, select.kinds) and among(score.role, select.roles) and not excluded
    return chosen and weight_of(policy, score) != 0


def clock(policy: PolicyDocument, score: Score) -> tuple[bool, int, int]:
    time = {"occurred": score.occurred, "recorded": score.recorded, "listed": 0}[policy.clock.order]
    return (time is not None, time or 0, score.position)


def normalised(policy: PolicyDocument, earned: Fraction, possible: Fraction) -> Fraction:
    return earned if policy.normalise is None else micro(earned * Fraction(policy.normalise.to_max) / possible)


Valued = list[tuple[Score, Fraction]]


def replaced(policy: PolicyDocument, scores: Valued) -> Valued:
    replace = policy.replace
    if replace is None:
        return scores
    kept: dict[int, Fraction] = {}
    for score, value in scores:
        alone = score.task is None or not among(score.kind, replace.kinds)
        task = [
            (k, other, of)
            for k, (other, of) in enumerate(scores)
            if other is score or (not alone and other.task == score.task and among(other.kind, replace.kinds))
        ]
        last = task[-1][0]
        match replace.keep:
            case _ if alone:
                kept[last] = value
            case "latest":
                kept[last] = task[-1][2]
            case "first":
                kept[task[0][0]] = task[0][2]
            case "highest":
                best = max(task, key=lambda item: (item[2], item[0]))
                kept[best[0]] = best[2]
            case "mean":
                kept[last] = micro(mean([of for _, _, of in task]))
            case "pooled":
                earned = sum((other.value for _, other, _ in task), Fraction(0))
                possible = sum((other.possible for _, other, _ in task), Fraction(0))
                for k, _, _ in task:
                    kept[k] = normalised(policy, earned, possible)
    return [(scores[k][0], kept[k]) for k in sorted(kept)]


def mode(values: list[Fraction], tie: str) -> Fraction:
    counts = Counter(values)
    modes = [value for value, count in counts.items() if count == max(counts.values())]
    if tie == "mean":
        return mean(modes)
    latest = {value: k for k, value in enumerate(values)}
    return {"highest": max(modes), "lowest": min(modes), "most_recent": max(modes, key=lambda value: latest[value])}[
        tie
    ]


def decayed(values: list[Fraction], rate: Fraction) -> Fraction:
    """Return the decaying average with its shares held in parts of 2^40, as the policy language says."""
    rest = 1 - rate
    n = len(values)
    exact = [rest ** (n - 1), *(rate * rest ** (n - 1 - k) for k in range(1, n))]
    shares = [Fraction(floor(share * 2**40 + Fraction(1, 2))) for share in exact]
    result = sum((share * value for share, value in zip(shares, values, strict=True)), Fraction(0)) / sum(shares)
    recursive = values[0]
    for value in values[1:]:
        recursive = rest * recursive + rate * value
    assert abs(result - recursive) < MILLIONTH / 100
    return result


def by_kind(policy: PolicyDocument, scores: Valued) -> Fraction:
    assert policy.weigh is not None
    kinds = {score.kind: [value for other, value in scores if other.kind == score.kind] for score, _ in scores}
    weights = {kind: Fraction(policy.weigh.by_kind.get(kind, policy.weigh.other_kinds)) for kind in kinds}
    return sum((weights[kind] * mean(of) for kind, of in kinds.items()), Fraction(0)) / sum(weights.values())


def combined(policy: PolicyDocument, scores: Valued) -> Fraction | None:
    values = [value for _, value in scores]
    match policy.combine:
        case MeanOfLatest(count=count):
            return mean(values[-count:])
        case MeanOfHighest(count=count):
            return mean(sorted(values)[-count:])
        case MeanWithoutLowest(count=count):
            return mean(sorted(values)[count:]) if len(values) > count else None
        case WeightedPlaces(weights=places):
            last = list(zip(map(Fraction, reversed(places)), reversed(values), strict=False))
            return sum((w * v for w, v in last), Fraction(0)) / sum(w for w, _ in last)
        case Sum() | MeanWithExtraCredit():
            return added_up(policy, scores)
        case Mode(tie=tie):
            return mode(values, tie)
        case LatestVersusRest(latest=latest):
            share = Fraction(latest)
            return values[0] if len(values) == 1 else share * values[-1] + (1 - share) * mean(values[:-1])
        case Decaying(rate=rate):
            return decayed(values, Fraction(rate))
        case MeanAtOrAbove(value=bar):
            above = [value for value in values if value >= Fraction(bar)]
            return mean(above) if above else None
    return plainly_combined(policy, scores, sorted(values))


def added_up(policy: PolicyDocument, scores: Valued) -> Fraction:
    if isinstance(policy.combine, Sum):
        return sum((weight_of(policy, score) * value for score, value in scores), Fraction(0))
    ordinary = [value for score, value in scores if score.weight == 0]
    extra = sum((score.weight * value for score, value in scores), Fraction(0))
    return (sum(ordinary, Fraction(0)) + extra) / max(len(ordinary), 1)


def plainly_combined(policy: PolicyDocument, scores: Valued, ordered: list[Fraction]) -> Fraction:
    n = len(ordered)
    match policy.combine.op:
        case "latest":
            return scores[-1][1]
        case "highest":
            return ordered[-1]
        case "lowest":
            return ordered[0]
        case "mean":
            return mean(ordered)
        case "median":
            return mean([ordered[(n - 1) // 2], ordered[n // 2]])
        case "mean_of_kinds":
            return by_kind(policy, scores)
        case _:
            weights = [weight_of(policy, score) for score, _ in scores]
            return sum((w * v for w, (_, v) in zip(weights, scores, strict=True)), Fraction(0)) / sum(weights)


def is_met(clause: Clause, scores: Valued) -> bool:
    if isinstance(clause, CountAtLeast):
        return len(scores) >= clause.count_at_least
    if isinstance(clause, AtOrAbove):
        bar = clause.at_or_above
        return sum(value >= Fraction(bar.value) and among(s.kind, bar.kinds) for s, value in scores) >= bar.count
    return len({score.kind for score, _ in scores}) >= clause.kinds_at_least


def level_of(policy: PolicyDocument, value: Fraction, *, met: bool) -> str | None:
    ladder = sorted(policy.levels, key=lambda level: Fraction(level.at))
    reached = [level.code for level in ladder if value >= Fraction(level.at)]
    if not met and isinstance(policy.unmet, Cap):
        codes = [level.code for level in ladder]
        reached = reached[: codes.index(policy.unmet.cap) + 1]
    return reached[-1] if reached else None


def adjusted(policy: PolicyDocument, value: Fraction, count: int) -> Fraction:
    if policy.adjust is None:
        return value
    value = micro(value * Fraction(policy.adjust.times))
    bounds = [policy.adjust.at_most, *(one.at_most for one in policy.adjust.at_most_by_count if count <= one.count)]
    return min([value, *(Fraction(bound) for bound in bounds if bound is not None)])


def evaluate(policy: PolicyDocument, scores: list[Score]) -> Answer:
    selected = sorted((score for score in scores if is_selected(policy, score)), key=lambda score: clock(policy, score))
    kept = replaced(policy, [(score, normalised(policy, score.value, score.possible)) for score in selected])
    if policy.window is not None:
        kept = kept[-policy.window.latest :]
    if not kept:
        return Answer("no_evidence", None, None, 0)
    met = all(is_met(clause, kept) for clause in policy.require)
    value = combined(policy, kept)
    if value is None or (not met and policy.unmet == "insufficient"):
        return Answer("insufficient", None, None, len(kept))
    if policy.normalise or policy.combine.op == "decaying" or (policy.replace and policy.replace.keep == "mean"):
        value = micro(value)
    value = adjusted(policy, rounded(value, policy.round.places, policy.round.mode), len(kept))
    return Answer("determined", value, level_of(policy, value, met=met), len(kept))
