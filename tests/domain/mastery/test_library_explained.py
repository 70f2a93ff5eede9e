"""Whatever library policy and whatever scores: the level follows from the data of the explanation alone."""

from fractions import Fraction
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.mastery.compile import compile_policy
from domain.mastery.explanation import Explanation, explain
from domain.mastery.kernel import evaluate
from domain.policy.document import PolicyDocument
from domain.policy.library import LIBRARY
from tests.domain.mastery.district import cells_from, scores_of, words
from tests.domain.mastery.oracle import adjusted, level_of, micro, rounded

AVERAGES: Final = {
    "latest", "highest", "mean", "latest_versus_rest", "decaying", "mean_at_or_above", "mode", "mean_of_kinds",
    "weighted_mean", "sum",
}  # fmt: skip
"""Operations whose value is the sum of weight x counted_as by the sum of weights."""


def level_from(policy: PolicyDocument, why: Explanation) -> str | None:
    """Return the level from the entries and clauses; of a curve or a model from its told value."""
    met = all(clause.have >= clause.need for clause in why.clauses)
    used = [entry for entry in why.entries if entry.weight]
    if not used or (not met and policy.unmet == "insufficient"):
        return None
    value = Fraction(why.value or "0")
    if policy.combine.op in AVERAGES:
        total = sum((entry.weight * Fraction(entry.counted_as or "") for entry in used), Fraction(0)) / why.weight_sum
        if policy.normalise or policy.combine.op == "decaying":
            total = micro(total)
        counted = sum(entry.counted_as is not None for entry in why.entries)
        value = adjusted(policy, rounded(total, policy.round.places, policy.round.mode), counted)
        assert why.value is not None
        assert value == Fraction(why.value)
    return level_of(policy, value, met=met)


@pytest.mark.parametrize("name", LIBRARY)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_level_follows_from_the_explanation_of_each_library_policy(name: str, seed: int) -> None:
    policy, vocabulary = LIBRARY[name], words()
    groups = [scores_of(Random(seed))]
    cells, compiled = cells_from(groups, vocabulary), compile_policy(policy, vocabulary)
    level = int(evaluate(cells, compiled).level[0])
    why = explain(cells, 0, compiled)
    assert why.level == (compiled.levels[level] if level >= 0 else None)
    assert level_from(policy, why) == why.level
