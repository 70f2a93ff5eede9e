"""The named models: right and wrong answers traced, four-valued truths, Moodle's acts, criteria."""

from fractions import Fraction

import pytest

from domain.kernel.errors import Invalid
from domain.kernel.scores import MICRO
from domain.mastery.cells import NO_TASK, Entry, Vocabulary, cells_of
from domain.mastery.compile import compile_policy
from domain.mastery.explanation import explain
from domain.mastery.kernel import NO_VALUE, evaluate
from domain.policy.document import parse_policy

Given = list[tuple[str, str]]
"""Value, and kind or task."""


def value_of(combine: dict[str, object], given: Given) -> str | None:
    vocabulary = Vocabulary()
    vocabulary.roles.code("teacher")
    entries = [
        Entry(
            int(Fraction(value) * MICRO),
            MICRO,
            vocabulary.kinds.code(name or "score"),
            0,
            place,
            vocabulary.tasks.code(name) if name else NO_TASK,
        )
        for place, (value, name) in enumerate(given)
    ]
    results = evaluate(cells_of([entries]), compile_policy(parse_policy({"name": "p", "combine": combine}), vocabulary))
    value = int(results.value[0])
    return None if value == NO_VALUE else str(float(Fraction(value, MICRO)))


def answers(*values: int) -> Given:
    return [(str(value), f"item-{place}") for place, value in enumerate(values)]


BKT: dict[str, object] = {"op": "bkt@1", "prior": "0.4", "learn": "0.1", "guess": "0.2", "slip": "0.1"}


@pytest.mark.parametrize(
    ("given", "forget", "value"),
    [((0,), "0", "0.169231"), ((1, 1, 0, 1), "0", "0.927027"), ((1,), "0.2", "0.625")],
)
def test_knowledge_is_traced_as_pybkt_does(given: tuple[int, ...], forget: str, value: str) -> None:
    assert value_of(BKT | {"forget": forget}, answers(*given)) == value


def test_an_answer_that_no_state_explains_changes_nothing_but_learning() -> None:
    assert value_of(BKT | {"guess": "0", "slip": "1"}, answers(1)) == "0.46"


def test_a_rating_moves_with_surprise() -> None:
    items = {"item-1": {"difficulty": "0.5"}, "item-2": {"difficulty": "1"}}
    assert value_of({"op": "elo@1", "k": "0.4", "items": items}, answers(1, 1, 0)) == "0.285303"
    assert value_of({"op": "elo@1", "k": "0.4", "start": "900"}, answers(1)) == "900.0"


def test_ability_does_not_depend_on_the_order_of_the_answers() -> None:
    items = {
        "item-0": {"difficulty": "-0.5"},
        "item-1": {"discrimination": "1.2", "difficulty": "0.3"},
        "item-2": {"discrimination": "0.8", "difficulty": "1"},
    }
    given = answers(1, 1, 0)
    model: dict[str, object] = {"op": "irt_2pl_eap@1", "items": items}
    assert value_of(model, given) == value_of(model, given[::-1]) == "0.502993"


TRUTHS = "UFIT"


@pytest.mark.parametrize(
    ("relation", "said"),
    [
        ("and", {"TT": "T", "TU": "U", "TI": "I", "FI": "F", "IU": "I"}),
        ("or", {"TF": "T", "FI": "I", "FU": "F", "UU": "U"}),
        ("narrows", {"TF": "T", "FI": "F", "FU": "U"}),
        ("is_required_by", {"TU": "T", "UI": "F", "FF": "U"}),
        ("broadens", {"TF": "F", "TI": "T", "TT": "T", "TU": "U"}),
        ("requires", {"TF": "F", "UI": "T", "TT": "U"}),
    ],
)
def test_relations_follow_cass(relation: str, said: dict[str, str]) -> None:
    model: dict[str, object] = {"op": "assertion_relation@1", "relation": relation}
    for truths, expected in said.items():
        value = value_of(model, [(str(TRUTHS.index(truth)), "") for truth in truths])
        assert (truths, value) == (truths, str(float(TRUTHS.index(expected))))


@pytest.mark.parametrize(
    ("claims", "truth"), [(("1",), "3.0"), (("-1",), "1.0"), (("1", "-1"), "2.0"), (("0",), "0.0")]
)
def test_claims_for_and_against_are_a_truth_of_their_own(claims: tuple[str, ...], truth: str) -> None:
    assert value_of({"op": "assertions@1"}, [(claim, "") for claim in claims]) == truth


def test_completion_gives_a_grade_once_and_an_override_stands() -> None:
    model: dict[str, object] = {"op": "moodle_competency@1", "default_grade": "1"}
    assert value_of(model, [("0", "complete")]) == "1.0"
    assert value_of(model, [("2", "override"), ("0", "complete"), ("0", "log")]) == "2.0"
    assert value_of(model, [("2", "override"), ("0", "complete_override")]) == "1.0"
    assert value_of(model, [("2", "override"), ("0", "unrate")]) is None


def test_archived_criteria_and_branches_no_longer_count() -> None:
    def tree(*children: dict[str, object]) -> dict[str, object]:
        return {"op": "criteria@1", "tree": {"op": "and", "children": children}}

    a: dict[str, object] = {"task": "a", "value": "0.75"}
    b: dict[str, object] = {"task": "b", "value": "0.75"}
    given = [("0.8", "a"), ("0.1", "b")]
    assert value_of(tree(a, b), given) == "0.0"
    assert value_of(tree(a, b | {"archived": True}), given) == "1.0"
    assert value_of(tree(a, {"op": "or", "children": [b | {"archived": True}]}), given) == "1.0"
    assert value_of(tree(b | {"archived": True}), given) == "0.0"
    assert value_of(tree(a | {"compare": "lte"}), [("0.7", "a"), ("0.8", "a")]) == "1.0"
    assert value_of(tree(a | {"compare": "lte", "ever": False}), [("0.7", "a"), ("0.8", "a")]) == "0.0"


@pytest.mark.parametrize(
    ("combine", "fault"),
    [
        (BKT | {"guess": "1.2"}, "guess 1.2 is outside 0..1"),
        ({"op": "irt_2pl_eap@1", "low": "4"}, "low 4 is not below high 4"),
        ({"op": "bkt@2"}, "'bkt@2' found using 'op' does not match any of the expected tags"),
    ],
)
def test_a_model_outside_its_bounds_or_version_is_refused(combine: dict[str, object], fault: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_policy({"name": "p", "combine": combine})
    assert fault in str(refusal.value)


def test_each_score_of_a_model_is_explained_as_used() -> None:
    vocabulary = Vocabulary()
    kind, role = vocabulary.kinds.code("quiz"), vocabulary.roles.code("teacher")
    cells = cells_of([[Entry(MICRO, MICRO, kind, role, place) for place in range(2)]])
    policy = parse_policy({"name": "p", "combine": BKT, "levels": [{"code": "mastered", "at": "0.95"}]})
    why = explain(cells, 0, compile_policy(policy, vocabulary))
    assert (why.value, why.level, why.next_level, why.missing) == ("0.945455", None, "mastered", "0.004545")
    assert [(entry.weight, entry.dropped_because) for entry in why.entries] == [(1, None), (1, None)]
