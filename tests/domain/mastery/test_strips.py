"""Strips of cells say what the rules say of each cell alone: any policy, any cells, no difference."""

import json
from itertools import accumulate
from random import Random
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.scores import MICRO
from domain.mastery.cells import NO_TASK, NO_TIME, VALUE_MAX, Cells, Entry, Vocabulary, cells_of
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.kernel import MANY, evaluate, run_alone, run_strips
from domain.mastery.room import room_for
from domain.mastery.tables import CODE_BITS, SHARED, STRIP_CELLS, STRIP_ENTRIES, Results, Status
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.library import LIBRARY
from domain.policy.starters import FOUR_LEVELS, PERCENT, STARTERS, starter
from tests.domain.mastery.district import KINDS, LEVELS, OPS, ROLES, policy_of, words

SIZES = (*range(10), *range(10), *range(10), 25, 70, 130, 300)
"""Scores of a random cell; the last ones are more than are compared, laid in rows, or seen through windows."""


def any_policy(op: str, random: Random) -> PolicyDocument:
    """Return a random policy of any stages."""
    document = json.loads(policy_of(op, random).canonical_json)
    document.pop("adjust", None)
    if op in {"mean_of_latest", "mean_of_highest", "mean_without_lowest"}:
        document["combine"]["count"] = random.choice([1, 2, 5])
    return parse_policy(document)


class Ranges(NamedTuple):
    """What the scores of some cells are drawn from."""

    largest: int
    possible: list[int]
    tasks: list[int]
    beats: list[int]
    """Time from one score to the next; 0: they tie."""


def any_cells(random: Random, vocabulary: Vocabulary) -> Cells:
    """Return some strips of random cells, most of them in order, now and then with numbers beyond all bounds."""
    four, tasks = [4 * MICRO], [NO_TASK, 0, 1]
    ranges = Ranges(
        largest=random.choice([*[16] * 8, 10**6, VALUE_MAX]),
        possible=random.choice([four, four, four, [4 * MICRO, 3 * MICRO, 100 * MICRO], [4 * MICRO, 7]]),
        tasks=random.choice([tasks, tasks, [0, 1, 2, 3], [NO_TASK], [*tasks * 99, 1 << CODE_BITS]]),
        beats=random.choice([*[[0, 1, 10]] * 4, [-1, 1]]),
    )
    levels = [vocabulary.levels.code(code) for code in ("developing", "advanced", "unheard-of")]
    groups = [any_cell(random, ranges) for _ in range(random.choice([STRIP_CELLS, 600]))]
    judged = [random.choice([-1, *levels]) for _ in groups] if random.random() < 0.5 else None
    return cells_of(groups, judged)


def any_cell(random: Random, ranges: Ranges) -> list[Entry]:
    unit = 1 if ranges.largest == VALUE_MAX else MICRO // random.choice([1, 4, 3])
    kinds = random.choice([len(KINDS), len(KINDS), 1])
    size = random.choice(SIZES)
    clocks = [list(accumulate(random.choice(ranges.beats) for _ in range(size))) for _ in range(2)]
    entries = [
        Entry(
            value=random.randint(-(ranges.largest // 8), ranges.largest) * unit,
            possible=random.choice(ranges.possible),
            kind=random.randrange(kinds),
            role=random.randrange(len(ROLES)),
            position=position,
            task=random.choice(ranges.tasks),
            occurred_us=NO_TIME if position == 0 else occurred_us,
            recorded_us=recorded_us,
            weight=random.choice([0, MICRO, MICRO, MICRO // 2, ranges.largest]),
        )
        for position, (occurred_us, recorded_us) in enumerate(zip(*clocks, strict=True))
    ]
    return random.sample(entries, size) if random.random() < 0.05 else entries


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


WHOLE = {"percent": PERCENT, "four levels": FOUR_LEVELS} | {name: starter(name, levels=LEVELS) for name in STARTERS}


@pytest.mark.parametrize("name", [*WHOLE, *LIBRARY])
def test_no_usual_cell_is_left_to_the_rules(name: str) -> None:
    random, vocabulary = Random(name), words()
    usual = Ranges(largest=16, possible=[4 * MICRO], tasks=[NO_TASK, 0, 1, 2], beats=[0, 1])
    groups = [any_cell(random, usual)[:SHARED] for _ in range(STRIP_CELLS)]
    cells = cells_of([sorted(group, key=lambda entry: entry.position) for group in groups])
    compiled = compile_policy(WHOLE.get(name) or LIBRARY[name], vocabulary)
    assert run_strips(cells, compiled.rules, (0, len(cells)), room_for(len(cells))) == 0
    assert not differing(cells, compiled)


def test_a_cell_larger_than_a_strip_is_evaluated_among_many() -> None:
    large = [Entry(3 * MICRO, 4 * MICRO, 0, 0, place) for place in range(STRIP_ENTRIES + 1)]
    small = [Entry(2 * MICRO, 4 * MICRO, 0, 0, 0)]
    cells = cells_of([small] * MANY + [large] + [small] * MANY)
    results = evaluate(cells, compile_policy(starter("average", levels=LEVELS), words()), workers=2)
    assert results.value[MANY - 1 : MANY + 2].tolist() == [2 * MICRO, 3 * MICRO, 2 * MICRO]
    assert results.counted[MANY] == STRIP_ENTRIES + 1
