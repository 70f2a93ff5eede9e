"""Writing what follows from the facts: rows of current mastery and of its changes, in columns, by COPY."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import numpy as np
import psycopg
import pyarrow as pa
from numpy.typing import NDArray

from domain.mastery.cells import NO_TIME
from domain.mastery.kernel import NO_VALUE, Status
from domain.policy.events import HoldHarmless
from infra.postgres.binary_copy import binary_copy
from services.projectors.cells.points import CellFacts, Int64s, Points
from services.projectors.cells.states import NO_LEVEL, States, changed
from services.projectors.generations import partition

STAGE: Final = """
    CREATE TEMPORARY TABLE IF NOT EXISTS staged_mastery (LIKE read_model.current_mastery) ON COMMIT DELETE ROWS
"""
_MASTERY: Final = """
    framework_id, value_micro, level, status, judged_level, effective_level, counted, scores, latest_occurred_at,
    policy_id, policy_version, evidence_digest, position, hold_harmless, held_level, before_level,
    valid_until
"""
MASTERY_COLUMNS: Final = f"generation, learner_id, competency_id, {_MASTERY}"
MERGE: Final = f"""
    WITH taken AS (DELETE FROM staged_mastery RETURNING {MASTERY_COLUMNS})
    INSERT INTO read_model.current_mastery ({MASTERY_COLUMNS}) SELECT {MASTERY_COLUMNS} FROM taken
    ON CONFLICT (generation, learner_id, competency_id) DO UPDATE SET ({_MASTERY}) =
        ({", ".join("excluded." + name.strip() for name in _MASTERY.split(","))})
"""
REMOVE: Final = """
    DELETE FROM read_model.current_mastery AS level
    USING unnest(%(learners)s::text[], %(competencies)s::text[]) AS gone (learner, competency)
    WHERE generation = %(generation)s AND learner_id = learner AND competency_id = competency
"""
CHANGE_COLUMNS: Final = """
    generation, learner_id, competency_id, before_level, after_level, before_value_micro, after_value_micro,
    cause, cause_position, policy_version, changed_at, hold_harmless, held_level
"""
ROWS_AT_ONCE: Final = 20_000
"""Rows that are laid out for COPY at a time: bounds the memory."""
_STATUS: Final = [status.name.lower() for status in Status]
_MODES: Final = [mode.value for mode in HoldHarmless if mode is not HoldHarmless.NONE]


class MasteryWriter:
    """Writes rows of current mastery and of its changes for points that were evaluated.

    Args:
        connection: the projector's, in a transaction.
        facts: of the cells of the points.
        points, states: what was evaluated, and what came of it.
        cells: so many of the first cells are written; the others are there because those hang on them. None: all.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        facts: CellFacts,
        points: Points,
        states: States,
        cells: int | None = None,
    ) -> None:
        self._connection = connection
        self._facts = facts
        self._points = points
        self._states = states
        self._cells = len(facts) if cells is None else cells

    def fill(self, table: str, generation: int) -> None:
        """Copy the last state of each cell that there is into an empty table of current mastery."""
        last = self._last()
        with binary_copy(self._connection, table, MASTERY_COLUMNS) as copy:
            for chosen in _portions(last[self._states.exists[last]]):
                copy.write([_all(generation, chosen), *self._mastery(chosen)])

    def merge(self, generation: int) -> None:
        """Put the last state of each cell in the place of its row of current mastery; one that is none has no row."""
        self._connection.execute(STAGE)
        self.fill("staged_mastery", generation)
        self._connection.execute(MERGE)
        last = self._last()
        gone = pa.array(self._points.cell[last[~self._states.exists[last]]])
        if len(gone):
            learners, competencies = (one.take(gone) for one in (self._facts.learners, self._facts.competencies))
            keys = {"learners": learners.to_pylist(), "competencies": competencies.to_pylist()}
            self._connection.execute(REMOVE, {"generation": generation, **keys})

    def add_changes(self, generation: int, switches: Collection[int]) -> None:
        """Add one row for each point that differs from the one before; a position among `switches` is a policy's."""
        differing = changed(self._points, self._states)
        differing = differing[self._points.cell[differing] < self._cells]
        if not len(differing):
            return
        with binary_copy(self._connection, partition("mastery_change", generation), CHANGE_COLUMNS) as copy:
            for chosen in _portions(differing):
                copy.write([_all(generation, chosen), *self._changes(chosen, np.array([*switches], np.int64))])

    def _last(self) -> Int64s:
        """Return the last point of each cell that is written."""
        last = self._points.last_of_cell()
        return last[self._points.cell[last] < self._cells]

    def _mastery(self, chosen: Int64s) -> list[pa.Array]:
        states, facts, cells = self._states, self._facts, self._points.cell[chosen]
        ruling = states.ruling[chosen]
        return [
            facts.learners.take(pa.array(cells)),
            facts.competencies.take(pa.array(cells)),
            facts.frameworks.take(pa.array(cells)),
            _numbers(states.value[chosen], NO_VALUE),
            _words(states.levels, states.level[chosen]),
            _words(_STATUS, states.status[chosen]),
            _words(states.levels, states.judged[chosen]),
            _words(states.levels, states.effective[chosen]),
            pa.array(states.counted[chosen]),
            pa.array(states.scores[chosen]),
            _times(states.latest_us[chosen]),
            _words([ruling.policy_id for ruling in states.rulings], ruling),
            _words([ruling.version for ruling in states.rulings], ruling),
            pa.array(states.digest[chosen]),
            pa.array(states.touched[chosen]),
            *self._held(chosen),
            _words(states.levels, states.before[chosen]),
            _times(states.until_us[chosen]),
        ]

    def _changes(self, chosen: Int64s, switches: Int64s) -> list[pa.Array]:
        states, points, facts, before = self._states, self._points, self._facts, chosen - 1
        cells = pa.array(points.cell[chosen])
        return [
            facts.learners.take(cells),
            facts.competencies.take(cells),
            _words(states.levels, states.effective[before]),
            _words(states.levels, states.effective[chosen]),
            _numbers(states.value[before], NO_VALUE),
            _numbers(states.value[chosen], NO_VALUE),
            _words(["event", "policy"], np.isin(points.at[chosen], switches)),
            pa.array(points.at[chosen]),
            _words([ruling.version for ruling in states.rulings], states.ruling[chosen]),
            _times(points.time_us[chosen]),
            *self._held(chosen),
        ]

    def _held(self, chosen: Int64s) -> list[pa.Array]:
        """Return under which hold-harmless terms points stand, and the level of before that is kept."""
        states = self._states
        asked = [ruling.hold_harmless for ruling in states.rulings]
        mode = np.array([_MODES.index(one) if one in _MODES else NO_LEVEL for one in asked], np.int32)
        return [_words(_MODES, mode[states.ruling[chosen]]), _words(states.levels, states.held[chosen])]


def _portions(rows: Int64s) -> list[Int64s]:
    return [rows[first : first + ROWS_AT_ONCE] for first in range(0, len(rows), ROWS_AT_ONCE)]


def _all(generation: int, chosen: Int64s) -> pa.Array:
    return pa.repeat(pa.scalar(generation, pa.int32()), len(chosen))


def _words(words: Sequence[str], codes: NDArray[Any]) -> pa.Array:
    """Return the word of each code; NO_LEVEL is null."""
    codes = codes.astype(np.int32)
    return pa.array(words, pa.string()).take(pa.array(codes, mask=codes == NO_LEVEL))


def _numbers(numbers: Int64s, nothing: int) -> pa.Array:
    return pa.array(numbers, mask=numbers == nothing)


def _times(microseconds_utc: Int64s) -> pa.Array:
    return _numbers(microseconds_utc, NO_TIME).cast(pa.timestamp("us", "UTC"))
