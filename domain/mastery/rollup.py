"""Roll-ups: a competency that is made of others, its children's values as scores of one cell more.

A parent's policy is a policy like any other, so every combination, requirement and weight holds for it, and the
same rules evaluate it. The kind of each score is the child's id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.kernel.ids import CompetencyId, LevelCode
from domain.kernel.scores import MICRO, to_micro
from domain.mastery.after import effective
from domain.mastery.cells import NO_TASK, NO_TIME, NOT_JUDGED, Cells, Codes, Int32s, Int64s, Vocabulary
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.kernel import evaluate
from domain.mastery.tables import NO_VALUE, Results
from domain.policy.document import PolicyDocument
from domain.policy.outcome import Prerequisite, Rollup

ROLE: Final = "rollup"
"""The role that a child's value is given in."""


class Standing(NamedTuple):
    """What is known of one competency of a learner: its value in micro-units and its level, or None."""

    value: int | None
    level: LevelCode | None = None


Family = Mapping[CompetencyId, Standing]
"""The children's standings of one learner; a child that is absent is unknown."""
UNKNOWN = Standing(None)


class Standings(NamedTuple):
    """What is known of some competencies, one a column, of many cells, one a row.

    Values are micro-units or NO_VALUE; levels are codes of a vocabulary or -1.
    """

    value: Int64s
    level: Int32s

    @classmethod
    def of(cls, families: Sequence[Family], competencies: Sequence[CompetencyId], levels: Codes) -> "Standings":
        """Lay families out in columns."""
        known = [[family.get(one, UNKNOWN) for one in competencies] for family in families]
        shape = len(families), len(competencies)
        values = [[NO_VALUE if one.value is None else one.value for one in row] for row in known]
        codes = [[-1 if one.level is None else levels.code(one.level) for one in row] for row in known]
        return cls(np.array(values, np.int64).reshape(shape), np.array(codes, np.int32).reshape(shape))


def roll_up(policy: PolicyDocument, families: Sequence[Family]) -> tuple[Results, Compiled]:
    """Evaluate a parent's policy, which lists its children, for each family.

    Raises:
        Invalid: cell-out-of-bounds, as `evaluate`.
    """
    assert policy.rollup is not None, "the policy has a rollup"
    assert policy.rollup.children is not None, "the rollup lists its children"
    vocabulary, children = Vocabulary(), policy.rollup.children
    cells = parent_cells(policy, children, Standings.of(families, children, vocabulary.levels), vocabulary)
    compiled = replace(compile_policy(policy, vocabulary), holds=False)
    results = evaluate(cells, compiled)
    if policy.prerequisites is not None:
        needed = [one.competency for one in policy.prerequisites]
        before = Standings.of(families, needed, vocabulary.levels)
        hold_back(policy.prerequisites, cells, compiled, before.value, results)
    return results, compiled


def parent_cells(
    policy: PolicyDocument,
    children: Sequence[CompetencyId],
    standings: Standings,
    vocabulary: Vocabulary,
    judged: Int32s | None = None,
) -> Cells:
    """Return one cell a row; it is empty where nothing is known, or where an unknown child blocks."""
    rollup = policy.rollup
    assert rollup is not None, "the policy has a rollup"
    role = vocabulary.roles.code(ROLE)
    kinds = np.array([vocabulary.kinds.code(child) for child in children], np.int32)
    value, known = counted_as(rollup, standings, vocabulary.levels)
    enough = np.logical_and if rollup.unknown == "block" else np.logical_or
    keep = (known | (rollup.unknown == "zero")) & enough.reduce(known, axis=1, keepdims=True)
    row, place = np.nonzero(keep)
    n = len(row)
    return Cells(
        offsets=np.concatenate(([0], np.cumsum(keep.sum(axis=1)))).astype(np.int64),
        value=np.where(known, value, 0)[row, place],
        possible=np.full(n, _possible(policy, rollup)),
        kind=kinds[place],
        role=np.full(n, role, np.int32),
        task=np.full(n, NO_TASK, np.int64),
        occurred_us=np.full(n, NO_TIME),
        recorded_us=np.full(n, NO_TIME),
        position=place.astype(np.int64),
        weight=np.full(n, MICRO),
        judged=np.full(len(keep), NOT_JUDGED, np.int32) if judged is None else judged,
    )


def _possible(policy: PolicyDocument, rollup: Rollup) -> int:
    """Return the most that a child brings; its value is on the scale already that `normalise` restates scores on."""
    if rollup.points is not None:
        return max(MICRO, *map(to_micro, rollup.points.values()))
    if rollup.met_at is not None or policy.normalise is None:
        return MICRO
    return to_micro(policy.normalise.to_max)


def counted_as(rollup: Rollup, standings: Standings, levels: Codes) -> tuple[Int64s, NDArray[np.bool_]]:
    """Return the score that each standing brings, and whether it is known."""
    if rollup.points is not None:
        points = [to_micro(rollup.points.get(LevelCode(level), "0")) for level in levels.words]
        return np.array([*points, 0], np.int64)[standings.level], standings.level >= 0
    known = standings.value != NO_VALUE
    if rollup.met_at is None:
        return standings.value, known
    return np.where(standings.value >= to_micro(rollup.met_at), MICRO, 0), known


def hold_back(
    prerequisites: Sequence[Prerequisite], cells: Cells, compiled: Compiled, values: Int64s, results: Results
) -> None:
    """Lower computed levels to what the prerequisites leave of them; `values` has a column for each of those."""
    for place, one in enumerate(prerequisites):
        ceiling = compiled.levels.index(one.cap) if one.cap else -1
        unmet = values[:, place] < to_micro(one.at)
        results.level[unmet] = np.minimum(results.level[unmet], ceiling)
    results.effective[:] = effective(cells, compiled, results.level)


def mark_of(policy: PolicyDocument, value: int) -> str | None:
    """Return the mark that a value in micro-units is told as; None below every mark."""
    marks = sorted((to_micro(mark.at), mark.mark) for mark in policy.convert or ())
    return next((mark for at, mark in reversed(marks) if value >= at), None)
