"""Policies in plain words: every stage, operation and requirement, in every language."""

from string import Formatter
from typing import Any, Final, get_args

import pytest

from domain.mastery.explanation import _WHY_NO_WEIGHT, _WHY_NOT_COUNTED
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.models import Combine
from domain.policy.stages import Clause
from domain.policy.words.catalogue import CATALOGUES, Language, say
from domain.policy.words.english import ENGLISH
from domain.policy.words.sentences import STAGES, tell

OPERATIONS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "latest": ({}, "The value is the latest score."),
    "highest": ({}, "The value is the best score."),
    "lowest": ({}, "The value is the lowest score."),
    "mean": ({}, "The value is the mean of all scores that count."),
    "weighted_mean": ({}, "The value is the mean of all scores that count, each by its weight."),
    "mean_of_kinds": ({}, "The value is the mean of each kind of work, then the mean of the kinds by weight."),
    "median": ({}, "The value is the middle score; of an even number, the mean of the middle two."),
    "mode": ({"tie": "highest"}, "The value is the score given most often; of several, the highest."),
    "latest_versus_rest": (
        {"latest": "0.625"},
        "The latest score makes 62.5% of the value, the mean of the earlier ones the rest.",
    ),
    "decaying": ({"rate": "0.65"}, "Each new score makes 65% of the value, what was known before the rest."),
    "mean_at_or_above": ({"value": "3"}, "The value is the mean of the scores at 3 or above."),
    "mean_of_latest": ({"count": 3}, "The value is the mean of the latest 3 scores."),
    "mean_of_highest": ({"count": 2}, "The value is the mean of the best 2 scores."),
    "mean_without_lowest": ({"count": 2}, "The value is the mean of what is left without the lowest 2 scores."),
    "weighted_places": (
        {"weights": ["0.2", "0.8"]},
        "The value is the mean of the latest scores by the weight of their place, the latest last: 0.2, 0.8.",
    ),
    "sum": ({}, "The value is the sum of all scores that count."),
    "mean_with_extra_credit": ({}, "The value is the mean of the scores that count, plus extra credit."),
    "half_life": (
        {"days": 30},
        "The value is the mean of all scores; a score weighs half of one that is 30 days younger.",
    ),
    "power_law": (
        {"fewest": 3},
        (
            "The value is where a curve through the scores stands at the latest one; with fewer than 3 scores it is "
            "their mean, and a score below 0.1 counts as 0.1."
        ),
    ),
    "bkt@1": (
        {"prior": "0.3", "learn": "0.1", "guess": "0.2", "slip": "0.05"},
        (
            "The value is the probability that the skill is known, a score of 1 or above being right: 0.3 at first, "
            "learned at a step with 0.1, forgotten with 0, guessed with 0.2, missed by a slip with 0.05."
        ),
    ),
    "elo@1": (
        {"k": "0.4"},
        (
            "The value is a rating that starts at 0 and moves by 0.4 at most with each score, most where the result "
            "surprises; 1 or above is right."
        ),
    ),
    "irt_2pl_eap@1": (
        {},
        (
            "The value is the ability from -4 to 4 that agrees best with the results and the difficulty of the tasks; "
            "1 or above is right."
        ),
    ),
    "khan@1": (
        {},
        (
            "The value is a step: 0 not started, 1 attempted, 2 familiar, 3 proficient, 4 mastered; work of these "
            "kinds is an exercise, all other a question of a mixed test: exercise."
        ),
    ),
    "durable@1": (
        {},
        (
            "The value is a step: 0 none, 1 developing, 2 provisional, 3 review due, 4 strong; strong takes right work "
            "of the kinds independent, transfer and delayed, the last one 7 days or more after the first, and a right "
            "review after so many days each: 30, 90."
        ),
    ),
    "moodle_competency@1": (
        {"default_grade": "2"},
        "The value is the grade: a completed task gives 2 once, a grade that a person sets replaces it.",
    ),
    "assertions@1": ({}, "The value weighs claims for and against: 0 unknown, 1 false, 2 both, 3 true."),
    "assertion_relation@1": (
        {"relation": "or"},
        (
            "The value is what the claims about related competencies say of this one, of which one is enough: "
            "0 unknown, 1 false, 2 both, 3 true."
        ),
    ),
    "criteria@1": (
        {
            "tree": {
                "op": "and",
                "children": [
                    {"task": "a1", "value": "3"},
                    {"op": "or", "children": [{"task": "a2", "compare": "eq", "value": "4", "ever": False}]},
                    {"task": "a9", "value": "1", "archived": True},
                ],
            }
        },
        (
            "The value is 1 once this is met, else 0: all of (task a1 at 3 or above; any of (the latest score of "
            "task a2 at exactly 4))."
        ),
    ),
}
CLAUSES: Final[dict[str, tuple[Any, str]]] = {
    "count_at_least": (1, "At least 1 score has to count."),
    "kinds_at_least": (2, "There has to be work of at least 2 kinds."),
    "at_or_above": (
        {"value": "3", "count": 2, "kinds": ["task", "essay"]},
        "At least 2 scores have to be at 3 or above, for work of these kinds: essay, task.",
    ),
}


def operations() -> dict[str, Any]:
    """Every way to combine, by its op."""
    return {kind.model_fields["op"].annotation.__args__[0]: kind for kind in get_args(get_args(Combine)[0])}


def document(op: str, stages: dict[str, Any]) -> PolicyDocument:
    weigh = {"weigh": {"own": True}} if op in {"weighted_mean", "mean_of_kinds"} else {}
    return parse_policy({"name": "p", "combine": {"op": op, **stages}, **weigh})


def test_every_stage_of_a_document_has_words() -> None:
    assert set(STAGES) == set(PolicyDocument.model_fields) - {"name", "description", "scale"}


def test_every_operation_and_every_requirement_stands_below() -> None:
    assert set(OPERATIONS) == set(operations())
    assert set(CLAUSES) == {name for clause in get_args(Clause) for name in clause.model_fields}


@pytest.mark.parametrize("op", OPERATIONS)
def test_an_operation_reads_as_a_sentence(op: str) -> None:
    stages, text = OPERATIONS[op]
    assert {one.place: one.text for one in tell(document(op, stages))}["combine"] == text
    assert {one.place for one in tell(document(op, stages), Language.SPANISH)} >= {"combine"}


@pytest.mark.parametrize("name", CLAUSES)
def test_a_requirement_reads_as_a_sentence(name: str) -> None:
    content, text = CLAUSES[name]
    policy = parse_policy({"name": "p", "combine": {"op": "mean"}, "require": [{name: content}]})
    assert {one.place: one.text for one in tell(policy)}["require.0"] == text


def test_a_short_policy_says_what_it_leaves_open() -> None:
    assert [one.text for one in tell(parse_policy({"name": "p", "combine": {"op": "mean"}}))] == [
        "Work of every kind counts, whoever scored it.",
        "Scores stand in the order in which the work was done.",
        "The value is the mean of all scores that count.",
        "One score is enough for a level.",
        "The value is rounded to 6 decimal places; a half goes up.",
        "There is a value, and no level.",
        "An educator's judgement, with its reason, holds over the computed level; both are shown.",
    ]


def test_all_languages_have_the_same_texts_with_the_same_values() -> None:
    for catalogue in CATALOGUES.values():
        assert {key: values(text) for key, text in catalogue.items()} == {
            key: values(text) for key, text in ENGLISH.items()
        }


def values(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text)} - {None}


def test_every_reason_for_a_score_without_weight_and_every_need_has_words() -> None:
    reasons = {*_WHY_NOT_COUNTED.values(), *_WHY_NO_WEIGHT.values()}
    assert {f"dropped.{reason}" for reason in reasons} <= set(ENGLISH)
    assert {f"need.{name}" for name in CLAUSES} <= set(ENGLISH)


def test_a_word_agrees_with_its_number() -> None:
    assert say(Language.ENGLISH, "dropped.not-latest", count=1) == "1 was not the latest"
    assert say(Language.SPANISH, "dropped.not-latest", count=2) == "2 no son la última"
    assert say(Language.SPANISH, "need.at_or_above.of_kinds", lacking=1, value="3", kinds=["a", "b"]) == (
        "1 calificación más del tipo a o b, de 3 o más"
    )


@pytest.mark.parametrize(
    ("stages", "place", "text"),
    [
        ({"window": {"latest": 1}}, "window", "Only the latest score is looked at."),
        ({"combine": {"op": "mean_of_highest", "count": 1}}, "combine", "The value is the best score."),
        (
            {"combine": {"op": "mean_of_kinds"}, "weigh": {"by_kind": {"test": "2"}, "other_kinds": "0"}},
            "select weigh.other_kinds",
            "Work of any other kind does not count.",
        ),
        ({"rollup": {"children": ["a", "b"]}}, "select clock require", ""),
        (
            {"rollup": {"children": ["a", "b"]}, "require": [{"at_or_above": {"value": "3", "count": 1}}]},
            "require.0",
            "At least 1 of them has to be at 3 or above.",
        ),
        ({}, "mastered", "From level advanced on the competency counts as mastered, and the learner may move on."),
    ],
)
def test_a_sentence_says_no_more_than_its_policy(stages: dict[str, Any], place: str, text: str) -> None:
    levels = [{"code": "advanced", "at": "3"}, {"code": "beginning", "at": "0"}]
    told = tell(parse_policy({"name": "p", "combine": {"op": "mean"}, "levels": levels} | stages))
    assert [one.text for one in told if one.place in place.split()] == ([text] if text else [])
