"""The learners as the district's roster had them at a position: their school, grade and subgroups."""

from bisect import bisect_left, bisect_right
from operator import methodcaller
from typing import Any, Final, NamedTuple

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from domain.mastery.equity import NOT_SAID
from services.projectors import generations
from services.projectors.cells.all_cells import coded

PROJECTOR: Final = "learner_profile"
SCHOOL: Final = "school"
PLACES: Final = """
    SELECT DISTINCT ON (learner_id) learner_id, school_id, grade
      FROM read_model.enrolment
     WHERE generation = %(generation)s AND position <= %(position)s
     ORDER BY learner_id, closed_position IS NULL OR closed_position > %(position)s DESC, opened_at DESC,
              enrolment_id DESC
"""
"""Of several schools the one that was entered last; between two school years, the last one."""
SUBGROUPS: Final = """
    SELECT DISTINCT ON (learner_id) learner_id, array_to_string(subgroups, %(between)s)
      FROM read_model.learner_subgroups
     WHERE generation = %(generation)s AND position <= %(position)s
     ORDER BY learner_id, occurred_at DESC, position DESC
"""
_BETWEEN: Final = "\n"
"""No code holds it."""


class Grouping(NamedTuple):
    """One way to divide learners: `groups[group]`; those whom the list of learners does not name are in group 0.

    The list is in order, so that a few neighbours are not looked up among all.
    """

    name: str
    learners: pa.Array
    group: NDArray[np.int64]
    groups: list[str]

    def of(self, learners: pa.Array) -> NDArray[np.int64]:
        """Return the group of each learner."""
        if not len(learners) or not len(self.learners):
            return np.zeros(len(learners), np.int64)
        first, last = pc.min_max(learners).as_py().values()
        low = bisect_left(self.learners, first, key=methodcaller("as_py"))
        high = bisect_right(self.learners, last, key=methodcaller("as_py"))
        place = pc.index_in(learners, value_set=self.learners.slice(low, high - low)).fill_null(-1).to_numpy()
        groups: NDArray[np.int64] = np.append(self.group[low:high], 0)[place]
        return groups


def read_groupings(connection: psycopg.Connection[Any], position: int) -> list[Grouping]:
    """Return the ways to divide learners: by school, by grade, and by each kind of subgroup.

    A subgroup such as `disability:Y` is a group of the kind `disability`; one without a colon is a kind of its own.
    """
    live = generations.live(connection, PROJECTOR)
    if live.generation is None:
        return []
    asked = {"generation": live.generation, "position": position, "between": _BETWEEN}
    places = connection.execute(PLACES, asked).fetchall()
    learners = pa.array([row[0] for row in places], pa.string())
    subgroups = connection.execute(SUBGROUPS, asked).fetchall()
    return [
        _grouping(SCHOOL, learners, [row[1] for row in places]),
        _grouping("grade", learners, [row[2] for row in places]),
        *_by_subgroup(subgroups),
    ]


def _by_subgroup(rows: list[tuple[str, str]]) -> list[Grouping]:
    """Return a grouping for each kind of subgroup; a learner in several of one kind is in a group of that mixture."""
    learners = pa.array([row[0] for row in rows], pa.string())
    sets = coded(pa.array([row[1] for row in rows], pa.string()))
    named = [_by_kind(words) for words in sets.words]
    kinds = sorted({kind for names in named for kind in names})
    return [
        _grouping(kind, learners, np.array([names.get(kind) for names in named] or [None], object)[sets.code])
        for kind in kinds
    ]


def _by_kind(words: str) -> dict[str, str]:
    kinds: dict[str, list[str]] = {}
    for word in filter(None, words.split(_BETWEEN)):
        kind, _, value = word.partition(":")
        kinds.setdefault(kind, []).append(value or kind)
    return {kind: " and ".join(values) for kind, values in kinds.items()}


def _grouping(name: str, learners: pa.Array, groups: Any) -> Grouping:
    words = coded(pa.array(groups, pa.string()).fill_null(NOT_SAID))
    names = [NOT_SAID, *(word for word in words.words if word != NOT_SAID)]
    place = np.array([names.index(word) for word in words.words] or [0], np.int64)
    return Grouping(name, learners, place[words.code], names)
