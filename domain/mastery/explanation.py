"""The explanation of one cell's level: what counted, what did not and why, what is met, what is still needed.

It is read off the work of the kernel on that cell; no rule is applied a second time.
"""

from typing import Final

from domain.kernel.envelope import Part
from domain.kernel.ids import LevelCode
from domain.kernel.scores import from_micro
from domain.mastery.arithmetic import divide
from domain.mastery.cells import NO_TIME, Cells
from domain.mastery.compile import Compiled
from domain.mastery.kernel import refuse_beyond_bounds, room_for, run
from domain.mastery.tables import NO_VALUE, Clock, Fate, Op, Results, Status, Work
from domain.policy.stages import Clause

SHARE_PARTS: Final = 1_000_000
"""Shares are shown to six places."""
_WHY_NOT_COUNTED: Final = {
    Fate.KIND_NOT_SELECTED: "kind-not-selected",
    Fate.ROLE_NOT_SELECTED: "role-not-selected",
    Fate.WEIGHT_ZERO: "weight-zero",
    Fate.REPLACED: "replaced-in-its-task",
    Fate.AVERAGED: "averaged-in-its-task",
}
_WHY_NO_WEIGHT: Final = {
    Op.LATEST: "not-latest",
    Op.HIGHEST: "not-highest",
    Op.MEDIAN: "not-in-the-middle",
    Op.MODE: "not-most-frequent",
    Op.LATEST_VERSUS_REST: "not-latest",
    Op.DECAYING: "decayed",
    Op.MEAN_AT_OR_ABOVE: "below-the-bar",
}


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
    """Its weight in the level's value, as parts of the explanation's `weight_sum`."""
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
    clauses: tuple[ExplainedClause, ...]
    weight_sum: int
    entries: tuple[ExplainedEntry, ...]
    """In the order of the cell's columns."""


def explain(cells: Cells, cell: int, compiled: Compiled) -> Explanation:
    """Explain the level of one cell.

    Raises:
        Invalid: cell-out-of-bounds, as `evaluate`.
    """
    compiled.check_covers(cells)
    one = cells.one(cell)
    # where the order decides nothing, evaluate leaves it out; here it decides which of two equal scores is named
    rules = compiled.rules
    if rules.clock == Clock.NONE:
        rules = rules._replace(clock=int(Clock[compiled.policy.clock.order.upper()]))
    out = room_for(1)
    work = run(one, rules, (0, 1), out)
    refuse_beyond_bounds(out)
    return _explanation(one, compiled, out, work)


def _explanation(one: Cells, compiled: Compiled, out: Results, work: Work) -> Explanation:
    value, level, judged = int(out.value[0]), int(out.level[0]), int(one.judged[0])
    clauses = _clauses(compiled, work)
    reached = sum(value != NO_VALUE and value >= compiled.rules.cuts[i] for i in range(len(compiled.levels)))
    following = compiled.levels[level + 1] if level + 1 < len(compiled.levels) else None
    lacking = int(compiled.rules.cuts[level + 1]) - value if following and value != NO_VALUE else None
    weights = [int(work.weight[k]) for k in range(out.counted[0])]
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
        weight_sum=sum(weights),
        entries=_entries(one, compiled, work, weights),
    )


def _code(compiled: Compiled, level: int) -> LevelCode | None:
    return compiled.levels[level] if level >= 0 else None


def _clauses(compiled: Compiled, work: Work) -> tuple[ExplainedClause, ...]:
    return tuple(
        ExplainedClause(clause=clause, have=int(work.have[c]), need=int(need), met=bool(work.have[c] >= need))
        for c, (clause, need) in enumerate(zip(compiled.policy.require, compiled.rules.clauses[:, 1], strict=True))
    )


def _entries(one: Cells, compiled: Compiled, work: Work, weights: list[int]) -> tuple[ExplainedEntry, ...]:
    rank = {int(work.entry[k]): k for k in range(len(weights))}
    return tuple(_entry(one, compiled, work, weights, i=i, rank=rank.get(i)) for i in range(len(one.value)))


def _entry(
    one: Cells, compiled: Compiled, work: Work, weights: list[int], *, i: int, rank: int | None
) -> ExplainedEntry:
    words = compiled.vocabulary
    weight = 0 if rank is None else weights[rank]
    share = divide(weight * SHARE_PARTS, sum(weights)) if weight else 0
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
        occurred_us=_time(int(one.occurred_us[i])),
        recorded_us=_time(int(one.recorded_us[i])),
        value=from_micro(int(one.value[i])),
        possible=from_micro(int(one.possible[i])),
        counted_as=None if rank is None else from_micro(int(work.value[rank])),
        weight=weight,
        share=from_micro(share),
        dropped_because=reason,
    )


def _time(clock_us: int) -> int | None:
    return None if clock_us == NO_TIME else clock_us
