"""Competencies made of others: unknown children, points, gates; marks; classes."""

import pytest

from domain.kernel.errors import Invalid
from domain.kernel.ids import CompetencyId, LevelCode
from domain.kernel.scores import MICRO
from domain.mastery.classes import percents, value_of_class
from domain.mastery.kernel import NO_VALUE, Status
from domain.mastery.rollup import Family, Standing, mark_of, roll_up
from domain.policy.document import PolicyDocument, parse_policy

CHILDREN = ["a", "b", "c"]


def family(**values: int) -> Family:
    return {CompetencyId(child): Standing(value * MICRO) for child, value in values.items()}


def parent(combine: str, unknown: str = "block", **stages: object) -> PolicyDocument:
    rollup = {"children": CHILDREN, "unknown": unknown} | stages.pop("rollup", {})  # type: ignore[operator]
    return parse_policy({"name": "p", "combine": {"op": combine}, "rollup": rollup, **stages})


def value(policy: PolicyDocument, children: Family) -> float | None:
    results, _ = roll_up(policy, [children])
    return None if results.value[0] == NO_VALUE else int(results.value[0]) / MICRO


@pytest.mark.parametrize(
    ("combine", "said"),
    [("lowest", 1), ("highest", 4), ("mean", 8 / 3), ("median", 3), ("mode", 3), ("sum", 8), ("latest", 3)],
)
def test_every_combination_rolls_up(combine: str, said: float) -> None:
    known = family(a=1, b=4, c=3)
    assert value(parent(combine), known) == pytest.approx(said, abs=0.000_001)


@pytest.mark.parametrize(("unknown", "lowest", "mean"), [("block", None, None), ("ignore", 2, 3), ("zero", 0, 2)])
def test_an_unknown_child_blocks_is_left_out_or_counts_as_zero(
    unknown: str, lowest: float | None, mean: float | None
) -> None:
    known = family(a=2, b=4)
    assert value(parent("lowest", unknown), known) == lowest
    assert value(parent("mean", unknown), known) == mean


@pytest.mark.parametrize(("at", "met"), [("0.666666", True), ("0.67", False)])
def test_any_all_some_and_a_share_are_cuts_of_children_met(at: str, met: bool) -> None:  # noqa: FBT001
    policy = parent("mean", "zero", rollup={"met_at": "3"}, levels=[{"code": "met", "at": at}])
    results, _ = roll_up(policy, [family(a=3, b=4, c=2)])
    assert bool(results.level[0] >= 0) == met


def test_a_weighted_roll_up_names_its_children_as_kinds() -> None:
    weigh = {"by_kind": {"a": "3"}, "other_kinds": "1"}
    assert value(parent("weighted_mean", weigh=weigh), family(a=4, b=2, c=1)) == 3


def test_a_childs_level_brings_points() -> None:
    policy = parent("sum", "ignore", rollup={"points": {"familiar": "50", "mastered": "100"}})
    levels = {"a": "familiar", "b": "mastered", "c": "started"}
    children = {CompetencyId(child): Standing(None, LevelCode(level)) for child, level in levels.items()}
    assert value(policy, children) == 150


@pytest.mark.parametrize(
    ("rollup", "said"), [({}, 55), ({"met_at": "60"}, 50), ({"points": {"started": "2", "mastered": "4"}}, 75)]
)
def test_a_childs_value_is_not_restated_again(rollup: dict[str, object], said: float) -> None:
    policy = parent("mean", "ignore", rollup=rollup, normalise={"to_max": "100"})
    standings = {"a": (50, "started"), "b": (60, "mastered")}
    children = {CompetencyId(child): Standing(of * MICRO, LevelCode(level)) for child, (of, level) in standings.items()}
    assert value(policy, children) == said


def test_no_children_are_no_evidence() -> None:
    results, _ = roll_up(parent("lowest", rollup={"children": []}), [{}])
    assert results.status[0] == Status.NO_EVIDENCE


def test_a_prerequisite_holds_a_level_back() -> None:
    levels = [{"code": "high", "at": "3"}, {"code": "low", "at": "1"}]
    gates = [{"competency": "before", "at": "2", "cap": "low"}, {"competency": "safety", "at": "1"}]
    policy = parent("mean", levels=levels, prerequisites=gates)
    before: tuple[dict[str, int], ...] = ({"before": 2, "safety": 1}, {"before": 1, "safety": 1}, {"before": 2}, {})
    families = [family(a=4, b=4, c=4, **known) for known in before]
    results, compiled = roll_up(policy, families)
    said = [compiled.levels[level] if level >= 0 else None for level in results.effective]
    assert said == ["high", "low", None, None]


@pytest.mark.parametrize(
    ("stages", "fault"),
    [
        ({"rollup": {"children": ["a", "a"]}}, "children a, a repeat one"),
        ({"rollup": {"children": ["a"], "met_at": "1", "points": {"x": "1"}}}, "met_at and points do not go together"),
        ({"prerequisites": [{"competency": "a", "at": "1", "cap": "x"}]}, "cap x of a prerequisite is not one of"),
    ],
)
def test_a_roll_up_that_contradicts_itself_is_refused(stages: dict[str, object], fault: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_policy({"name": "p", "combine": {"op": "mean"}, **stages})
    assert fault in str(refusal.value)


@pytest.mark.parametrize(("micro", "mark"), [(3_500_000, "A"), (3_499_999, "B"), (0, None)])
def test_a_value_is_told_as_a_mark(micro: int, mark: str | None) -> None:
    convert = [{"mark": "B", "at": "2.5"}, {"mark": "A", "at": "3.5"}]
    policy = parse_policy({"name": "p", "combine": {"op": "mean"}, "convert": convert})
    assert mark_of(policy, micro) == mark


def test_a_class_has_the_mean_of_those_who_have_a_value() -> None:
    policy = parse_policy({"name": "p", "combine": {"op": "mean"}, "round": {"places": 2}})
    assert value_of_class(policy, [MICRO, 2 * MICRO, NO_VALUE, 2 * MICRO]) == 1_670_000
    assert value_of_class(policy, [NO_VALUE]) is None


def test_shares_of_levels_are_rounded_each_for_itself() -> None:
    assert percents([0, 1, 2, -1], 3) == [33, 33, 33]
    assert percents([0, 0, 1], 3) == [67, 33, 0]
    assert percents([-1], 2) == [0, 0]
