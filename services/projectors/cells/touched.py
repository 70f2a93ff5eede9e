"""Which cells are looked at again: those that were touched, all that hangs on them, and those whose time is over."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import psycopg

from domain.mastery.cells import NO_TIME
from infra.postgres.score_cells import CellKey
from services.projectors.cells.relations import Web, web_of
from services.projectors.cells.tables import CELLS_OF_COMPETENCIES, CELLS_OF_LEARNERS
from services.projectors.generations import Place, partition
from services.projectors.policies import Timeline

CELLS_AT_ONCE: Final = 20_000
"""Cells that are looked at again in one go: bounds the memory."""
OVER: Final = """
    SELECT learner_id, competency_id FROM {levels}
    WHERE valid_until <= to_timestamp(0) + %s * interval '1 microsecond' ORDER BY learner_id, competency_id
"""
OF_COMPETENCIES: Final = f"""
    SELECT learner_id, competency_id FROM {{levels}} WHERE competency_id = ANY(%(competencies)s)
    UNION {CELLS_OF_COMPETENCIES}
"""
"""Also those of facts that have no level yet, or none any more."""
VANISHED: Final = """
    SELECT learner_id, competency_id FROM {before} AS before
    WHERE NOT EXISTS (
        SELECT FROM {after} AS after
        WHERE after.learner_id = before.learner_id AND after.competency_id = before.competency_id
    )
"""

Connection = psycopg.Connection[Any]


class Family(NamedTuple):
    """Cells that are to be looked at again, and behind them the cells that they hang on."""

    keys: list[CellKey]
    targets: int


def family(connection: Connection, facts_generation: int, touched: Sequence[CellKey], web: Web) -> Family:
    """Return the cells that were touched or hang on one that was, then those that these need."""
    targets = dict.fromkeys(touched)
    if not web:
        return Family([*targets], len(targets))
    above = {one: web.above(one) for one in {competency for _, competency in touched}}
    for learner, competency in touched:
        targets |= dict.fromkeys((learner, one) for one in above[competency])
    gated = sorted({learner for learner, competency in targets if competency in web.prerequisites})
    if gated:
        values = {"generation": facts_generation, "learners": gated}
        for learner, competency in connection.execute(CELLS_OF_LEARNERS, values).fetchall():
            targets |= dict.fromkeys((learner, one) for one in {competency} | web.above(competency))
    below = {one: web.below({one}) for one in {competency for _, competency in targets}}
    keys = dict(targets)
    for learner, competency in targets:
        keys |= dict.fromkeys((learner, one) for one in below[competency])
    return Family([*keys], len(targets))


def over(connection: Connection, generation: int, timeline: Timeline, position: int) -> list[CellKey]:
    """Return the cells of levels that hold no longer on the day of a position."""
    now_us = int(timeline.clock(np.array([position]))[0])
    if now_us == NO_TIME:
        return []
    return connection.execute(OVER.format(levels=_levels(generation)).encode(), (now_us,)).fetchall()


def replanted(connection: Connection, levels: Place, timeline: Timeline, span: tuple[int, int]) -> list[CellKey]:
    """Return the cells whose competencies lie elsewhere in the tree at the end of a span of positions than before.

    They have other parents than before, or come under a policy that is scoped to a subtree, or out of it.
    """
    first, last = span
    before, after = (web_of(timeline, position, position).parents for position in span)
    children = {child for child in {*before, *after} if before.get(child) != after.get(child)}
    moved = children.union(*(before.get(child, set()) | after.get(child, set()) for child in children))
    moved |= {*timeline.at(last).rulings.regrown(timeline.at(first).rulings)}
    if not moved:
        return []
    values = {"generation": levels.facts_generation, "competencies": sorted(moved)}
    query = OF_COMPETENCIES.format(levels=_levels(levels.generation))
    return connection.execute(query.encode(), values).fetchall()


def vanished(connection: Connection, before: int, after: int) -> list[CellKey]:
    """Return the cells of levels that other levels do not have."""
    return connection.execute(VANISHED.format(before=_levels(before), after=_levels(after)).encode()).fetchall()


def in_portions(keys: Iterable[CellKey]) -> list[list[CellKey]]:
    """Cut cells into portions of one look."""
    every = [*dict.fromkeys(keys)]
    return [every[first : first + CELLS_AT_ONCE] for first in range(0, len(every), CELLS_AT_ONCE)]


def _levels(generation: int) -> str:
    return partition("current_mastery", generation)
