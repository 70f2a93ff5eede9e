"""Suppression: few people are hidden, and no hidden number follows from what is shown."""

from itertools import product
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from domain.mastery.equity import Counted, dimension
from domain.mastery.suppression import hidden

LEAST = 3
Counts = NDArray[np.int64]


def table(rows: list[list[int]]) -> Counts:
    return np.array(rows, np.int64)


def shown(counts: Counts, mask: NDArray[np.bool_]) -> list[list[int | None]]:
    whole = np.hstack([counts, counts.sum(axis=1, keepdims=True)])
    return np.where(mask, None, whole).tolist()  # type: ignore[call-overload,no-any-return]


def test_numbers_of_enough_people_are_all_shown() -> None:
    counts = table([[10, 20, 30], [40, 10, 60]])
    mask = hidden(counts, counts, np.array([60, 110]))
    assert shown(counts, mask) == [[10, 20, 30, 60], [40, 10, 60, 110]]


def test_a_small_number_takes_three_others_with_it() -> None:
    counts = table([[9, 20, 30], [12, 10, 60], [40, 50, 60]])
    mask = hidden(counts, counts, np.array([59, 82, 150]))
    assert shown(counts, mask) == [[None, None, 30, 59], [None, None, 60, 82], [40, 50, 60, 150]]


def test_a_small_group_is_hidden_as_a_whole_with_its_size_and_another_groups_numbers() -> None:
    counts = table([[4, 0, 8], [40, 30, 60], [400, 300, 600]])
    mask = hidden(counts, table([[2, 0, 3], [40, 30, 60], [90, 80, 90]]), np.array([4, 60, 90]))
    assert shown(counts, mask) == [[None] * 4, [None] * 4, [400, 300, 600, 1300]]


def test_a_few_of_whom_nothing_is_said_hide_the_largest_group_and_no_other() -> None:
    counts = table([[100, 50, 400], [30, 20, 60], [2, 1, 4]])
    people = table([[90, 50, 90], [20, 15, 20], [2, 1, 2]])
    mask = hidden(counts, people, np.array([90, 25, 3]), unsaid=2)
    assert shown(counts, mask) == [[None, None, None, None], [30, 20, 60, 110], [None] * 4]


def test_nothing_anywhere_is_not_hidden() -> None:
    counts = table([[0, 4, 0], [0, 40, 0]])
    assert shown(counts, hidden(counts, counts, np.array([4, 40]))) == [[0, None, 0, None], [0, None, 0, None]]


@st.composite
def tables(draw: st.DrawFn) -> tuple[Counts, Counts, Counts]:
    """Groups of some learners, of whom each has cells with one or more outcomes."""
    rows, columns = draw(st.integers(2, 4)), draw(st.integers(1, 3))
    people = np.array(draw(st.lists(st.lists(st.integers(0, 4), min_size=columns, max_size=columns),
                                    min_size=rows, max_size=rows)), np.int64)  # fmt: skip
    more = np.array([[draw(st.integers(0, 2)) if number else 0 for number in row] for row in people], np.int64)
    people[:, 0] += people.sum(axis=1) == 0
    members = np.array([draw(st.integers(int(row.max()), int(row.sum()))) for row in people], np.int64)
    return people + more, people, members


@given(tables())
def test_what_few_people_stand_behind_is_hidden(given_table: tuple[Counts, Counts, Counts]) -> None:
    counts, people, members = given_table
    mask = hidden(counts, people, members, LEAST)
    nobody = counts.sum(axis=0) == 0
    assert not ((people > 0) & (people < LEAST) & ~mask[:, :-1]).any()
    assert mask[(members < LEAST)][:, :-1][:, ~nobody].all()
    assert mask[(members < LEAST), -1].all()


@given(tables(), st.randoms(use_true_random=False))
def test_what_one_draft_hides_another_of_the_same_people_does_not_tell(
    given_table: tuple[Counts, Counts, Counts], random: Random
) -> None:
    people, _, members = given_table
    masks = []
    for _ in range(2):
        counts = np.array([random.sample(row, len(row)) for row in people.tolist()], np.int64)
        masks.append((counts, hidden(counts, counts, members, LEAST)))
    (one, mask), (_, other_mask) = masks
    seen = np.zeros_like(mask)
    whole = np.hstack([one, one.sum(axis=1, keepdims=True)])
    for other in _tables_that_look_so(whole, mask):
        if ((other[:, -1] == whole[:, -1]) | other_mask[:, -1]).all():
            seen |= other != whole
    few = np.hstack([(one > 0) & (one < LEAST), members[:, np.newaxis] < LEAST])
    assert not (few & ~seen & mask).any(), f"of {whole.tolist()} is shown {shown(one, mask)}"


@given(tables())
def test_no_hidden_number_follows_from_the_shown_ones_and_the_sums(
    given_table: tuple[Counts, Counts, Counts],
) -> None:
    counts, people, members = given_table
    mask = hidden(counts, people, members, LEAST)
    seen = np.zeros_like(mask)
    whole = np.hstack([counts, counts.sum(axis=1, keepdims=True)])
    for other in _tables_that_look_so(whole, mask):
        seen |= other != whole
    assert np.argwhere(mask & ~seen).tolist() == [], f"of {whole.tolist()} is shown {shown(counts, mask)}"


def _tables_that_look_so(whole: Counts, mask: NDArray[np.bool_]) -> list[Counts]:
    """Return tables near a table that agree with it in all that is shown and in the sums of the columns.

    Tables that differ by one along a rectangle of hidden numbers are enough to show that each can vary.
    """
    found = []
    rows, columns = range(len(whole)), range(whole.shape[1])
    for one, other, left, right, step in product(rows, rows, columns, columns, (1, -1)):
        if one == other or left >= right:
            continue
        changed = whole.copy()
        is_sum = -1 if right == columns[-1] else 1
        changed[one, left] += step
        changed[other, left] -= step
        changed[one, right] -= step * is_sum
        changed[other, right] += step * is_sum
        same = (changed == whole) | mask
        if same.all() and changed.min() >= 0 and (changed[:, :-1].sum(axis=1) == changed[:, -1]).all():
            assert (changed.sum(axis=0) == whole.sum(axis=0)).all()
            found.append(changed)
    return found


def test_a_group_that_falls_more_than_the_rest_is_flagged_where_it_can_be_shown() -> None:
    counts = table([[30, 70, 0], [20, 60, 0], [1, 9, 0]])
    found = dimension("school", ["east", "west", "tiny"], Counted(counts, counts, np.array([40, 40, 4])), "1.25")
    assert found is not None
    assert [(one.name, one.fell, one.falls_ratio, one.flagged) for one in found.groups] == [
        ("east", 30, "1.29", True),
        ("tiny", None, None, False),
        ("west", None, None, False),
    ]
    assert not found.is_whole


def test_a_single_group_is_no_dimension() -> None:
    counts = table([[30, 70, 0]])
    assert dimension("school", ["east"], Counted(counts, counts, np.array([40])), "1.25") is None
