"""The cells that a draft moves to another level, as rows; and the official acts that would lose their basis."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from domain.mastery.kernel import NO_VALUE
from services.projectors import generations
from services.projectors.cells.states import NO_LEVEL
from services.projectors.cells.tables import keys_of
from services.projectors.what_if.compared import Compared, mastered
from services.projectors.what_if.roster import PROJECTOR, Grouping

MOVER_COLUMNS: Final = (
    "learner_id",
    "competency_id",
    "framework_id",
    "school_id",
    "before_level",
    "after_level",
    "before_value_micro",
    "after_value_micro",
    "before_version",
    "after_version",
)
ACTS: Final = """
    SELECT act_id, kind, learner_id, act.competency_id, coalesce(official_act.level, act.level)
      FROM read_model.official_act
     CROSS JOIN unnest(competency_ids, levels) AS act (competency_id, level)
     WHERE generation = %(generation)s AND kind <> 'report_card' AND position <= %(position)s
       AND (revoked_position IS NULL OR revoked_position > %(position)s)
     ORDER BY position, act.competency_id
"""
"""The acts in force; a report card tells what was, and keeps its basis."""


class ActRow(NamedTuple):
    """What an official act says of one competency: the level that it rests on."""

    act_id: str
    kind: str
    learner_id: str
    competency_id: str
    level: str


class LostRow(NamedTuple):
    """An act that would lose its basis, and the level that there would be instead."""

    act: ActRow
    after_level: str | None


class Moved(NamedTuple):
    """What a draft does in a portion: see `MOVER_COLUMNS`; all levels of the policies so far, the lowest first."""

    coded: pa.Table
    """The movers, words as codes."""
    lost: Sequence[LostRow]
    order: Sequence[str]

    @property
    def movers(self) -> pa.Table:
        """The movers, words as text."""
        columns = [one.cast(pa.string()) if pa.types.is_dictionary(one.type) else one for one in self.coded.columns]
        return pa.table(columns, names=self.coded.column_names)


class Acts:
    """The official acts in force at a position, by cell."""

    def __init__(self, acts: Sequence[ActRow]) -> None:
        self._acts: dict[str, list[ActRow]] = {}
        for act in acts:
            self._acts.setdefault(f"{act.learner_id} {act.competency_id}", []).append(act)
        self._keys = pa.array([*self._acts], pa.string())

    @classmethod
    def read(cls, connection: psycopg.Connection[Any], position: int) -> "Acts":
        """Read the acts in force at a position."""
        live = generations.live(connection, PROJECTOR)
        rows = connection.execute(ACTS, {"generation": live.generation, "position": position}).fetchall()
        return cls([ActRow(*row) for row in rows])

    def lost(self, compared: Compared) -> list[LostRow]:
        """Return those whose competency is mastered, and would be no more: what opens a review once it is in force."""
        if not self._acts:
            return []
        gone = np.flatnonzero(mastered(compared.before) & ~mastered(compared.after))
        learners, competencies = (one.cast(pa.string()) for one in compared.words(gone)[:2])
        held = np.flatnonzero(pc.is_in(keys_of(learners, competencies), value_set=self._keys))
        levels = _words(compared.after.levels, compared.after.effective[gone[held]]).to_pylist()
        return [
            LostRow(act, level)
            for place, level in zip(held.tolist(), levels, strict=True)
            for act in self._acts[f"{learners[place]} {competencies[place]}"]
        ]


def movers_of(compared: Compared, schools: Grouping | None) -> pa.Table:
    """Return the cells whose effective level would be another, in the columns `MOVER_COLUMNS`, words as codes."""
    sides = before, after = compared.before, compared.after
    moved = np.flatnonzero(before.effective != after.effective)
    words, values = compared.words(moved), [states.value[moved] for states in sides]
    columns = [
        *words,
        _schools(words.learners, schools),
        *(_words(after.levels, states.effective[moved]) for states in sides),
        *(pa.array(value, mask=value == NO_VALUE) for value in values),
        *(_words([ruling.version for ruling in states.rulings], states.ruling[moved]) for states in sides),
    ]
    return pa.table(columns, names=list(MOVER_COLUMNS))


def _schools(learners: pa.DictionaryArray, schools: Grouping | None) -> pa.DictionaryArray:
    if schools is None:
        return pa.nulls(len(learners), pa.dictionary(pa.int32(), pa.string()))
    group = schools.of(learners.dictionary)[learners.indices.to_numpy()]
    return _words(schools.groups, np.where(group == 0, NO_LEVEL, group))


def _words(words: Sequence[str], codes: NDArray[Any]) -> pa.DictionaryArray:
    """Return the word of each code; NO_LEVEL is null."""
    indices = pa.array(codes.astype(np.int32, copy=False), mask=codes == NO_LEVEL)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))
