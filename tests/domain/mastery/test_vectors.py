"""Numbers of other systems: a few written out here, and the shared file where it lies beside the checkout."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from domain.mastery.vectors import answer, check

SHARED = Path(__file__).parents[3] / ".." / "shared" / "vectors" / "mastery_public.json"


def vector(algorithm: str, scores: list[dict[str, object]], expected: object, **params: object) -> dict[str, object]:
    policy = {"name": algorithm, "params": params}
    return {"id": "v", "algorithm": algorithm, "policy": policy, "scores": scores, "expected": expected}


def points(*values: object) -> list[dict[str, object]]:
    return [{"value": value, "at": None} for value in values]


def quiz(percent: float, assignment: str, day: int) -> dict[str, object]:
    at = f"2024-03-{day}T09:00:00Z"
    return {"value": None, "percent": percent, "possible": 1, "assignment": assignment, "at": at, "kind": "quiz"}


@pytest.mark.parametrize(
    ("algorithm", "scores", "params", "expected"),
    [
        ("decaying_average", points(2, 3, 4), {}, "3.53"),
        ("decaying_average", points(2, 3, 4), {"round": 1, "rounding": "down"}, "3.5"),
        ("decaying_average", points(4, 4), {"min_evidence": 3}, None),
        ("weighted_recent", points(5, 4), {"calculation_int": None}, "4.35"),
        ("n_mastery", points(4, 5, 1, 3, None, 3), {"calculation_int": 3}, "3.75"),
        ("n_mastery", points(3, 3, 3, 3), {}, None),
        ("median", points(1, 2, 4, 3), {}, "2.5"),
        ("mode", points(1, 1, 2, 2), {"tie": "most_recent"}, "2"),
        ("mode", points(2, 2, 1, 1), {"tie": "highest"}, "2"),
        ("highest", [quiz(0.6, "a", 15), quiz(0.8, "a", 15)], {"points_possible": 5}, "4"),
        ("latest", [quiz(0.6, "a", 15), quiz(0.8, "a", 15), quiz(0.1, "b", 14)], {"points_possible": 5}, "3.5"),
        ("average", [quiz(0.4, "a", 15)], {"points_possible": 0, "mastery_points": 3}, "1.2"),
        (
            "category_weights",
            [{"type": "a", "value": 3}, {"type": "b", "value": 4}],
            {"weights": {"a": 1, "b": 3}},
            "3.75",
        ),
    ],
)
def test_the_value_is_the_printed_one(
    algorithm: str, scores: list[dict[str, object]], params: dict[str, object], expected: str | None
) -> None:
    got = answer(vector(algorithm, scores, expected, **params))
    assert got == (None if expected is None else Decimal(expected))


def test_a_level_and_a_yes_or_no_are_answers_too() -> None:
    cuts = [["Meets it", 3], ["Not yet", 0]]
    assert answer(vector("level_from_cutoffs", points(3), None, levels=cuts)) == "Meets it"
    half: list[dict[str, object]] = [{"value": 1, "possible": 1}, {"value": 0, "possible": 1}]
    assert answer(vector("mastery_boolean", half, None, threshold=0.5)) is True
    assert answer(vector("mastery_boolean", half, None, threshold=0.7)) is False


def test_what_the_language_cannot_say_is_unsupported_and_what_is_wrong_is_shown() -> None:
    report = check(
        [
            vector("bkt", points(1), 0.9, prior=0.4),
            vector("average", points(1), 1.0, half_life_days=30),
            vector("average", points("1.1234567"), 1.12),
            vector("average", points(1, 2), 1.5),
            vector("average", points(1, 2), 1.6),
        ]
    )
    assert report == {
        "by_algorithm": {
            "bkt": {"passed": 0, "failed": 0, "unsupported": 1},
            "average": {"passed": 1, "failed": 1, "unsupported": 2},
        },
        "failures": [{"id": "v", "expected": 1.6, "got": "1.5"}],
    }


@pytest.mark.skipif(not SHARED.exists(), reason="the shared vectors are not beside this checkout")
def test_all_142_shared_vectors_pass() -> None:
    report = check(json.loads(SHARED.read_text()))
    assert report["failures"] == []
    by_algorithm = report["by_algorithm"]
    assert isinstance(by_algorithm, dict)
    assert sum(counts["passed"] for counts in by_algorithm.values()) == 142
    assert sum(counts["unsupported"] for counts in by_algorithm.values()) == 0


def day(number: int) -> str:
    return f"2024-03-{number:02}T09:00:00Z"


def acts(kind: str, *pairs: tuple[object, object]) -> list[dict[str, object]]:
    return [{kind: name, "value": value, "at": day(place)} for place, (name, value) in enumerate(pairs, 1)]


GRADES: list[dict[str, object]] = [
    {"value": value, "possible": 10, "weight": weight} for value, weight in ((2, 0), (4, 1), (6, 2))
]
OF_TWENTY: dict[str, object] = {"category_max": 20}
PARENT: dict[str, object] = {
    "self": "c1",
    "children": ["c2"],
    "competencies": [{"id": "c2", "points": 1, "required": 0}],
}
RULE: dict[str, object] = {"op": "gte", "scale": "percent", "monotone": True, "value": 0.75}
CHANGE: dict[str, object] = {
    "before": {"method": "highest", "threshold": 0.85},
    "after": {"method": "highest", "threshold": 0.75},
    "effective_at": day(20),
}
GOOD: list[dict[str, object]] = [{"value": 0.8, "at": day(15)}]


@pytest.mark.parametrize(
    ("algorithm", "scores", "params", "expected"),
    [
        ("alignment_percent", [{"value": 6, "possible": 10}], {"mastery_points": 3, "points_possible": 0}, 0.6),
        ("rating_distribution", points(4, 5, 2), {"ratings": [4, 3, 2, 1, 0]}, [67, 0, 33, 0, 0]),
        ("gradebook_aggregate", GRADES, OF_TWENTY | {"method": "median"}, 8),
        ("gradebook_aggregate", GRADES, OF_TWENTY | {"method": "min"}, 4),
        ("gradebook_aggregate", GRADES, OF_TWENTY | {"method": "weighted_mean"}, 10),
        ("gradebook_aggregate", GRADES, OF_TWENTY | {"method": "weighted_mean"}, 10.67),
        ("gradebook_aggregate", GRADES, OF_TWENTY | {"method": "sum"}, 12),
        ("drop_keep", points(5, 9, 2.5, 7), {"keephigh": 1}, [9]),
        ("drop_keep", points(0, 5, 6), {"droplow": 5}, []),
        ("most_recent_n", points(4, 1, 1, 2), {"n": 3, "stat": "median"}, 1),
        ("weighted_positions", points(1, 1), {"weights": [0.5, 1], "cap_by_count": {"2": 0.8}}, 0.8),
        ("rule_points_validation", [], PARENT | {"points": 2}, False),
        ("rule_points_validation", [], PARENT | {"points": 1}, True),
        ("rule_points_validation", [], PARENT | {"points": "a"}, False),
        ("grade_rule", points("0.8", "0.6"), RULE, "Demonstrated"),
        ("grade_rule", points("0.7500000001"), RULE | {"op": "lte"}, "AttemptedNotDemonstrated"),
        ("grade_rule", [], RULE, None),
        ("policy_change", GOOD, CHANGE | {"mode": "full_recompute"}, {"mastered": True}),
        ("policy_change", GOOD, CHANGE | {"mode": "forward_only"}, {"mastered": False}),
        ("khan_state_machine", acts("kind", ("mixed", 1), ("mixed", 0)), {}, "attempted"),
        ("khan_state_machine", [], {}, "not_started"),
        ("irt_2pl_eap", [], {}, 0),
        ("cass_relation", [{"value": "UNKNOWN"}, {"value": "UNKNOWN"}], {"relation": "OR"}, "UNKNOWN"),
        ("cass_assertions", [{"value": -1, "expires": None}], {"as_of": day(15)}, "FALSE"),
        ("valid_until", [{"type": "have", "expires": day(15)}], {"as_of": day(15), "types": ["have"]}, True),
        ("evidence_type_ladder", acts("type", ("independent", 1)), {"as_of": day(15)}, "developing"),
    ],
)
def test_each_family_answers_beyond_the_shared_examples(
    algorithm: str, scores: list[dict[str, object]], params: dict[str, object], expected: object
) -> None:
    report = check([vector(algorithm, scores, expected, **params)])
    assert report["failures"] == []
    assert report["by_algorithm"] == {algorithm: {"passed": 1, "failed": 0, "unsupported": 0}}
