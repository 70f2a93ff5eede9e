"""Strips of cells say what the rules say of each cell alone: any policy, any cells, no difference."""

import json
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.scores import MICRO
from domain.mastery.cells import NO_TASK, NO_TIME, VALUE_MAX, Cells, Entry, Vocabulary, cells_of
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.kernel import MANY, evaluate, run_alone, run_strips
from domain.mastery.room import room_for
from domain.mastery.strips import is_plain
from domain.mastery.tables import STRIP_CELLS, STRIP_ENTRIES, Results, Status
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.starters import STARTERS, starter
from tests.domain.mastery.district import KINDS, LEVELS, OPS, ROLES, policy_of, words

SIZES = (*range(10), *range(10), 33, 300)
"""Scores of a random cell; the last two are more than rows and windows hold."""


def any_policy(op: str, random: Random) -> PolicyDocument:
    """Return a random policy: of three, two without the stages that strips leave to the rules."""
    document = json.loads(policy_of(op, random).canonical_json)
    if random.random() < 2 / 3:
        for stage in ("normalise", "replace", "window", "adjust"):
            document.pop(stage, None)
        if random.random() < 0.5:
            document.pop("select", None)
    if op in {"mean_of_latest", "mean_of_highest", "mean_without_lowest"}:
        document["combine"]["count"] = random.choice([1, 2, 5])
    return parse_policy(document)


def any_cells(random: Random, vocabulary: Vocabulary) -> Cells:
    """Return some strips of random cells, most of them in order, some with values and weights beyond all bounds."""
    largest = random.choice([16, 16, 16, 10**6, VALUE_MAX])
    levels = [vocabulary.levels.code(code) for code in ("developing", "advanced", "unheard-of")]
    groups = [any_cell(random, largest) for _ in range(random.choice([STRIP_CELLS, 3 * STRIP_CELLS // 2]))]
    judged = [random.choice([-1, *levels]) for _ in groups] if random.random() < 0.5 else None
    return cells_of(groups, judged)


def any_cell(random: Random, largest: int) -> list[Entry]:
    unit = 1 if largest == VALUE_MAX else MICRO // random.choice([1, 4, 3])
    entries = [
        Entry(
            value=random.randint(-(largest // 8), largest) * unit,
            possible=4 * MICRO,
            kind=random.randrange(len(KINDS)),
            role=random.randrange(len(ROLES)),
            position=position,
            task=random.choice([NO_TASK, 0, 1]),
            occurred_us=random.choice([NO_TIME, 5, position, 10 * position]),
            recorded_us=random.choice([position, 10 * position]),
            weight=random.choice([0, MICRO, MICRO, MICRO // 2, largest]),
        )
        for position in range(random.choice(SIZES))
    ]
    return entries if random.random() < 0.1 else sorted(entries, key=lambda entry: (entry.occurred_us, entry.position))


def differing(cells: Cells, compiled: Compiled) -> list[str]:
    """Return the results in which strips and rules differ."""
    stripwise, alone = room_for(len(cells)), room_for(len(cells))
    whole = (0, len(cells))
    left = run_strips(cells, compiled.rules, whole, stripwise)
    assert left == np.count_nonzero(stripwise.status == Status.LEFT)
    run_alone(cells, compiled.rules, whole, stripwise)
    run_alone(cells, compiled.rules, whole, alone)
    return [name for name in Results._fields if not np.array_equal(getattr(stripwise, name), getattr(alone, name))]


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**9), op=st.sampled_from(sorted(OPS)))
def test_strips_say_what_the_rules_say(seed: int, op: str) -> None:
    random, vocabulary = Random(seed), words()
    policy, cells = any_policy(op, random), any_cells(random, vocabulary)
    assert not differing(cells, compile_policy(policy, vocabulary)), policy.canonical_json


@pytest.mark.parametrize("name", sorted(set(STARTERS) - {"category_average"}))
def test_the_starters_are_evaluated_in_strips(name: str) -> None:
    random, vocabulary = Random(name), words()
    compiled = compile_policy(starter(name, levels=LEVELS), vocabulary)
    assert is_plain(compiled.rules)
    assert not differing(any_cells(random, vocabulary), compiled)


def test_a_cell_larger_than_a_strip_is_evaluated_among_many() -> None:
    large = [Entry(3 * MICRO, 4 * MICRO, 0, 0, place) for place in range(STRIP_ENTRIES + 1)]
    small = [Entry(2 * MICRO, 4 * MICRO, 0, 0, 0)]
    cells = cells_of([small] * MANY + [large] + [small] * MANY)
    results = evaluate(cells, compile_policy(starter("average", levels=LEVELS), words()), workers=2)
    assert results.value[MANY - 1 : MANY + 2].tolist() == [2 * MICRO, 3 * MICRO, 2 * MICRO]
    assert results.counted[MANY] == STRIP_ENTRIES + 1
