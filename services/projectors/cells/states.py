"""What the policies say of cells at positions of the log: the kernel run on the scores in force at each.

A point is a cell at a position. Everything that the mastery projector writes about levels comes from here, be it for
the few cells of a batch, one learner, or all cells, so that live, rebuilt and republished levels are the same.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from domain.kernel.errors import Invalid
from domain.mastery.cells import NO_TIME, NOT_JUDGED, Cells, Codes, Entry, Vocabulary, cells_of
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.harmless import NO_LEVEL, kept, order_of
from domain.mastery.kernel import NO_VALUE, Results, Status, evaluate
from domain.mastery.rollup import Standings, hold_back, parent_cells
from domain.mastery.validity import is_timed, valid_until, youngest
from domain.policy.events import HoldHarmless
from domain.policy.rulings import Ruling, reach_us
from domain.policy.starters import DEFAULT
from domain.policy.timeline import Timeline
from infra.postgres.score_cells import Facts
from services.projectors.cells.points import Asked, CellFacts, Int64s, JudgementRow, Points
from services.projectors.cells.relations import NOBODY, Step, related
from services.projectors.cells.rulings import deciding

__all__ = ["NO_LEVEL", "Judge", "States", "changed", "warm_up"]

ROWS_AT_ONCE: Final = 4_000_000
"""Score rows that are laid out for the kernel at a time: bounds the memory."""
ROWS_A_WORKER: Final = 500_000
"""Fewer rows are not worth another thread."""
WORKERS_MAX: Final = os.cpu_count() or 1
POINTS_AT_ONCE: Final = 200_000
"""Points that hang on others are evaluated so many at a time."""

Int32s = NDArray[np.int32]
Integer = TypeVar("Integer", np.int32, np.int64)
Chosen = Int64s | slice
"""Some points, by their places."""


@dataclass(frozen=True)
class States:
    """What the policies say at each point.

    The levels index `levels`, or are NO_LEVEL; `latest_us` is NO_TIME and `value` NO_VALUE where there is none;
    `ruling` indexes `rulings`. Where a ruling keeps levels, `before` is the one that stood when it came into force,
    and `held` the same as far as it stands although a lower one is computed. `effective` is the judged level, else
    the held, else the computed one.

    `until_us` is when time alone may change the state next, or NO_TIME; `given` the position of the newest score.
    `touched` is the last position that is known to have touched the cell, or one that it is made of. A cell `exists`
    once it, or one that it is made of, was touched.
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
    given: Int64s
    until_us: Int64s
    touched: Int64s
    exists: NDArray[np.bool_]

    @property
    def standing(self) -> Int32s:
        """The held level where there is one, else the computed one: what holds where nobody judged."""
        return np.where(self.held != NO_LEVEL, self.held, self.level)


def warm_up() -> None:
    """Have the kernel compiled, or loaded, before the first score waits for it."""
    words = Vocabulary()
    score = Entry(value=0, possible=1, kind=words.kinds.code("any"), role=words.roles.code("any"), position=1)
    evaluate(cells_of([[score]]), compile_policy(DEFAULT, words))


class Scene(NamedTuple):
    """What points are evaluated on: the facts and the policies.

    Only what is `marked` says of each point what is not a policy's: the newest score and the digest of all, how many
    they are, until when that holds, and what touched the cell.
    """

    facts: CellFacts
    points: Points
    timeline: Timeline
    marked: bool


class Judge:
    """Evaluates points; keeps vocabulary and compiled policies between batches. One serves one thread at a time.

    Args:
        words: of the facts, if they have their words already; they may grow while they are read here.
    """

    def __init__(self, words: Vocabulary | None = None) -> None:
        known = words or Vocabulary()
        self._vocabulary = Vocabulary(Codes(known.kinds.words), Codes(known.roles.words), known.tasks)
        self._children = Vocabulary(levels=self._vocabulary.levels)
        """The words of roll-ups: a child is the kind of its score."""
        self._compiled: dict[tuple[str, int, int, int, bool], Compiled] = {}

    def vocabulary(self) -> Vocabulary:
        """Return the words for the next facts, under which they are evaluated; their tasks start anew."""
        known = self._vocabulary
        self._vocabulary = Vocabulary(known.kinds, known.roles, Codes(), known.levels)
        return self._vocabulary

    def states(self, facts: CellFacts, points: Points, timeline: Timeline, *, marked: bool = True) -> States:
        """Return the state of each point under the policies in force at its position.

        One that is not `marked` tells only what the policies say of it, not what is in force there (see `Scene`).
        """
        rulings, ruling = deciding(facts, points, timeline)
        scene = Scene(facts, points, timeline, marked)
        states = _unknown(scene, rulings, ruling, self._judged(facts.judgements, points))
        how = related(facts, points, rulings, ruling, timeline)
        for number, one in enumerate(rulings):
            decided = np.flatnonzero((ruling == number) & how.free)
            for chosen in _portions(facts.scores, points, decided):
                self._fill(states, scene, chosen, one)
            self._hold(states, scene, decided, one)
        for step in how.steps:
            for start in range(0, len(step.points), POINTS_AT_ONCE):
                self._follow(states, scene, step.take(slice(start, start + POINTS_AT_ONCE)))
            self._hold(states, scene, step.points, rulings[step.number])
        return replace(states, levels=self._vocabulary.levels.words)

    def _hold(self, states: States, scene: Scene, chosen: Int64s, ruling: Ruling) -> None:
        """Let the level of before stand at points of one ruling, where that would fall and its terms keep it."""
        if not ruling.keeps_levels or not len(chosen):
            return
        before = scene.timeline.before(ruling.epoch)
        switch = Points.everywhere(len(scene.facts), ruling.since)
        standing = self.states(scene.facts, switch, before, marked=False).standing[scene.points.cell[chosen]]
        documents = [one.document for epoch in before.epochs for one in epoch.rulings.standings]
        order = order_of([DEFAULT, *documents, ruling.document], self._vocabulary.levels)
        held = kept(states.level[chosen], standing, order)
        if ruling.hold_harmless is HoldHarmless.AFTER_NEXT_EVIDENCE:
            held[states.given[chosen] > ruling.since] = NO_LEVEL
        states.before[chosen], states.held[chosen] = standing, held
        is_judged = self._compile(ruling).judged_levels(states.judged[chosen]) != NO_LEVEL
        stands = (held != NO_LEVEL) & ~is_judged
        states.effective[chosen[stands]] = held[stands]

    def _fill(self, states: States, scene: Scene, chosen: Chosen, ruling: Ruling) -> None:
        """Evaluate the chosen points, all under one ruling."""
        compiled = self._compile(ruling)
        cells = _own(states, scene, chosen, ruling)
        at_us, until_us = _times(cells, compiled, scene, chosen)
        _put(states, chosen, self._said(cells, compiled, at_us), self._codes(compiled))
        if scene.marked:
            states.until_us[chosen] = until_us

    def _follow(self, states: States, scene: Scene, step: Step) -> None:
        """Evaluate points that hang on others, which were evaluated before."""
        ruling, chosen = states.rulings[step.number], step.points
        compiled = self._compile(ruling)
        cells = _own(states, scene, chosen, ruling)
        at_us, until_us = _times(cells, compiled, scene, chosen)
        value, level = _standings(states, step.sources)
        children = len(step.ties.children)
        if ruling.document.rollup is not None and children:
            standings, judged = Standings(value[:, :children], level[:, :children]), states.judged[chosen]
            cells = parent_cells(ruling.document, step.ties.children, standings, self._children, judged)
            compiled, at_us = self._compile(ruling, for_parent=True), None
            until_us = np.full(len(chosen), NO_TIME)
            _inherit(states, chosen, step.sources[:, :children], marked=scene.marked)
        results = self._said(cells, compiled, at_us)
        hold_back(step.ties.prerequisites, cells, compiled, value[:, children:], results)
        _put(states, chosen, results, self._codes(compiled))
        if scene.marked:
            states.until_us[chosen] = _earliest(until_us, states.until_us, step.sources)

    def _said(self, cells: Cells, compiled: Compiled, at_us: Int64s | None) -> Results:
        """Evaluate cells; one whose sums would leave 64 bits has that as its status.

        Such a cell stops neither a rebuild nor a policy: its level is none until a score or the policy changes.
        """
        try:
            workers = min(WORKERS_MAX, 1 + len(cells.value) // ROWS_A_WORKER)
            return evaluate(cells, compiled, workers, at_us)
        except Invalid:
            if len(cells) == 1:
                return _beyond_bounds(cells, compiled)
        middle = len(cells) // 2
        halves = [
            self._said(cells.span(first, end), compiled, None if at_us is None else at_us[first:end])
            for first, end in ((0, middle), (middle, len(cells)))
        ]
        return Results(*(np.concatenate(columns) for columns in zip(*halves, strict=True)))

    def _codes(self, compiled: Compiled) -> Int32s:
        """Return the code of each of a policy's levels; the last one is that of none."""
        codes = [self._vocabulary.levels.code(level) for level in compiled.levels]
        return np.array([*codes, NO_LEVEL], np.int32)

    def _compile(self, ruling: Ruling, *, for_parent: bool = False) -> Compiled:
        words = self._children if for_parent else self._vocabulary
        for level in ruling.document.level_codes:
            words.levels.code(level)
        key = (ruling.version, len(words.kinds), len(words.roles), len(words.levels), for_parent)
        if key not in self._compiled:
            self._compiled[key] = replace(compile_policy(ruling.document, words), holds=not for_parent)
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


def _unknown(scene: Scene, rulings: Sequence[Ruling], ruling: Int64s, judged: Int32s) -> States:
    """Return states of which nothing is worked out yet."""
    facts, points, marked = scene.facts, scene.points, scene.marked
    n, keeps_levels = len(points), any(one.keeps_levels for one in rulings)
    return States(
        levels=(),
        rulings=rulings,
        ruling=ruling,
        value=np.full(n, NO_VALUE),
        level=np.full(n, NO_LEVEL, np.int32),
        effective=np.full(n, NO_LEVEL, np.int32),
        judged=judged,
        before=_room(n, np.int32(NO_LEVEL), written=keeps_levels),
        held=_room(n, np.int32(NO_LEVEL), written=keeps_levels),
        status=np.zeros(n, np.uint8),
        counted=np.zeros(n, np.int32),
        scores=_room(n, np.int32(0), written=marked),
        latest_us=_room(n, np.int64(NO_TIME), written=marked),
        digest=_room(n, np.int64(0), written=marked),
        given=np.zeros(n, np.int64),
        until_us=_room(n, np.int64(NO_TIME), written=marked),
        touched=facts.touched[points.cell] if marked else _room(n, np.int64(0), written=False),
        exists=facts.begun[points.cell] <= points.at,
    )


def _room(n: int, value: Integer, *, written: bool) -> NDArray[Integer]:
    """Return a column of one value; one that nobody will write takes no room."""
    return np.full(n, value, value.dtype) if written else np.broadcast_to(value, n)


def _own(states: States, scene: Scene, chosen: Chosen, ruling: Ruling) -> Cells:
    """Return the scores in force at points as cells, and put down how many there are, the newest, and their digest."""
    facts, asked = scene.facts, Asked(scene.points, chosen, scene.marked)
    rows, offsets, latest_us, digest = facts.in_force(asked)
    if scene.marked:
        states.scores[chosen] = np.diff(offsets)
        states.latest_us[chosen] = latest_us
        states.digest[chosen] = digest.view(np.int64)
    if any(one.keeps_levels for one in states.rulings):
        states.given[chosen] = _reduce(np.maximum, facts.scores.given[rows], offsets, 0)
    return facts.cells(asked, reach_us(ruling.terms), states.judged[chosen])


def _put(states: States, chosen: Chosen, results: Results, code_of: Int32s) -> None:
    states.value[chosen] = results.value
    states.level[chosen] = code_of[results.level]
    states.effective[chosen] = code_of[results.effective]
    states.status[chosen] = results.status
    states.counted[chosen] = results.counted


def _times(cells: Cells, compiled: Compiled, scene: Scene, chosen: Chosen) -> tuple[Int64s | None, Int64s]:
    """Return the time that each cell is asked about, if that matters, and until when its answer holds.

    It is the day that has begun last, or the time of the youngest score if that is later.
    """
    if not is_timed(compiled.policy):
        return None, np.full(len(cells), NO_TIME)
    at_us = np.maximum(scene.timeline.clock(scene.points.at[chosen]), youngest(cells))
    return at_us, valid_until(cells, compiled, at_us)


def _standings(states: States, sources: NDArray[np.int32]) -> tuple[Int64s, Int32s]:
    """Return value and level of each source; NO_VALUE and NO_LEVEL of those that are unknown."""
    known = sources != NOBODY
    return np.where(known, states.value[sources], NO_VALUE), np.where(known, states.effective[sources], NO_LEVEL)


def _inherit(states: States, chosen: Int64s, children: NDArray[np.int32], *, marked: bool) -> None:
    """Let parents have what is newest of their children, and exist if one of these does."""
    known = children != NOBODY
    states.exists[chosen] |= (known & states.exists[children]).any(axis=1)
    marks = ((states.latest_us, NO_TIME), (states.touched, 0)) if marked else ()
    for column, nothing in (*marks, (states.given, 0)):
        column[chosen] = np.maximum(column[chosen], np.where(known, column[children], nothing).max(axis=1))


def _earliest(own: Int64s, until_us: Int64s, sources: NDArray[np.int32]) -> Int64s:
    """Return the first of the times until which a point and its sources hold."""
    never = np.iinfo(np.int64).max
    of_sources = np.where(sources == NOBODY, NO_TIME, until_us[sources])
    first = np.where(of_sources == NO_TIME, never, of_sources).min(axis=1)
    first = np.minimum(first, np.where(own == NO_TIME, never, own))
    return np.where(first == never, NO_TIME, first)


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


def _portions(scores: Facts, points: Points, chosen: Int64s) -> Iterator[Chosen]:
    """Cut chosen points so that the rows of each part fit into memory; neighbours that do are a slice."""
    rows = np.diff(scores.offsets)[points.cell[chosen]]
    if len(chosen) and rows.sum() <= ROWS_AT_ONCE and chosen[-1] - chosen[0] == len(chosen) - 1:
        yield slice(int(chosen[0]), int(chosen[-1]) + 1)
        return
    rows, start = np.cumsum(rows), 0
    while start < len(chosen):
        passed = rows[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(rows, passed + ROWS_AT_ONCE, "right")))
        yield chosen[start:end]
        start = end


def _reduce(how: np.ufunc, column: NDArray[Any], offsets: Int64s, empty: int) -> NDArray[Any]:
    """Reduce the rows of each point to one number; a point without rows gets `empty`."""
    answer = np.full(len(offsets) - 1, empty, column.dtype)
    has_rows = np.diff(offsets) > 0
    if has_rows.any():
        answer[has_rows] = how.reduceat(column, offsets[:-1][has_rows])
    return answer
