"""Roll-ups: a competency that is made of others, its children's values as scores of one cell more.

A parent's policy is a policy like any other, so every combination, requirement and weight holds for it, and the
same rules evaluate it. The kind of each score is the child's id.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.kernel.ids import CompetencyId, LevelCode
from domain.kernel.scores import MICRO, to_micro
from domain.mastery.cells import Cells, Entry, Vocabulary, cells_of
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.kernel import evaluate
from domain.mastery.tables import Results
from domain.policy.document import PolicyDocument
from domain.policy.outcome import Prerequisite, Rollup


class Standing(NamedTuple):
    """What is known of one competency of a learner: its value in micro-units and its level, or None."""

    value: int | None
    level: LevelCode | None = None


Family = Mapping[CompetencyId, Standing]
"""The children's standings of one learner; a child that is absent is unknown."""
UNKNOWN = Standing(None)


def roll_up(policy: PolicyDocument, families: Sequence[Family]) -> tuple[Results, Compiled]:
    """Evaluate a parent's policy for each family.

    Raises:
        Invalid: cell-out-of-bounds, as `evaluate`.
    """
    assert policy.rollup is not None, "the policy has no rollup"
    vocabulary = Vocabulary()
    cells = parent_cells(policy.rollup, families, vocabulary)
    compiled = compile_policy(policy, vocabulary)
    results = evaluate(cells, compiled)
    if policy.prerequisites is not None:
        hold_back(policy.prerequisites, compiled, families, results)
    return results, compiled


def parent_cells(rollup: Rollup, families: Sequence[Family], vocabulary: Vocabulary) -> Cells:
    """Return one cell a family; it is empty where an unknown child blocks."""
    vocabulary.roles.code("rollup")
    return cells_of([_entries(rollup, family, vocabulary) for family in families])


def _entries(rollup: Rollup, family: Family, vocabulary: Vocabulary) -> list[Entry]:
    entries = []
    for place, child in enumerate(rollup.children):
        value = _counted_as(rollup, family.get(child, UNKNOWN))
        if value is None and rollup.unknown == "block":
            return []
        if value is not None or rollup.unknown == "zero":
            entries.append(Entry(value or 0, MICRO, vocabulary.kinds.code(child), 0, place))
    return entries


def _counted_as(rollup: Rollup, standing: Standing) -> int | None:
    if rollup.points is not None:
        return None if standing.level is None else to_micro(rollup.points.get(standing.level, "0"))
    if rollup.met_at is None or standing.value is None:
        return standing.value
    return MICRO if standing.value >= to_micro(rollup.met_at) else 0


def hold_back(
    prerequisites: Sequence[Prerequisite], compiled: Compiled, families: Sequence[Family], results: Results
) -> None:
    """Lower computed levels to what the prerequisites leave of them; `families` hold the others' standings."""
    ceilings = [(one, compiled.levels.index(one.cap) if one.cap else -1) for one in prerequisites]
    for cell, family in enumerate(families):
        judged = results.effective[cell] != results.level[cell]
        for one, ceiling in ceilings:
            value = family.get(one.competency, UNKNOWN).value
            if value is None or value < to_micro(one.at):
                results.level[cell] = min(results.level[cell], ceiling)
        if not judged:
            results.effective[cell] = results.level[cell]


def mark_of(policy: PolicyDocument, value: int) -> str | None:
    """Return the mark that a value in micro-units is told as; None below every mark."""
    marks = sorted((to_micro(mark.at), mark.mark) for mark in policy.convert or ())
    return next((mark for at, mark in reversed(marks) if value >= at), None)
