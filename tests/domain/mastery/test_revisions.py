"""Which revisions are in force at which point: against a fold in plain Python."""

from itertools import accumulate

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.mastery.cells import NO_TIME
from domain.mastery.revisions import Revisions, in_force_at

MASK = 2**64 - 1
REVISION = st.tuples(st.integers(1, 20), st.integers(1, 25), st.integers(-5, 5), st.integers(-(10**15), 10**15))
"""Position, ended, when it occurred, value."""
CELLS = st.lists(st.lists(REVISION, max_size=5), min_size=1, max_size=6)


def mix(number: int) -> int:
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & MASK
    return number ^ (number >> 31)


@settings(deadline=None)  # the first call compiles
@given(CELLS, st.lists(st.tuples(st.integers(0, 5), st.integers(0, 26)), max_size=12))
def test_a_revision_is_in_force_from_its_position_until_before_its_end(
    cells: list[list[tuple[int, int, int, int]]], wanted: list[tuple[int, int]]
) -> None:
    points = [(cell % len(cells), at) for cell, at in wanted]
    rows = [row for cell in cells for row in cell]
    starts = list(accumulate((len(cell) for cell in cells), initial=0))
    columns = [np.array([row[place] for row in rows], np.int64) for place in range(4)]
    asked = np.array([cell for cell, _ in points], np.int64), np.array([at for _, at in points], np.int64)
    revisions = Revisions(np.array(starts, np.int64), *columns)
    found, unmarked = in_force_at(revisions, *asked), in_force_at(revisions, *asked, marked=False)
    every = np.arange(len(rows))
    assert every[unmarked.rows].tolist() == every[found.rows].tolist()
    assert unmarked.offsets.tolist() == found.offsets.tolist()
    for number, (cell, at) in enumerate(points):
        alive = [row for row in range(starts[cell], starts[cell + 1]) if rows[row][0] <= at < rows[row][1]]
        marks = (mix((rows[row][0] * 0x9E3779B97F4A7C15 + rows[row][3]) & MASK) for row in alive)
        assert every[found.rows][found.offsets[number] : found.offsets[number + 1]].tolist() == alive
        assert found.latest_us[number] == max((rows[row][2] for row in alive), default=NO_TIME)
        assert found.digest[number] == sum(marks) & MASK
