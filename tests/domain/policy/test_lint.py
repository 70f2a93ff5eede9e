"""The lint of policies: what is denied, what is warned of, where and why."""

from typing import Any, Final

import pytest

from domain.framework.catalogue import EMPTY
from domain.framework.events import FrameworkPublished, ScalePublished
from domain.kernel.ids import CompetencyId, FrameworkId
from domain.policy.document import parse_policy
from domain.policy.lint import Finding, denied, lint, lint_text
from domain.policy.reach import Setting, setting_of
from domain.policy.starters import DEFAULT, FOUR_LEVELS, STARTERS, starter
from tests.sample import of

LEVELS: Final = [{"code": "beginning", "at": "0"}, {"code": "proficient", "at": "3"}]
SOUND: Final[dict[str, Any]] = {
    "name": "Sound",
    "normalise": {"to_max": "4"},
    "select": {"roles": ["teacher"]},
    "combine": {"op": "latest"},
    "require": [{"kinds_at_least": 2}],
    "levels": LEVELS,
}
FOUR: Final = of(ScalePublished, scale_id="four", title="Four", lowest_micro=1_000_000, highest_micro=4_000_000)
FRAMEWORK: Final = of(
    FrameworkPublished,
    framework_id="f1",
    title="Whole child",
    edition="1",
    scale_id="four",
    competencies=[
        {"competency_id": "m1", "statement": "Add."},
        {"competency_id": "d1", "statement": "Persist.", "kind": "disposition"},
    ],
)
NOWHERE: Final = Setting()
WEIGHTED: Final = {"combine": {"op": "weighted_mean"}}
TIME: Final = "says how long or how willingly a learner worked, not what the learner can do"


def found(stages: dict[str, Any], setting: Setting = NOWHERE) -> list[str]:
    """Return what is found in the sound policy with other stages, as `severity rule place value: reason`."""
    return [told(finding) for finding in lint(parse_policy(SOUND | stages), setting)]


def told(finding: Finding) -> str:
    return f"{finding.severity} {finding.rule} {finding.place} {finding.value}: {finding.reason}"


def test_a_sound_policy_is_left_alone() -> None:
    assert found({}) == []


@pytest.mark.parametrize(
    ("stages", "finding"),
    [
        (
            {"select": {"roles": ["teacher"], "kinds": ["attendance", "essay"]}},
            f"deny counts-time-or-effort select.kinds attendance: kind attendance {TIME}",
        ),
        (
            WEIGHTED | {"weigh": {"by_kind": {"seatTime": "0.1"}}},
            f"deny counts-time-or-effort weigh.by_kind seatTime: kind seatTime {TIME}",
        ),
        (
            {"require": [{"kinds_at_least": 2}, {"at_or_above": {"value": "3", "count": 1, "kinds": ["Effort 2"]}}]},
            f"deny counts-time-or-effort require.1.at_or_above.kinds Effort 2: kind Effort 2 {TIME}",
        ),
        (
            WEIGHTED | {"weigh": {"by_kind": {"work-habits": "1"}}},
            (
                "warn dispositions-mixed weigh.by_kind work-habits: kind work-habits is about a disposition, which is "
                "reported apart from academic levels"
            ),
        ),
        (
            WEIGHTED
            | {"weigh": {"by_kind": {"essay": "2"}}, "select": {"roles": ["teacher"], "exclude_kinds": ["essay"]}},
            "warn kind-left-out weigh.by_kind essay: kind essay is named here and does not count",
        ),
        (
            WEIGHTED
            | {
                "select": {"roles": ["teacher"], "kinds": ["essay", "quiz"]},
                "weigh": {"by_kind": {"essay": "2", "quiz": "1"}, "other_kinds": "3"},
            },
            "warn weight-unused weigh.other_kinds 3: every kind that is selected has a weight of its own",
        ),
        (
            {"levels": [*LEVELS, {"code": "advanced", "at": "4.5"}]},
            "deny level-unreachable levels.2 4.5: level advanced starts at 4.5, and no value is above 4",
        ),
        (
            {"levels": [*LEVELS, {"code": "advanced", "at": "3.9"}], "adjust": {"at_most": "3.5"}},
            "deny level-unreachable levels.2 3.9: level advanced starts at 3.9, and no value is above 3.5",
        ),
        (
            {"combine": {"op": "bkt@1", "prior": "0.3", "learn": "0.1", "guess": "0.2", "slip": "0.1"}},
            "deny level-unreachable levels.1 3: level proficient starts at 3, and no value is above 1",
        ),
        (
            {
                "round": {"places": 0},
                "levels": [{"code": "low", "at": "0"}, {"code": "mid", "at": "2.2"}, {"code": "top", "at": "2.9"}],
            },
            "warn level-empty levels.1 2.2: no rounded value lies from 2.2 to below 2.9",
        ),
        (
            {"combine": {"op": "mean_at_or_above", "value": "3"}},
            "warn level-empty levels.0 0: no rounded value lies from 0 to below 3",
        ),
        (
            {"require": [{"at_or_above": {"value": "5", "count": 1}}, {"kinds_at_least": 2}]},
            "deny requirement-unmeetable require.0 None: scores at 5 are required and none is above 4",
        ),
        (
            {"select": {"roles": ["teacher"], "kinds": ["a", "b"]}, "require": [{"kinds_at_least": 3}]},
            "deny requirement-unmeetable require.0 None: 3 kinds are required and 2 count",
        ),
        (
            {"window": {"latest": 2}, "require": [{"kinds_at_least": 2}, {"count_at_least": 3}]},
            "deny requirement-unmeetable require.1 None: 3 are required and 2 are looked at",
        ),
        (
            {"require": [{"kinds_at_least": 2}, {"count_at_least": 1}]},
            "warn requirement-empty require.1 None: every single score meets this requirement",
        ),
        (
            {"unmet": {"cap": "proficient"}},
            "warn cap-without-force unmet.cap proficient: the cap never holds a level down",
        ),
        (
            {"select": {"roles": ["teacher"], "kinds": ["test"]}, "require": [{"count_at_least": 2}]},
            "warn one-kind-is-enough select test: only work of kind test counts",
        ),
        (
            {"require": [{"count_at_least": 2}]},
            "warn one-kind-is-enough require None: work of one kind alone can reach every level",
        ),
        (
            {"select": {}, "unmet": {"cap": "proficient"}, "levels": [*LEVELS, {"code": "advanced", "at": "3.5"}]},
            "warn adaptive-alone require None: scores of an adaptive program alone can reach proficient",
        ),
    ],
)
def test_one_fault_is_one_finding_with_its_place_value_and_reason(stages: dict[str, Any], finding: str) -> None:
    assert found(stages) == [finding]


def test_a_requirement_for_work_that_does_not_count_is_denied() -> None:
    bar = {"at_or_above": {"value": "3", "count": 1, "kinds": ["essay"]}}
    stages = {"select": {"roles": ["teacher"], "exclude_kinds": ["essay"]}, "require": [{"kinds_at_least": 2}, bar]}
    assert found(stages) == [
        "warn kind-left-out require.1.at_or_above.kinds essay: kind essay is named here and does not count",
        "deny requirement-unmeetable require.1 None: work of kind essay is required and does not count",
    ]


def test_a_policy_under_which_nothing_counts_is_denied() -> None:
    assert found(WEIGHTED | {"weigh": {"by_kind": {"essay": 0}, "other_kinds": 0}}) == [
        "deny nothing-counts select None: every kind of evidence is left out or has weight 0",
        "deny requirement-unmeetable require.0 None: 2 kinds are required and 0 count",
    ]


def test_without_requirements_there_is_no_rule_for_insufficient_evidence() -> None:
    assert found({"require": []}) == [
        (
            "warn no-rule-for-insufficient-evidence require None: one score is enough for any level; require says how "
            "much evidence is sufficient"
        ),
        "warn one-kind-is-enough require None: work of one kind alone can reach every level",
    ]


@pytest.mark.parametrize(
    "stages",
    [
        {"select": {"exclude_kinds": ["adaptive-program"]}},
        {"select": {"kinds": ["essay", "quiz"]}},
        WEIGHTED | {"select": {}, "weigh": {"by_kind": {"adaptive": 0}}},
        {"select": {}, "unmet": {"cap": "beginning"}},
        {"select": {}},
    ],
)
def test_an_adaptive_program_that_does_not_count_or_is_not_enough_is_no_finding(stages: dict[str, Any]) -> None:
    assert found(stages) == []


@pytest.mark.parametrize("kind", ["hour-of-code", "conductivity-lab", "participatory-design", "ten-minute-essay"])
def test_kinds_of_work_that_only_sound_like_time_or_effort_count(kind: str) -> None:
    assert found({"select": {"roles": ["teacher"], "kinds": ["essay", kind]}}) == []


def test_time_and_effort_are_not_rolled_up_either() -> None:
    rollup = {"rollup": {"children": ["m1", "m2"]}, "weigh": {"by_kind": {"effort": "1"}}}
    assert found(WEIGHTED | rollup) == [f"deny counts-time-or-effort weigh.by_kind effort: kind effort {TIME}"]


def test_time_and_effort_may_be_named_to_leave_them_out() -> None:
    assert found({"select": {"roles": ["teacher"], "exclude_kinds": ["attendance", "effort"]}}) == []
    assert found(WEIGHTED | {"weigh": {"by_kind": {"participation": 0}}}) == []


def test_the_scale_of_the_framework_says_where_values_lie() -> None:
    raw = {key: stage for key, stage in SOUND.items() if key != "normalise"}
    policy = parse_policy(raw | {"levels": [*LEVELS, {"code": "low", "at": "0.9"}, {"code": "top", "at": "5"}][2:]})
    catalogue = EMPTY.evolve(FOUR).evolve(FRAMEWORK)
    setting = setting_of(policy, catalogue, FrameworkId("f1"))
    assert setting._replace(held=None) == Setting(FRAMEWORK, FOUR)
    assert [told(finding) for finding in denied(policy, setting)] == [
        "deny level-unreachable levels.1 5: level top starts at 5, and no value is above 4"
    ]
    assert denied(policy, setting_of(policy, catalogue, None)) == []


def test_a_level_below_the_lowest_score_is_questioned() -> None:
    policy = parse_policy(SOUND | {"normalise": None, "levels": [*LEVELS[:1], {"code": "developing", "at": "1"}]})
    assert [told(finding) for finding in lint(policy, Setting(None, FOUR))] == [
        "warn level-empty levels.0 0: no rounded value lies from 0 to below 1"
    ]


def test_a_framework_of_skills_and_dispositions_is_questioned() -> None:
    assert found({}, Setting(FRAMEWORK, FOUR)) == [
        (
            "warn dispositions-mixed framework f1 d1: 1 of 2 competencies are dispositions; "
            "a policy of their own suits them"
        )
    ]


def test_dispositions_are_not_rolled_up_with_skills() -> None:
    rollup = {"rollup": {"children": ["m1", "d1"]}}
    whole = Setting(FRAMEWORK, FOUR, CompetencyId("w1"))
    assert found(rollup, whole) == [
        (
            "deny dispositions-mixed rollup.children d1: 1 of 2 children are dispositions, which are reported apart "
            "from academic levels"
        )
    ]
    assert found(rollup | {"select": {"exclude_kinds": ["d1"]}}, whole) == []


TREE: Final = of(
    FrameworkPublished,
    framework_id="f2",
    title="Fractions",
    edition="1",
    scale_id="four",
    competencies=[{"competency_id": one, "statement": one} for one in ("whole", "a", "b")],
    associations=[{"kind": "isChildOf", "from_id": child, "to_id": "whole"} for child in ("a", "b")],
)
"""`whole` is made of `a` and `b`."""


@pytest.mark.parametrize(
    ("stages", "whole", "finding"),
    [
        ({"rollup": {}}, None, None),
        ({"rollup": {"children": ["a", "b"]}}, None, None),
        ({"rollup": {"children": ["a", "c"]}}, "whole", None),
        (
            {"rollup": {"children": ["a", "c"]}},
            None,
            (
                "deny rollup-without-parent rollup.children a, c: no competency of the framework is made of these; "
                "the scope of the policy can name the one that is"
            ),
        ),
        (
            {"rollup": {}, "hold": {"scores": "never_lower"}},
            None,
            (
                "warn hold-of-rollup hold.scores never_lower: a competency that is made of others keeps no level of "
                "its own; its parts may keep theirs"
            ),
        ),
        (
            {"rollup": {}, "prerequisites": [{"competency": "whole", "at": "2"}]},
            None,
            "deny circular prerequisites whole, a: each of these hangs on the next, and the last one on the first",
        ),
        ({"prerequisites": [{"competency": "a", "at": "2"}, {"competency": "b", "at": "2"}]}, None, None),
    ],
)
def test_what_competencies_hang_on_must_be_there_and_not_go_in_a_circle(
    stages: dict[str, Any], whole: str | None, finding: str | None
) -> None:
    setting = Setting(TREE, FOUR, None if whole is None else CompetencyId(whole))
    assert found(stages, setting) == ([finding] if finding else [])


def test_no_policy_to_start_from_is_denied() -> None:
    for policy in (DEFAULT, FOUR_LEVELS, *(starter(name) for name in STARTERS)):
        assert denied(policy, NOWHERE) == [], policy.name


@pytest.mark.parametrize(
    ("cuts", "expected"),
    [
        ([1, 3, 2], ["deny cuts-out-of-order levels.2 2: level c at 2 follows b at 3; cuts rise or fall all the way"]),
        ([3, 2, 2], ["deny cuts-out-of-order levels.2 2: level c at 2 follows b at 2; cuts rise or fall all the way"]),
        (["3", "2", "1"], []),
    ],
)
def test_cuts_out_of_order_are_named(cuts: list[Any], expected: list[str]) -> None:
    levels = [{"code": code, "at": at} for code, at in zip("abc", cuts, strict=True)]
    assert [told(finding) for finding in lint_text(SOUND | {"levels": levels})] == expected


def test_a_document_outside_the_language_is_one_finding() -> None:
    assert [told(finding) for finding in lint_text(SOUND | {"colour": "red", "levels": "many"})] == [
        "deny policy-invalid levels None: input should be a valid tuple"
    ]
    assert [told(finding) for finding in lint_text(SOUND | {"normalise": {"to_max": "many"}})] == [
        "deny policy-invalid document None: score 'many' is not a decimal of at most 9 digits and 6 places"
    ]


def test_a_prerequisite_that_no_framework_holds_is_denied() -> None:
    stages = {"prerequisites": [{"competency": "m1", "at": "2"}, {"competency": "m-1", "at": "2"}]}
    reason = "no published framework holds competency m-1, so nobody ever meets this"
    assert found(stages, Setting(held={CompetencyId("m1")})) == [
        f"deny prerequisite-unknown prerequisites.1 m-1: {reason}"
    ]
    assert found(stages) == [], "frameworks may come later"


def test_a_weight_for_what_is_no_part_of_a_roll_up_is_questioned() -> None:
    weigh = {"by_kind": {"a": "2", "c": "3"}}
    assert found(WEIGHTED | {"rollup": {"children": ["a", "b"]}, "require": [], "weigh": weigh}) == [
        "warn part-unknown weigh.by_kind c: c is none of the competencies that the roll-up lists"
    ]


@pytest.mark.parametrize("kind", ["on_time", "latePenalty", "daysPresent", "screen-time", "timeInApp", "engagement"])
def test_words_for_time_and_effort_are_denied_however_they_are_written(kind: str) -> None:
    told = found(WEIGHTED | {"weigh": {"by_kind": {kind: "2"}}})
    assert told == [f"deny counts-time-or-effort weigh.by_kind {kind}: kind {kind} {TIME}"]


@pytest.mark.parametrize("kind", ["presentation", "translation", "timeline", "collage", "lateral_thinking"])
def test_words_that_only_look_like_time_are_left_alone(kind: str) -> None:
    assert found(WEIGHTED | {"weigh": {"by_kind": {kind: "2"}}}) == []
