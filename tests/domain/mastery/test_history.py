"""Levels that are kept, scores that expire, policies that change."""

from random import Random

import numpy as np
import pytest

from domain.kernel.scores import MICRO
from domain.mastery import history
from domain.mastery.cells import NO_TIME, Cells, Entry, cells_of
from domain.mastery.change import levels_after_change
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.explanation import explain
from domain.mastery.kernel import evaluate
from domain.policy.document import parse_policy
from tests.domain.mastery.district import OPS, cells_from, policy_of, scores_of, words

DAY_US = 86_400_000_000
LEVELS = [{"code": "high", "at": "3"}, {"code": "low", "at": "1"}]


def policy(**stages: object) -> Compiled:
    document = {"name": "p", "combine": {"op": "latest"}, "levels": LEVELS} | stages
    return compile_policy(parse_policy(document), words())


def scores(*given: tuple[int, int | None]) -> Cells:
    return cells_of(
        [
            [
                Entry(value * MICRO, 4 * MICRO, 0, 0, place, occurred_us=NO_TIME if day is None else day * DAY_US)
                for place, (value, day) in enumerate(given)
            ]
        ]
    )


def test_a_level_once_reached_is_kept_with_the_value_that_reached_it() -> None:
    kept, cells = policy(hold={"scores": "never_lower"}), scores((2, 1), (3, 2), (1, 3))
    results = evaluate(cells, kept)
    assert (results.level[0], results.value[0]) == (1, 3 * MICRO)
    assert evaluate(cells, policy()).level[0] == 0
    why = explain(cells, 0, kept)
    assert (why.level, why.value, why.held) == ("high", "3", True)
    assert [(one.value, one.counted_as, one.dropped_because) for one in why.entries] == [
        ("2", "2", "not-latest"),
        ("3", "3", None),
        ("1", None, "after-the-level"),
    ]


@pytest.mark.parametrize("op", OPS)
def test_a_kept_level_is_the_highest_of_all_that_the_scores_so_far_gave(
    op: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "ROWS_AT_ONCE", 7)
    random, vocabulary = Random(f"hold {op}"), words()
    document = policy_of(op, random)
    groups = [scores_of(random) for _ in range(30)]
    order = document.clock.order
    ranks = {"occurred": lambda s: (s.occurred is not None, s.occurred or 0, s.position)}
    ranks |= {"recorded": lambda s: (True, s.recorded, s.position), "listed": lambda s: (True, 0, s.position)}
    stages = document.model_dump(mode="json", exclude_none=True)
    kept = compile_policy(parse_policy(stages | {"hold": {"scores": "never_lower"}}), vocabulary)
    plain = compile_policy(document, vocabulary)
    results = evaluate(cells_from(groups, vocabulary), kept)
    for cell, group in enumerate(groups):
        ordered = sorted(group, key=ranks[order])
        pasts = cells_from([ordered[: n + 1] for n in range(len(ordered))], vocabulary)
        assert results.level[cell] == evaluate(pasts, plain).level.max(initial=-1)


def test_a_score_counts_for_as_many_days_as_the_policy_says() -> None:
    compiled, cells = policy(validity={"days": 30}), scores((3, 1), (1, 20))
    assert evaluate(cells, compiled, at_us=30 * DAY_US).counted[0] == 2
    assert evaluate(cells, compiled, at_us=31 * DAY_US).counted[0] == 1
    assert evaluate(cells, compiled, at_us=50 * DAY_US).level[0] == -1
    assert evaluate(cells, compiled, at_us=10 * DAY_US).value[0] == 3 * MICRO
    assert evaluate(cells, compiled).counted[0] == 2
    last = policy(validity={"days": 30, "last_moment": "counts"})
    assert evaluate(cells, last, at_us=31 * DAY_US).counted[0] == 2


def test_a_score_without_a_time_has_begun_and_goes_on() -> None:
    assert evaluate(scores((3, None)), policy(validity={"days": 1}), at_us=99 * DAY_US).level[0] == 1


def change(mode: str, cells: Cells, before: str, after: str) -> str | None:
    old = policy(levels=[{"code": "met", "at": before}], combine={"op": "highest"})
    new = policy(levels=[{"code": "met", "at": after}], combine={"op": "highest"}, hold={"change": mode})
    level = levels_after_change(cells, old, new, 10 * DAY_US)[0]
    return new.levels[level] if level >= 0 else None


@pytest.mark.parametrize(
    ("mode", "raised", "lowered"),
    [("recompute", None, "met"), ("keep", "met", "met"), ("forward_only", "met", None)],
)
def test_a_change_of_policy_keeps_or_recomputes_what_was_reached(
    mode: str, raised: str | None, lowered: str | None
) -> None:
    cells = scores((3, 1))
    assert change(mode, cells, before="3", after="4") == raised
    assert change(mode, cells, before="4", after="3") == lowered


def test_a_new_score_brings_the_new_policy_to_bear() -> None:
    assert change("forward_only", scores((3, 1), (1, 11)), before="4", after="3") == "met"
    assert change("forward_only", scores((1, 1), (3, 9)), before="4", after="3") is None


def test_a_level_that_the_new_policy_does_not_know_is_not_kept() -> None:
    old = policy(levels=[{"code": "old", "at": "1"}])
    new = policy(levels=[{"code": "new", "at": "4"}], hold={"change": "keep"})
    assert np.array_equal(levels_after_change(scores((3, 1)), old, new, 10 * DAY_US), [-1])
