"""The library of named policies: complete documents, and the numbers that the systems print for them."""

from fractions import Fraction

import pytest

from domain.kernel.ids import CompetencyId
from domain.kernel.scores import MICRO
from domain.mastery.cells import NO_TASK, Entry, Vocabulary, cells_of
from domain.mastery.compile import compile_policy
from domain.mastery.kernel import NO_VALUE, Status, evaluate
from domain.mastery.rollup import Standing, roll_up
from domain.policy.library import LIBRARY

DAY_US = 86_400_000_000
Given = tuple[str, str | None, int]
"""Value, kind or task, and day."""


def said(name: str, given: list[tuple[str, str, int]], at_day: int | None = None) -> tuple[str | None, str | None]:
    vocabulary = Vocabulary()
    vocabulary.roles.code("teacher")
    entries = [
        Entry(
            value=int(Fraction(value) * MICRO),
            possible=4 * MICRO,
            kind=vocabulary.kinds.code(kind),
            role=0,
            position=place,
            task=vocabulary.tasks.code(kind) if kind else NO_TASK,
            occurred_us=day * DAY_US,
        )
        for place, (value, kind, day) in enumerate(given)
    ]
    compiled = compile_policy(LIBRARY[name], vocabulary)
    results = evaluate(cells_of([entries]), compiled, at_us=None if at_day is None else at_day * DAY_US)
    value, level = int(results.value[0]), int(results.level[0])
    return (
        None if value == NO_VALUE else str(float(Fraction(value, MICRO))),
        compiled.levels[level] if level >= 0 else None,
    )


def marks(*values: str) -> list[tuple[str, str, int]]:
    return [(value, "quiz", day) for day, value in enumerate(values)]


@pytest.mark.parametrize("name", LIBRARY)
def test_each_policy_says_in_plain_words_what_it_does(name: str) -> None:
    policy = LIBRARY[name]
    assert policy.description is not None
    assert policy.description.endswith(".")
    assert policy.levels


@pytest.mark.parametrize(
    ("name", "values", "value", "level"),
    [
        ("canvas-highest", ("3", "1"), "3.0", "proficient"),
        ("canvas-latest", ("3", "1"), "1.0", "beginning"),
        ("canvas-average", ("4", "3", "3"), "3.33", "proficient"),
        ("canvas-weighted", ("2", "3"), "2.65", "proficient"),
        ("canvas-decaying", ("2", "3", "4"), "3.53", "advanced"),
        ("canvas-n-times", ("3", "3", "4", "3", "3"), "3.2", "proficient"),
        ("canvas-n-times", ("3", "3", "4", "3"), None, None),
        ("mastery-connect-mode", ("1", "1", "3", "3", "2"), "3.0", "proficient"),
        ("educate-mode", ("3", "3", "1", "1"), "1.0", "beginning"),
        ("schoology-decaying", ("3", "4", "4"), "3.94", "advanced"),
        ("powerteacher-recent", ("1", "2", "4", "4", "3"), "3.67", "advanced"),
        ("marzano-power-law", ("2", "3", "3", "4"), "3.81", "advanced"),
        ("marzano-power-law", ("2", "4"), "3.0", "proficient"),
        ("jumprope-weighted", ("2", "3"), "2.5", "proficient"),
        ("brightspace", ("2", "2.25"), "2.12", "developing"),
        ("bkt", ("1", "1", "0", "1"), "0.927027", None),
    ],
)
def test_the_value_is_the_printed_one(name: str, values: tuple[str, ...], value: str | None, level: str | None) -> None:
    assert said(name, marks(*values)) == (value, level)


def test_a_missing_category_leaves_its_weight_to_the_others() -> None:
    assert said("category-weights", [("3", "practice", 1), ("2.5", "formative", 2), ("3", "summative", 3)]) == (
        "2.9",
        "proficient",
    )
    assert said("category-weights", [("1", "practice", 1), ("3", "summative", 3)]) == ("2.75", "proficient")


def test_a_status_once_demonstrated_is_kept() -> None:
    shown = [("0.8", "assignment-1", 1), ("0.8", "assignment-2", 2)]
    assert said("openedx-criteria", shown)[1] == "demonstrated"
    assert said("openedx-criteria", [*shown, ("0.1", "assignment-1", 3)])[1] == "demonstrated"
    assert said("openedx-criteria", shown[:1])[1] == "attempted"


def test_mastery_is_durable_until_a_review_is_due() -> None:
    shown = [("1", "independent", 1), ("1", "transfer", 2), ("1", "delayed", 8)]
    assert said("durable-mastery", shown[:1])[1] == "developing"
    assert said("durable-mastery", shown[:2])[1] == "provisional"
    assert said("durable-mastery", shown)[1] == "strong"
    assert said("durable-mastery", shown, at_day=37)[1] == "strong"
    assert said("durable-mastery", shown, at_day=38)[1] == "review"
    assert said("durable-mastery", [*shown, ("1", "review", 37)], at_day=126)[1] == "strong"
    assert said("durable-mastery", [*shown, ("0", "review", 37)])[1] == "provisional"
    assert said("durable-mastery", [*shown[:2], ("1", "delayed", 7)])[1] == "provisional"


def test_a_skill_climbs_and_falls_as_khan_academy_says() -> None:
    climb = [("100", "exercise", 1), ("1", "mixed", 2)]
    assert said("khan", climb[:1])[1] == "proficient"
    assert said("khan", climb)[1] == "mastered"
    assert said("khan", [*climb, ("1", "mixed", 3), ("100", "exercise", 4)])[1] == "mastered"
    assert said("khan", [*climb, ("80", "exercise", 3)])[1] == "proficient"
    assert said("khan", [*climb, ("50", "exercise", 3)])[1] == "familiar"
    assert said("khan", [*climb, ("0", "mixed", 3)])[1] == "proficient"
    assert said("khan", [("0", "mixed", 3)])[1] == "attempted"


def test_points_of_parts_need_the_indispensable_one() -> None:
    def parts(**values: int) -> dict[CompetencyId, Standing]:
        return {CompetencyId(f"part-{name}"): Standing(value * MICRO) for name, value in values.items()}

    families = [parts(a=3, b=4, c=1), parts(a=3, c=3), parts(b=3, c=3), parts(a=2, b=3, c=3), parts()]
    results, compiled = roll_up(LIBRARY["moodle-points"], families)
    assert [int(value) // MICRO for value in results.value[:4]] == [8, 6, 6, 6]
    assert results.status[4] == Status.NO_EVIDENCE
    assert compiled.levels == ("proficient",)
    assert results.level.tolist() == [0, -1, -1, -1, -1]
