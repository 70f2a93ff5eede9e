"""200,000 random cells per operation against exact quotients of integers, all cells of one size at a time.

No level differs, and no value by more than the declared rounding. The formulas are written once more, over
matrices (cells x scores) of quarter points; curves and tracing are compared with extended floats.
"""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.mastery.cells import Cells
from domain.mastery.compile import compile_policy
from domain.mastery.kernel import NO_VALUE, evaluate
from domain.policy.document import parse_policy
from tests.domain.mastery.district import words

CELLS = 200_000
SIZES = 6
QUARTER = 250_000
CUTS = (1.5, 2.5, 3.5)
LEVELS = [{"code": f"from-{cut}", "at": str(cut)} for cut in CUTS]
DAY_US = 86_400_000_000

Ints = NDArray[np.int64]
Quotient = tuple[Ints, Ints]
"""Values in quarter points as numerators and denominators; a denominator of 0 is no value."""


class Group:
    """All cells of one size: values in quarter points, kinds 0 to 2, weights 0 to 2, days; scores in order."""

    def __init__(self, size: int) -> None:
        random = np.random.default_rng(size)
        shape = (CELLS // SIZES + 1, size)
        self.value = random.integers(1, 17, shape)
        self.kind = random.integers(0, 3, shape)
        self.weight = random.integers(0, 3, shape)
        self.day = np.cumsum(random.integers(0, 40, shape), axis=1)

    def cells(self) -> Cells:
        n, size = self.value.shape
        flat = np.arange(n * size)
        return Cells(
            offsets=np.arange(n + 1) * size,
            value=self.value.ravel() * QUARTER,
            possible=np.full(n * size, 4_000_000),
            kind=self.kind.ravel().astype(np.int32),
            role=np.zeros(n * size, np.int32),
            task=np.full(n * size, -1),
            occurred_us=self.day.ravel() * DAY_US,
            recorded_us=flat,
            position=flat,
            weight=self.weight.ravel() * 1_000_000,
            judged=np.full(n, -1, np.int32),
        )


def mean(value: Ints) -> Quotient:
    return value.sum(axis=1), np.full(len(value), value.shape[1])


def mode(group: Group) -> Quotient:
    value, n = group.value, group.value.shape[1]
    count = (value[:, :, None] == value[:, None, :]).sum(axis=2)
    best = (count * n + np.arange(n)).argmax(axis=1)
    return mean(np.take_along_axis(value, best[:, None], axis=1))


def of_kinds(group: Group) -> Quotient:
    number, by = np.zeros(len(group.value), np.int64), np.zeros(len(group.value), np.int64)
    for kind, weight in ((0, 4), (1, 6), (2, 6)):
        ours = group.kind == kind
        count = ours.sum(axis=1)
        number += weight * (group.value * ours).sum(axis=1) * (60 // np.maximum(count, 1))
        by += 60 * weight * (count > 0)
    return number, by


def latest_versus_rest(group: Group) -> Quotient:
    *_, last = value = group.value.T
    rest = max(len(value) - 1, 1)
    earlier = value[:-1].sum(axis=0) if len(value) > 1 else last
    return 13 * last * rest + 7 * earlier, np.full(len(last), 20 * rest)


def decaying(group: Group) -> Quotient:
    first, *later = group.value.T
    number, by = first, 1
    for value in later:
        number, by = number * 7 + value * by * 13, by * 20
    return number, np.full(len(first), by)


def places(group: Group) -> Quotient:
    weights = np.array([10, 17, 20])[-group.value.shape[1] :]
    last = group.value[:, -3:]
    return (last * weights).sum(axis=1), np.full(len(last), weights.sum())


def at_or_above(group: Group) -> Quotient:
    above = group.value >= 10
    return (group.value * above).sum(axis=1), above.sum(axis=1)


def median(group: Group) -> Quotient:
    n, value = group.value.shape[1], np.sort(group.value, axis=1)
    return mean(value[:, [(n - 1) // 2, n // 2]])


def extra_credit(group: Group) -> Quotient:
    ordinary = (group.weight == 0).sum(axis=1)
    return (group.value * np.where(group.weight == 0, 1, group.weight)).sum(axis=1), np.maximum(ordinary, 1)


BY_KIND = {"by_kind": {"quiz": "0.4"}, "other_kinds": "0.6"}
EXACTLY: dict[str, tuple[dict[str, object], Callable[[Group], Quotient]]] = {
    "latest": ({}, lambda g: mean(g.value[:, -1:])),
    "highest": ({}, lambda g: mean(g.value.max(axis=1, keepdims=True))),
    "lowest": ({}, lambda g: mean(g.value.min(axis=1, keepdims=True))),
    "mean": ({}, lambda g: mean(g.value)),
    "weighted_mean": ({"weigh": {"own": True}}, lambda g: ((g.value * g.weight).sum(axis=1), g.weight.sum(axis=1))),
    "mean_of_kinds": ({"weigh": BY_KIND}, of_kinds),
    "median": ({}, median),
    "mode": ({}, mode),
    "latest_versus_rest": ({"latest": "0.65"}, latest_versus_rest),
    "decaying": ({"rate": "0.65"}, decaying),
    "weighted_places": ({"weights": ["0.5", "0.85", "1"]}, places),
    "mean_at_or_above": ({"value": "2.5"}, at_or_above),
    "mean_of_latest": ({"count": 3}, lambda g: mean(g.value[:, -3:])),
    "mean_of_highest": ({"count": 3}, lambda g: mean(np.sort(g.value, axis=1)[:, -3:])),
    "mean_without_lowest": ({"count": 2}, lambda g: mean(np.sort(g.value, axis=1)[:, 2:])),
    "sum": ({"weigh": {"own": True}}, lambda g: ((g.value * g.weight).sum(axis=1), g.weight.max(axis=1).clip(0, 1))),
    "mean_with_extra_credit": ({}, extra_credit),
}


def asked(op: str, stages: dict[str, object], group: Group, places: int) -> tuple[Ints, NDArray[np.int16]]:
    """Return the kernel's values in micro-units and levels."""
    weigh = {"weigh": stages["weigh"]} if "weigh" in stages else {}
    combine = {"op": op} | {name: stage for name, stage in stages.items() if name != "weigh"}
    policy = parse_policy({"name": op, "combine": combine, "round": {"places": places}, "levels": LEVELS, **weigh})
    results = evaluate(group.cells(), compile_policy(policy, words()))
    return results.value, results.level


@pytest.mark.parametrize("op", EXACTLY)
def test_no_level_and_no_value_differs_from_exact_quotients(op: str) -> None:
    stages, formula = EXACTLY[op]
    for size in range(1, SIZES + 1):
        group = Group(size)
        number, by = formula(group)
        known = by > 0
        value, level = asked(op, stages, group, places=2)
        if op == "decaying":  # its shares are parts of 2^40, so it is rounded to a millionth first, as declared
            number, by = (2 * number * QUARTER + by) // (2 * by), np.full(len(by), QUARTER)
        hundredths = (200 * number[known] + 4 * by[known]) // (8 * by[known])
        assert np.array_equal(value[known], hundredths * 10_000)
        assert np.array_equal(level[known], np.searchsorted([150, 250, 350], hundredths, "right") - 1)
        assert (value[~known] == NO_VALUE).all()


def half_life(group: Group) -> NDArray[np.longdouble]:
    weight = np.longdouble(2) ** ((group.day - group.day[:, -1:]) / np.longdouble(30))
    return np.asarray((group.value / np.longdouble(4) * weight).sum(axis=1) / weight.sum(axis=1))


def power_law(group: Group) -> NDArray[np.longdouble]:
    y = np.log(group.value / np.longdouble(4))
    if y.shape[1] == 1:
        return np.asarray(np.exp(y[:, 0]))
    x = np.log(np.arange(1, y.shape[1] + 1, dtype=np.longdouble))
    slope = ((y - y.mean(axis=1, keepdims=True)) * (x - x.mean())).sum(axis=1) / ((x - x.mean()) ** 2).sum()
    return np.asarray(np.exp(y.mean(axis=1) + slope * (x[-1] - x.mean())))


def traced(group: Group) -> NDArray[np.longdouble]:
    known = np.full(len(group.value), np.longdouble("0.4"))
    for value in group.value.T:
        right = value >= 12
        seen, missed = np.where(right, np.longdouble("0.9"), np.longdouble("0.1")), np.where(right, 0.2, 0.8)
        posterior = known * seen / (known * seen + (1 - known) * missed)
        known = posterior + (1 - posterior) * np.longdouble("0.1")
    return known


BKT = {"prior": "0.4", "learn": "0.1", "guess": "0.2", "slip": "0.1", "right_at": "3"}
NEARLY: dict[str, tuple[dict[str, object], Callable[[Group], NDArray[np.longdouble]]]] = {
    "half_life": ({"days": 30}, half_life),
    "power_law": ({}, power_law),
    "bkt@1": (dict(BKT), traced),
}


@pytest.mark.slow
@pytest.mark.parametrize("op", NEARLY)
def test_curves_and_tracing_are_right_to_a_millionth(op: str) -> None:
    stages, formula = NEARLY[op]
    for size in range(1, SIZES + 1):
        group = Group(size)
        value, level = asked(op, stages, group, places=6)
        expected = formula(group)
        assert np.abs(value / np.longdouble(1_000_000) - expected).max() < 0.000_001_5
        apart = np.min([np.abs(expected - cut) for cut in CUTS], axis=0) > 0.000_002
        assert np.array_equal(level[apart], np.searchsorted(CUTS, expected[apart], "right") - 1)
