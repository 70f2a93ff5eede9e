"""The explanation of one cell's level: what counted, what did not and why, what is met, what is still needed.

It is read off the work of the kernel on that cell; no rule is applied a second time.
"""

from typing import Final, NamedTuple

import numpy as np

from domain.kernel.envelope import Part
from domain.kernel.ids import LevelCode
from domain.kernel.scores import from_micro
from domain.mastery.after import settle
from domain.mastery.cells import Cells, time_or_none
from domain.mastery.compile import Compiled
from domain.mastery.curves import Folded, nearest
from domain.mastery.kernel import current, reached_by, refuse_beyond_bounds, run_alone
from domain.mastery.room import room_for, work_for
from domain.mastery.tables import NO_VALUE, Clock, Fate, Op, Results, Status, Work
from domain.policy.stages import Clause, MeanWithExtraCredit, Sum

SUMS: Final = (Sum, MeanWithExtraCredit)
"""Combinations that divide by something else than the sum of the weights."""
SHARE_PARTS: Final = 1_000_000
"""Shares are shown to six places."""
_WHY_NOT_COUNTED: Final = {
    Fate.KIND_NOT_SELECTED: "kind-not-selected",
    Fate.ROLE_NOT_SELECTED: "role-not-selected",
    Fate.WEIGHT_ZERO: "weight-zero",
    Fate.REPLACED: "replaced-in-its-task",
    Fate.AVERAGED: "averaged-in-its-task",
    Fate.NOT_AMONG_LATEST: "not-among-latest",
}
NEVER_COUNTED: Final = frozenset({"kind-not-selected", "role-not-selected", "weight-zero"})
"""Why a score does not count, whatever others there are."""
_WHY_NO_WEIGHT: Final = {
    Op.LATEST: "not-latest",
    Op.HIGHEST: "not-highest",
    Op.MEDIAN: "not-in-the-middle",
    Op.MODE: "not-most-frequent",
    Op.LATEST_VERSUS_REST: "not-latest",
    Op.DECAYING: "decayed",
    Op.MEAN: "decayed",
    Op.LOWEST: "not-lowest",
    Op.WITHOUT_LOWEST: "among-the-lowest",
    Op.MEAN_AT_OR_ABOVE: "below-the-bar",
}


class Weighing(NamedTuple):
    """The weight of each entry that counts, and what they are parts of."""

    weights: list[int]
    parts: int


class ExplainedEntry(Part):
    """One score of the cell. Values are decimal text, times microseconds since 1970 UTC."""

    position: int
    kind: str
    role: str
    task: str | None
    occurred_us: int | None
    recorded_us: int | None
    value: str
    possible: str
    counted_as: str | None
    """The value after normalising and replacing; null if the entry was not counted."""
    weight: int
    """Its weight in the level's value, as parts of the explanation's `weight_sum`.

    The value is sum(weight x counted_as) / weight_sum; in a power law so is its logarithm, and weights may be
    negative. A model's value is no such mean: each of its scores has the weight 1.
    """
    share: str
    """weight / weight_sum, to six places, rounded half up."""
    dropped_because: str | None
    """Why it has no weight; null if it has."""


class ExplainedClause(Part):
    """One requirement, how much of it is there and whether that is enough."""

    clause: Clause
    have: int
    need: int
    met: bool


class Explanation(Part):
    """Why a cell is at its level. `effective` is the judged level where one holds, else the computed `level`.

    `missing` is what the value lacks to the cut of `next_level`; null where there is no value or no higher level.
    """

    policy: str
    version: str
    status: str
    value: str | None
    level: LevelCode | None
    judged: LevelCode | None
    effective: LevelCode | None
    next_level: LevelCode | None
    missing: str | None
    capped: bool
    """Whether unmet requirements hold the level down."""
    held: bool = False
    """Whether value and level are those of an earlier time, which later scores do not lower."""
    clauses: tuple[ExplainedClause, ...]
    weight_sum: int
    entries: tuple[ExplainedEntry, ...]
    """In the order of the cell's columns."""


def explain(cells: Cells, cell: int, compiled: Compiled, at_us: int | None = None) -> Explanation:
    """Explain the level of one cell; `at_us` as for `evaluate`, scores not in force then are left out.

    Raises:
        Invalid: cell-out-of-bounds, as `evaluate`.
    """
    compiled.check_covers(cells)
    one = current(cells.one(cell), compiled, at_us)
    told = _explain(one, compiled, at_us)
    then = reached_by(one, compiled, at_us) if compiled.keeps_highest else one
    return told if len(then.value) == len(one.value) else _held(_explain(then, compiled, at_us), told)


def _held(then: Explanation, now: Explanation) -> Explanation:
    """Return the explanation of a level that is kept: of when it was reached, and of the scores that came later."""
    there = {entry.position for entry in then.entries}
    uncounted = {"counted_as": None, "weight": 0, "share": "0", "dropped_because": "after-the-level"}
    later = [
        one if one.dropped_because in NEVER_COUNTED else one.model_copy(update=uncounted)
        for one in now.entries
        if one.position not in there
    ]
    return then.model_copy(update={"held": True, "entries": (*then.entries, *later)})


def _explain(one: Cells, compiled: Compiled, at_us: int | None) -> Explanation:
    """Explain a single cell by the scores that it has."""
    # where the order decides nothing, evaluate leaves it out; here it decides which of two equal scores is named
    rules = compiled.rules
    if rules.clock == Clock.NONE:
        rules = rules._replace(clock=int(Clock[compiled.policy.clock.order.upper()]))
    out = room_for(1)
    work = run_alone(one, rules, (0, 1), out)
    refuse_beyond_bounds(out)
    weighing = _weighing(compiled, out, work, settle(one, compiled, out, at_us))
    return _explanation(one, compiled, out, work, weighing)


def beyond_bounds(cells: Cells, compiled: Compiled) -> Explanation:
    """Explain a single cell whose sums would leave 64 bits: no value, no level but a judged one."""
    out = room_for(1)
    out.value[0], out.level[0], out.effective[0] = NO_VALUE, -1, compiled.judged_levels(cells.judged)[0]
    out.status[0], out.counted[0] = Status.OUT_OF_BOUNDS, 0
    work = work_for(cells, compiled.rules)._replace(fate=np.zeros(cells.largest, np.uint8) + np.uint8(Fate.REPLACED))
    told = _explanation(cells, compiled, out, work, Weighing([], 0))
    dropped = tuple(entry.model_copy(update={"dropped_because": "too-large"}) for entry in told.entries)
    return told.model_copy(update={"entries": dropped, "clauses": ()})


def _weighing(compiled: Compiled, out: Results, work: Work, folded: Folded | None) -> Weighing:
    weights = [int(work.weight[k]) for k in range(out.counted[0])]
    if folded is not None and folded.weights is not None:
        weights = list(folded.weights)
    if folded is not None and isinstance(compiled.policy.combine, SUMS):
        return Weighing(weights, folded.by)
    return Weighing(weights, sum(weights))


def _explanation(one: Cells, compiled: Compiled, out: Results, work: Work, weighing: Weighing) -> Explanation:
    value, level, judged = int(out.value[0]), int(out.level[0]), int(one.judged[0])
    clauses = _clauses(compiled, work)
    reached = sum(value != NO_VALUE and value >= compiled.cuts[i] for i in range(len(compiled.levels)))
    following = compiled.levels[level + 1] if level + 1 < len(compiled.levels) else None
    lacking = int(compiled.cuts[level + 1]) - value if following and value != NO_VALUE else None
    return Explanation(
        policy=compiled.policy.name,
        version=compiled.policy.version,
        status=Status(out.status[0]).name.lower(),
        value=None if value == NO_VALUE else from_micro(value),
        level=_code(compiled, level),
        judged=LevelCode(compiled.vocabulary.levels.words[judged]) if judged >= 0 else None,
        effective=_code(compiled, int(out.effective[0])),
        next_level=following,
        missing=None if lacking is None else from_micro(max(lacking, 0)),
        capped=reached > level + 1,
        clauses=clauses,
        weight_sum=weighing.parts,
        entries=_entries(one, compiled, work, weighing),
    )


def _code(compiled: Compiled, level: int) -> LevelCode | None:
    return compiled.levels[level] if level >= 0 else None


def _clauses(compiled: Compiled, work: Work) -> tuple[ExplainedClause, ...]:
    return tuple(
        ExplainedClause(clause=clause, have=int(work.have[c]), need=int(need), met=bool(work.have[c] >= need))
        for c, (clause, need) in enumerate(zip(compiled.policy.require, compiled.rules.clauses[:, 1], strict=True))
    )


def _entries(one: Cells, compiled: Compiled, work: Work, weighing: Weighing) -> tuple[ExplainedEntry, ...]:
    rank = {int(work.entry[k]): k for k in range(len(weighing.weights))}
    return tuple(_entry(one, compiled, work, weighing, i=i, rank=rank.get(i)) for i in range(len(one.value)))


def _entry(
    one: Cells, compiled: Compiled, work: Work, weighing: Weighing, *, i: int, rank: int | None
) -> ExplainedEntry:
    words = compiled.vocabulary
    weight = 0 if rank is None else weighing.weights[rank]
    share = nearest(weight * SHARE_PARTS, weighing.parts) if weight else 0
    reason = None
    if rank is None:
        reason = _WHY_NOT_COUNTED[Fate(work.fate[i])]
    elif weight == 0:
        reason = _WHY_NO_WEIGHT[Op(compiled.rules.op)]
    task = int(one.task[i])
    return ExplainedEntry(
        position=int(one.position[i]),
        kind=words.kinds.words[one.kind[i]],
        role=words.roles.words[one.role[i]],
        task=words.tasks.words[task] if task >= 0 else None,
        occurred_us=time_or_none(int(one.occurred_us[i])),
        recorded_us=time_or_none(int(one.recorded_us[i])),
        value=from_micro(int(one.value[i])),
        possible=from_micro(int(one.possible[i])),
        counted_as=None if rank is None else from_micro(int(work.value[rank])),
        weight=weight,
        share=from_micro(share),
        dropped_because=reason,
    )
