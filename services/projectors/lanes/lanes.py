"""Lanes: the learners of a read model divided over workers that follow a topic, each lane with a position of its own.

A lane holds the learners of one partition of the topic. Who works on lanes locks their rows and moves them in the
transaction of what is written, and begins at the position that is found there: so whoever works, and how often, an
event is folded once. Lanes are open only while every learner's events are independent of the others'. What needs all
learners at one position (a moment that concerns all, a runner that follows the log, a rebuild that compares or
switches) shuts the gate (`generations.live`), brings all lanes to the same position, and closes them.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

import psycopg

from infra.postgres.published import OF_LEARNER
from services.projectors.parts import WHOLE, Group, Part

OPEN: Final = """
    INSERT INTO read_model.lane (projector, lane, lanes, position)
    SELECT name, lane, %(lanes)s, position FROM read_model.projector, generate_series(0, %(lanes)s - 1) AS lane
    WHERE name = %(projector)s
"""
STATES: Final = "SELECT lane, lanes, position FROM read_model.lane WHERE projector = %s ORDER BY lane"
TAKE: Final = """
    SELECT lane, lanes, position FROM read_model.lane WHERE projector = %s AND lane = ANY(%s)
    ORDER BY lane FOR UPDATE SKIP LOCKED
"""
ADVANCE: Final = """
    UPDATE read_model.lane SET position = %s, events_per_second = %s, updated_at = clock_timestamp()
    WHERE projector = %s AND lane = ANY(%s)
"""
FOLLOW: Final = """
    UPDATE read_model.projector
    SET position = lane.position, events_per_second = lane.events_per_second, updated_at = clock_timestamp()
    FROM (
        SELECT min(position) AS position, avg(events_per_second)::int AS events_per_second
        FROM read_model.lane WHERE projector = %(projector)s
    ) AS lane
    WHERE name = %(projector)s AND projector.position < lane.position
"""
CLOSE: Final = "DELETE FROM read_model.lane WHERE projector = %s"
REACHED: Final = f"""
    SELECT coalesce((
        SELECT position FROM read_model.lane
        WHERE projector = name AND lane = (
            SELECT mod({OF_LEARNER}, lanes) FROM (SELECT %(learner)s::text AS learner_id) AS one
        )
    ), position) FROM read_model.projector WHERE name = %(projector)s
"""
NEXT: Final = """
    SELECT min(position) FROM ledger.event WHERE learner_id IS NULL AND type = ANY(%s) AND position > %s
"""

Connection = psycopg.Connection[Any]


class Lane(NamedTuple):
    """One of so many lanes, and how far it is."""

    lane: int
    lanes: int
    position: int


class Stretch(NamedTuple):
    """What one step works on: learners who are at the same position, and how far they may come (None: any)."""

    which: Part | Group
    position: int
    until: int | None


def states(connection: Connection, name: str) -> list[Lane]:
    """Return the lanes of a projector; none, if they are closed."""
    return [Lane(*row) for row in connection.execute(STATES, (name,)).fetchall()]


def begin(connection: Connection, name: str, lanes: int) -> None:
    """Open so many lanes where the projector is; the gate is shut, and nothing is left to settle."""
    connection.execute(OPEN, {"projector": name, "lanes": lanes})


def take(connection: Connection, name: str, numbers: Collection[int]) -> list[Lane]:
    """Hold those of the lanes that nobody works on, until the transaction ends."""
    return [Lane(*row) for row in connection.execute(TAKE, (name, [*numbers])).fetchall()]


def hindmost(lanes: Sequence[Lane]) -> Stretch:
    """Return those of some lanes that are the least far, up to where the next one is."""
    position = min(one.position for one in lanes)
    numbers = tuple(one.lane for one in lanes if one.position == position)
    ahead = [one.position for one in lanes if one.position > position]
    return Stretch(Group(numbers, lanes[0].lanes), position, min(ahead, default=None))


def even(connection: Connection, name: str, position: int) -> Stretch:
    """Return what brings lanes to the same position, or closes them if they are there; the gate is shut.

    `position` is that of the projector, where no lanes are open.
    """
    lanes = states(connection, name)
    if not lanes:
        return Stretch(WHOLE, position, None)
    stretch = hindmost(lanes)
    if stretch.until is not None:
        return stretch
    follow(connection, name)
    connection.execute(CLOSE, (name,))
    return Stretch(WHOLE, stretch.position, None)


def advance(connection: Connection, name: str, which: Group, position: int, events_per_second: int) -> None:
    """Move lanes to a position, with the rate of the latest batch."""
    connection.execute(ADVANCE, (position, events_per_second, name, [*which.numbers]))


def follow(connection: Connection, name: str) -> None:
    """Let the projector's position be that of the lane that is the least far.

    Called after the transaction that moved lanes: of several that end, the last one sees all.
    """
    connection.execute(FOLLOW, {"projector": name})


def reached(connection: Connection, name: str, learner_id: str | None) -> int:
    """Return how far the events of a learner are in the live generation."""
    row = connection.execute(REACHED, {"projector": name, "learner": learner_id}).fetchone()
    assert row is not None, f"projector {name} is not known"
    return int(row[0])


def next_moment(connection: Connection, types: frozenset[str], after: int) -> int | None:
    """Return the position of the next event of types that concern all learners."""
    row = connection.execute(NEXT, ([*types], after)).fetchone()
    assert row is not None
    return None if row[0] is None else int(row[0])
