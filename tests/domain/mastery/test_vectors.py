"""Numbers of other systems: a few written out here, and the shared file where it lies beside the checkout."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from domain.mastery.vectors import answer, check

SHARED = Path(__file__).parents[3] / ".." / "shared" / "vectors" / "mastery_public.json"
ALGORITHMS = (
    "highest latest average median mode decaying_average weighted_recent weighted_average n_mastery rounding"
    " level_from_cutoffs mastery_boolean"
)


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
def test_no_shared_vector_fails_and_the_twelve_algorithms_pass() -> None:
    report = check(json.loads(SHARED.read_text()))
    assert report["failures"] == []
    by_algorithm = report["by_algorithm"]
    assert isinstance(by_algorithm, dict)
    assert {name: by_algorithm[name]["unsupported"] for name in ALGORITHMS.split()} == dict.fromkeys(
        ALGORITHMS.split(), 0
    )
