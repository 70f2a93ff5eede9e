"""The digest of levels: a sum over cells, told apart by everything that is said of a cell."""

from hashlib import blake2b
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.mastery.digest import Coded, Digest, digest_of
from domain.mastery.kernel import NO_VALUE, Results

MASK = 2**64 - 1
LEVELS = ("beginning", "proficient", "advanced")
Cell = tuple[str, str, int, int, int, int]
"""Learner, competency, value, level, effective level, status."""
CELLS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "cyd", "日本"]),
        st.sampled_from(["c1", "c2", ""]),
        st.one_of(st.just(NO_VALUE), st.integers(-(10**15), 10**15)),
        st.integers(-1, 2),
        st.integers(-1, 2),
        st.integers(0, 3),
    ),
    max_size=20,
)


def digest(cells: list[Cell]) -> Digest:
    learners, competencies, value, level, effective, status = zip(*cells, strict=True) if cells else ((),) * 6
    said = Results(
        value=np.array(value, np.int64),
        level=np.array(level, np.int16),
        effective=np.array(effective, np.int16),
        status=np.array(status, np.uint8),
        counted=np.zeros(len(cells), np.int32),
    )
    return digest_of(coded(learners), coded(competencies), LEVELS, said)


def coded(column: tuple[str, ...]) -> Coded:
    words = sorted(set(column))
    return Coded(words, np.array([words.index(word) for word in column], np.int32))


def mix(number: int) -> int:
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & MASK
    return number ^ (number >> 31)


def fold(cells: list[Cell]) -> Digest:
    """Return what the digest is, one cell after the other, in plain Python."""
    total = 0
    for learner, competency, value, level, effective, status in cells:
        for lane, (own, other) in enumerate([(0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)] * 2):
            mine, others = (own, other) if lane == 0 else (other, own)
            what = mix((value + mine * (status + 1)) & MASK)
            what = mix((what + mark(level, lane) + others * mark(effective, lane)) & MASK)
            number = mix(what ^ ((word(learner, lane) + mix(word(competency, lane))) & MASK))
            total += number << (64 * lane)
    return Digest(len(cells), total % 2**128)


def mark(level: int, lane: int) -> int:
    return 0 if level < 0 else word(LEVELS[level], lane)


def word(text: str, lane: int) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=16).digest()[8 * lane : 8 * lane + 8], "little")


@settings(deadline=None)  # the first call compiles
@given(CELLS)
def test_it_is_the_sum_of_what_a_fold_in_plain_python_says_of_each_cell(cells: list[Cell]) -> None:
    assert digest(cells) == fold(cells)


@settings(deadline=None)
@given(CELLS, st.randoms(use_true_random=False), st.integers(0, 20))
def test_order_and_portions_do_not_matter(cells: list[Cell], random: Random, cut: int) -> None:
    mixed = random.sample(cells, len(cells))
    assert digest(mixed[:cut]) + digest(mixed[cut:]) == digest(cells)
    assert digest(cells) - digest(mixed[:cut]) == digest(mixed[cut:])


def test_everything_that_is_said_of_a_cell_and_of_whom_changes_it() -> None:
    cell: Cell = ("ann", "c1", 3_000_000, 1, 1, 2)
    others: list[Cell] = [
        ("bob", "c1", 3_000_000, 1, 1, 2),
        ("ann", "c2", 3_000_000, 1, 1, 2),
        ("ann", "c1", 3_000_001, 1, 1, 2),
        ("ann", "c1", 3_000_000, 2, 1, 2),
        ("ann", "c1", 3_000_000, 1, 2, 2),
        ("ann", "c1", 3_000_000, 1, -1, 2),
        ("ann", "c1", 3_000_000, 1, 1, 1),
    ]
    assert len({digest([one]) for one in [cell, *others]}) == 8


def test_two_cells_that_swap_their_levels_change_it() -> None:
    first: list[Cell] = [("ann", "c1", 3, 1, 1, 2), ("bob", "c1", 2, 0, 0, 2)]
    second: list[Cell] = [("ann", "c1", 2, 0, 0, 2), ("bob", "c1", 3, 1, 1, 2)]
    assert digest(first) != digest(second)


def test_its_text_is_stable() -> None:
    assert Digest().text == "0.00000000000000000000000000000000"
    assert digest([("ann", "c1", 3_000_000, 1, 1, 2)]).text == "1.2fe4318c105c23359ba478de1dba789e"
