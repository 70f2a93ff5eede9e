"""An explanation says what the kernel did, and its parts lead to the same level."""

from fractions import Fraction
from random import Random

import pytest

from domain.kernel.scores import MICRO
from domain.mastery.cells import NO_TASK, Entry, Vocabulary, cells_of
from domain.mastery.compile import compile_policy
from domain.mastery.explanation import Explanation, explain
from domain.mastery.kernel import evaluate
from domain.policy.document import PolicyDocument, parse_policy
from tests.domain.mastery.district import OPS, cells_from, policy_of, scores_of, words
from tests.domain.mastery.oracle import adjusted, level_of, micro, rounded


def rederived(policy: PolicyDocument, why: Explanation) -> tuple[str | None, str | None]:
    """Return value and level from nothing but the entries and clauses of an explanation."""
    met = all(clause.have >= clause.need for clause in why.clauses)
    used = [entry for entry in why.entries if entry.weight]
    if not used or (not met and policy.unmet == "insufficient"):
        return None, None
    counted = sum(entry.counted_as is not None for entry in why.entries)
    total = sum((entry.weight * Fraction(entry.counted_as or "") for entry in used), Fraction(0))
    value = total / why.weight_sum
    if policy.normalise or policy.combine.op == "decaying" or (policy.replace and policy.replace.keep == "mean"):
        value = micro(value)
    value = adjusted(policy, rounded(value, policy.round.places, policy.round.mode), counted)
    return str(float(value)), level_of(policy, value, met=met)


@pytest.mark.parametrize("op", OPS)
def test_the_level_follows_from_the_explanation(op: str) -> None:
    random = Random(f"explanation {op}")
    for _ in range(60):
        vocabulary = words()
        document, groups = policy_of(op, random), [scores_of(random) for _ in range(3)]
        cells, compiled = cells_from(groups, vocabulary), compile_policy(document, vocabulary)
        results = evaluate(cells, compiled)
        for cell in range(len(groups)):
            why = explain(cells, cell, compiled)
            value = None if why.value is None else str(float(Fraction(why.value)))
            assert (value, why.level) == rederived(document, why)
            level = int(results.level[cell])
            assert why.level == (compiled.levels[level] if level >= 0 else None)
            assert all((entry.dropped_because is None) == (entry.weight > 0) for entry in why.entries)


def retakes() -> tuple[Vocabulary, list[Entry]]:
    vocabulary = words()
    a = vocabulary.tasks.code("a")
    quiz, essay = vocabulary.kinds.code("quiz"), vocabulary.kinds.code("essay")
    return vocabulary, [
        Entry(2 * MICRO, 4 * MICRO, quiz, 0, 1, a, occurred_us=10),
        Entry(3 * MICRO, 4 * MICRO, quiz, 0, 2, a, occurred_us=20),
        Entry(4 * MICRO, 4 * MICRO, essay, 0, 3, NO_TASK, occurred_us=30),
        Entry(1 * MICRO, 4 * MICRO, quiz, 1, 4, NO_TASK, occurred_us=5),
    ]


def test_each_dropped_score_says_why_and_each_used_one_its_share() -> None:
    vocabulary, entries = retakes()
    policy = parse_policy(
        {
            "name": "p",
            "select": {"roles": ["teacher"]},
            "replace": {"keep": "latest"},
            "combine": {"op": "latest_versus_rest", "latest": "0.65"},
            "round": {"places": 2},
            "levels": [{"code": "advanced", "at": "3.8"}, {"code": "proficient", "at": "2.5"}],
        }
    )
    why = explain(cells_of([[], entries]), 1, compile_policy(policy, vocabulary))
    assert [(e.position, e.share, e.dropped_because) for e in why.entries] == [
        (1, "0", "replaced-in-its-task"),
        (2, "0.35", None),
        (3, "0.65", None),
        (4, "0", "role-not-selected"),
    ]
    assert (why.status, why.value, why.level) == ("determined", "3.65", "proficient")
    assert (why.next_level, why.missing) == ("advanced", "0.15")


def test_unmet_requirements_say_what_is_there_and_what_is_needed() -> None:
    vocabulary, entries = retakes()
    policy = parse_policy(
        {
            "name": "p",
            "combine": {"op": "highest"},
            "require": [{"count_at_least": 5}, {"at_or_above": {"value": "3", "count": 1, "kinds": ["quiz"]}}],
            "unmet": {"cap": "proficient"},
            "levels": [{"code": "advanced", "at": "3.5"}, {"code": "proficient", "at": "2.5"}],
        }
    )
    why = explain(cells_of([entries]), 0, compile_policy(policy, vocabulary))
    assert [(c.have, c.need, c.met) for c in why.clauses] == [(4, 5, False), (1, 1, True)]
    assert [c.clause for c in why.clauses] == list(policy.require)
    assert (why.level, why.capped, why.next_level, why.missing) == ("proficient", True, "advanced", "0")


def test_a_judgement_stands_beside_the_computed_level() -> None:
    vocabulary, entries = retakes()
    judged = vocabulary.levels.code("advanced")
    policy = parse_policy(
        {
            "name": "p",
            "combine": {"op": "mean"},
            "levels": [{"code": "advanced", "at": "3.5"}, {"code": "proficient", "at": "2.5"}],
        }
    )
    why = explain(cells_of([entries], judged=[judged]), 0, compile_policy(policy, vocabulary))
    assert (why.level, why.judged, why.effective) == ("proficient", "advanced", "advanced")


def test_a_cell_without_scores_is_explained() -> None:
    vocabulary, _ = retakes()
    policy = parse_policy({"name": "p", "combine": {"op": "mean"}, "levels": [{"code": "any", "at": "0"}]})
    why = explain(cells_of([[]]), 0, compile_policy(policy, vocabulary))
    assert (why.status, why.value, why.level, why.entries) == ("no_evidence", None, None, ())
