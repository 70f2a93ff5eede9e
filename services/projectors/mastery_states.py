"""What the policies say of cells at positions of the log: the kernel run on the scores in force at each.

A point is a cell at a position. Everything that the mastery projector writes about levels comes from here, be it for
the few cells of a batch, one learner, or all cells, so that live, rebuilt and republished levels are the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from domain.kernel.errors import Invalid
from domain.mastery.cells import NO_TIME, NOT_JUDGED, Cells, Codes, Entry, Vocabulary, cells_of
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.kernel import NO_VALUE, Results, Status, evaluate
from domain.policy.rulings import Ruling
from domain.policy.starters import DEFAULT
from infra.postgres.score_cells import Facts
from services.projectors.mastery_points import CellFacts, Int64s, JudgementRow, Points
from services.projectors.policies import Timeline

ROWS_AT_ONCE: Final = 4_000_000
"""Score rows that are laid out for the kernel at a time: bounds the memory."""
NO_LEVEL: Final = -1

Int32s = NDArray[np.int32]


@dataclass(frozen=True)
class States:
    """What the policies say at each point.

    `level`, `effective` and `judged` index `levels`, or are NO_LEVEL; `latest_us` is NO_TIME and `value` NO_VALUE
    where there is none; `ruling` indexes `rulings`.
    """

    levels: Sequence[str]
    rulings: Sequence[Ruling]
    ruling: Int64s
    value: Int64s
    level: Int32s
    effective: Int32s
    judged: Int32s
    status: NDArray[np.uint8]
    counted: Int32s
    scores: Int32s
    latest_us: Int64s
    digest: Int64s


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
        rulings, ruling = _rulings(facts, points, timeline)
        n = len(points)
        states = States(
            levels=(),
            rulings=rulings,
            ruling=ruling,
            value=np.empty(n, np.int64),
            level=np.empty(n, np.int32),
            effective=np.empty(n, np.int32),
            judged=self._judged(facts.judgements, points),
            status=np.empty(n, np.uint8),
            counted=np.empty(n, np.int32),
            scores=np.empty(n, np.int32),
            latest_us=np.empty(n, np.int64),
            digest=np.empty(n, np.int64),
        )
        for number, one in enumerate(rulings):
            compiled = self._compile(one)
            for chosen in _portions(facts.scores, points, np.flatnonzero(ruling == number)):
                self._fill(states, facts.scores, points, chosen, compiled)
        return replace(states, levels=self._vocabulary.levels.words)

    def _fill(self, states: States, scores: Facts, points: Points, chosen: Int64s, compiled: Compiled) -> None:
        """Evaluate the chosen points, all under one policy; one whose sums would leave 64 bits has that as its status.

        Such a cell stops neither a rebuild nor a policy: its level is none until a score or the policy changes.
        """
        rows, offsets = _in_force(scores, points.cell[chosen], points.at[chosen])
        cells = scores.cells(rows, offsets, states.judged[chosen])
        try:
            results = evaluate(cells, compiled)
        except Invalid:
            if len(chosen) > 1:
                for half in np.array_split(chosen, 2):
                    self._fill(states, scores, points, half, compiled)
                return
            results = _beyond_bounds(cells, compiled)
        codes = [self._vocabulary.levels.code(level) for level in compiled.levels]
        code_of = np.array([*codes, NO_LEVEL], np.int32)
        states.value[chosen] = results.value
        states.level[chosen] = code_of[results.level]
        states.effective[chosen] = code_of[results.effective]
        states.status[chosen] = results.status
        states.counted[chosen] = results.counted
        states.scores[chosen] = np.diff(offsets)
        states.latest_us[chosen] = _reduce(np.maximum, scores.occurred_us[rows], offsets, NO_TIME)
        marks = _mixed(scores.position[rows], scores.value[rows])
        states.digest[chosen] = _reduce(np.add, marks, offsets, 0).view(np.int64)

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


def _rulings(facts: CellFacts, points: Points, timeline: Timeline) -> tuple[list[Ruling], Int64s]:
    """Return the rulings met, and for each point the index of the one that decides on it."""
    words = pc.dictionary_encode(facts.frameworks, null_encoding="encode")
    frameworks = words.dictionary.to_pylist()
    starts = np.array([epoch.position for epoch in timeline.epochs], np.int64)
    epoch = np.searchsorted(starts, points.at, "right") - 1
    met: dict[tuple[str, str], tuple[int, Ruling]] = {}
    table = np.zeros((len(starts), len(frameworks)), np.int64)
    for e in np.unique(epoch):
        for f, name in enumerate(frameworks):
            ruling = timeline.epochs[e].rulings.ruling(name)
            table[e, f], _ = met.setdefault((ruling.policy_id, ruling.version), (len(met), ruling))
    return [ruling for _, ruling in met.values()], table[epoch, words.indices.to_numpy()[points.cell]]


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


def _in_force(scores: Facts, cell: Int64s, at: Int64s) -> tuple[Int64s, Int64s]:
    """Return the rows in force at each point, point after point, and where each point's rows begin."""
    lengths = np.diff(scores.offsets)[cell]
    ends = np.cumsum(lengths)
    point = np.repeat(np.arange(len(cell)), lengths)
    rows = np.arange(len(point)) + np.repeat(scores.offsets[cell] - ends + lengths, lengths)
    keep = (scores.position[rows] <= at[point]) & (at[point] < scores.ended[rows])
    rows, point = rows[keep], point[keep]
    return rows, np.searchsorted(point, np.arange(len(cell) + 1)).astype(np.int64)


def _reduce(how: np.ufunc, column: NDArray[Any], offsets: Int64s, empty: int) -> NDArray[Any]:
    """Reduce the rows of each point to one number; a point without rows gets `empty`."""
    answer = np.full(len(offsets) - 1, empty, column.dtype)
    has_rows = np.diff(offsets) > 0
    if has_rows.any():
        answer[has_rows] = how.reduceat(column, offsets[:-1][has_rows])
    return answer


def _mixed(position: Int64s, value: Int64s) -> NDArray[np.uint64]:
    """Return a well-mixed 64-bit number for each score, so that their sum tells sets of scores apart.

    Source: the finaliser of splitmix64 (Steele, Lea, Flood, 2014).
    """
    mixed = position.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + value.view(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
