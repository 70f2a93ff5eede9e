"""What the policies say of cells at positions of the log: the kernel run on the scores in force at each.

A point is a cell at a position. Everything that the mastery projector writes about levels comes from here, be it for
the few cells of a batch, one learner, or all cells, so that live, rebuilt and republished levels are the same.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from domain.kernel.errors import Invalid
from domain.mastery.cells import NO_TIME, NOT_JUDGED, Cells, Codes, Entry, Vocabulary, cells_of
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.harmless import NO_LEVEL, kept, order_of
from domain.mastery.kernel import NO_VALUE, Results, Status, evaluate
from domain.mastery.revisions import in_force_at
from domain.policy.events import HoldHarmless
from domain.policy.rulings import Ruling, reach_us
from domain.policy.starters import DEFAULT
from domain.policy.timeline import Timeline
from infra.postgres.score_cells import Facts
from services.projectors.mastery_points import CellFacts, Int64s, JudgementRow, Points
from services.projectors.mastery_rulings import deciding

__all__ = ["NO_LEVEL", "Judge", "States", "changed", "warm_up"]

ROWS_AT_ONCE: Final = 4_000_000
"""Score rows that are laid out for the kernel at a time: bounds the memory."""
ROWS_A_WORKER: Final = 500_000
"""Fewer rows are not worth another thread."""
WORKERS_MAX: Final = os.cpu_count() or 1

Int32s = NDArray[np.int32]


@dataclass(frozen=True)
class States:
    """What the policies say at each point.

    The levels index `levels`, or are NO_LEVEL; `latest_us` is NO_TIME and `value` NO_VALUE where there is none;
    `ruling` indexes `rulings`. Where a ruling keeps levels, `before` is the one that stood when it came into force,
    and `held` the same as far as it stands although a lower one is computed. `effective` is the judged level, else
    the held, else the computed one.
    """

    levels: Sequence[str]
    rulings: Sequence[Ruling]
    ruling: Int64s
    value: Int64s
    level: Int32s
    effective: Int32s
    judged: Int32s
    before: Int32s
    held: Int32s
    status: NDArray[np.uint8]
    counted: Int32s
    scores: Int32s
    latest_us: Int64s
    digest: Int64s

    @property
    def standing(self) -> Int32s:
        """The held level where there is one, else the computed one: what holds where nobody judged."""
        return np.where(self.held != NO_LEVEL, self.held, self.level)


def warm_up() -> None:
    """Have the kernel compiled, or loaded, before the first score waits for it."""
    words = Vocabulary()
    score = Entry(value=0, possible=1, kind=words.kinds.code("any"), role=words.roles.code("any"), position=1)
    evaluate(cells_of([[score]]), compile_policy(DEFAULT, words))


class Judge:
    """Evaluates points; keeps vocabulary and compiled policies between batches."""

    def __init__(self) -> None:
        self._vocabulary = Vocabulary()
        self._compiled: dict[tuple[str, int, int, int], Compiled] = {}

    def vocabulary(self) -> Vocabulary:
        """Return the words for the next facts, under which they are evaluated; their tasks start anew."""
        known = self._vocabulary
        self._vocabulary = Vocabulary(known.kinds, known.roles, Codes(), known.levels)
        return self._vocabulary

    def states(self, facts: CellFacts, points: Points, timeline: Timeline) -> States:
        """Return the state of each point under the policies in force at its position."""
        rulings, ruling = deciding(facts, points, timeline)
        n = len(points)
        states = States(
            levels=(),
            rulings=rulings,
            ruling=ruling,
            value=np.empty(n, np.int64),
            level=np.empty(n, np.int32),
            effective=np.empty(n, np.int32),
            judged=self._judged(facts.judgements, points),
            before=np.full(n, NO_LEVEL, np.int32),
            held=np.full(n, NO_LEVEL, np.int32),
            status=np.empty(n, np.uint8),
            counted=np.empty(n, np.int32),
            scores=np.empty(n, np.int32),
            latest_us=np.empty(n, np.int64),
            digest=np.empty(n, np.int64),
        )
        for number, one in enumerate(rulings):
            compiled, decided = self._compile(one), np.flatnonzero(ruling == number)
            since_us = reach_us(one.terms)
            for chosen in _portions(facts.scores, points, decided):
                self._fill(states, facts.scores, points, chosen, (compiled, since_us))
            if one.keeps_levels:
                self._hold(states, facts, points, timeline, (number, decided))
        return replace(states, levels=self._vocabulary.levels.words)

    def _hold(
        self, states: States, facts: CellFacts, points: Points, timeline: Timeline, of: tuple[int, Int64s]
    ) -> None:
        """Let the level of before stand at points of one ruling, where that would fall and its terms keep it."""
        number, chosen = of
        ruling = states.rulings[number]
        cells, cell = np.unique(points.cell[chosen], return_inverse=True)
        before = timeline.before(ruling.epoch)
        switch = Points(cells, np.full(len(cells), ruling.since), np.zeros(len(cells), np.int64))
        standing = self.states(facts, switch, before).standing[cell]
        documents = [one.document for epoch in before.epochs for one in epoch.rulings.standings]
        order = order_of([DEFAULT, *documents, ruling.document], self._vocabulary.levels)
        held = kept(states.level[chosen], standing, order)
        if ruling.hold_harmless is HoldHarmless.AFTER_NEXT_EVIDENCE:
            held[_has_new(facts.scores, points, chosen, ruling.since)] = NO_LEVEL
        states.before[chosen], states.held[chosen] = standing, held
        is_judged = self._compile(ruling).judged_levels(states.judged[chosen]) != NO_LEVEL
        stands = (held != NO_LEVEL) & ~is_judged
        states.effective[chosen[stands]] = held[stands]

    def _fill(self, states: States, scores: Facts, points: Points, chosen: Int64s, under: tuple[Compiled, int]) -> None:
        """Evaluate the chosen points, all under one policy; one whose sums would leave 64 bits has that as its status.

        Such a cell stops neither a rebuild nor a policy: its level is none until a score or the policy changes.
        """
        compiled, since_us = under
        found = in_force_at(scores.revisions, points.cell[chosen], points.at[chosen])
        cells = scores.cells(*_reached(scores, found.rows, found.offsets, since_us), states.judged[chosen])
        try:
            results = evaluate(cells, compiled, min(WORKERS_MAX, 1 + len(found.rows) // ROWS_A_WORKER))
        except Invalid:
            if len(chosen) > 1:
                for half in np.array_split(chosen, 2):
                    self._fill(states, scores, points, half, under)
                return
            results = _beyond_bounds(cells, compiled)
        codes = [self._vocabulary.levels.code(level) for level in compiled.levels]
        code_of = np.array([*codes, NO_LEVEL], np.int32)
        states.value[chosen] = results.value
        states.level[chosen] = code_of[results.level]
        states.effective[chosen] = code_of[results.effective]
        states.status[chosen] = results.status
        states.counted[chosen] = results.counted
        states.scores[chosen] = np.diff(found.offsets)
        states.latest_us[chosen] = found.latest_us
        states.digest[chosen] = found.digest.view(np.int64)

    def _compile(self, ruling: Ruling) -> Compiled:
        words = self._vocabulary
        for level in ruling.document.level_codes:
            words.levels.code(level)
        key = (ruling.version, len(words.kinds), len(words.roles), len(words.levels))
        if key not in self._compiled:
            self._compiled[key] = compile_policy(ruling.document, words)
        return replace(self._compiled[key], vocabulary=words)

    def _judged(self, judgements: Sequence[JudgementRow], points: Points) -> Int32s:
        judged = np.full(len(points), NOT_JUDGED, np.int32)
        for one in judgements:
            first, last = np.searchsorted(points.cell, [one.cell, one.cell + 1])
            start, end = first + np.searchsorted(points.at[first:last], [one.position, one.lifted])
            judged[start:end] = self._vocabulary.levels.code(one.level)
        return judged


def changed(points: Points, states: States) -> Int64s:
    """Return the points whose effective level, value or status differs from that of the point before, same cell."""
    differs = np.zeros(len(points), bool)
    for column in (states.effective, states.value, states.status):
        differs[1:] |= column[1:] != column[:-1]
    differs[1:] &= points.cell[1:] == points.cell[:-1]
    return np.flatnonzero(differs)


def _beyond_bounds(cells: Cells, compiled: Compiled) -> Results:
    """Return the result of a single cell that can't be added up: no value, no level but the judged one."""
    judged = int(cells.judged[0])
    effective = NO_LEVEL if judged == NOT_JUDGED else compiled.rules.judged_level[judged]
    return Results(
        value=np.array([NO_VALUE]),
        level=np.array([NO_LEVEL], np.int16),
        effective=np.array([effective], np.int16),
        status=np.array([Status.OUT_OF_BOUNDS], np.uint8),
        counted=np.array([0], np.int32),
    )


def _portions(scores: Facts, points: Points, chosen: Int64s) -> Iterator[Int64s]:
    """Cut chosen points so that the rows of each part fit into memory."""
    rows = np.cumsum(np.diff(scores.offsets)[points.cell[chosen]])
    start = 0
    while start < len(chosen):
        passed = rows[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(rows, passed + ROWS_AT_ONCE, "right")))
        yield chosen[start:end]
        start = end


def _reached(scores: Facts, rows: Int64s, offsets: Int64s, since_us: int) -> tuple[Int64s, Int64s]:
    """Return the rows that occurred at or after a time, and where each point's begin; NO_TIME: all."""
    if since_us == NO_TIME:
        return rows, offsets
    keep = scores.occurred_us[rows] >= since_us
    return rows[keep], np.concatenate(([0], np.cumsum(keep)))[offsets]


def _has_new(scores: Facts, points: Points, chosen: Int64s, since: int) -> NDArray[np.bool_]:
    """Say of each chosen point whether a score is in force there that was first given beyond a position."""
    found = in_force_at(scores.revisions, points.cell[chosen], points.at[chosen])
    return _reduce(np.maximum, scores.given[found.rows], found.offsets, 0) > since


def _reduce(how: np.ufunc, column: NDArray[Any], offsets: Int64s, empty: int) -> NDArray[Any]:
    """Reduce the rows of each point to one number; a point without rows gets `empty`."""
    answer = np.full(len(offsets) - 1, empty, column.dtype)
    has_rows = np.diff(offsets) > 0
    if has_rows.any():
        answer[has_rows] = how.reduceat(column, offsets[:-1][has_rows])
    return answer
