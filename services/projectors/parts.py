"""The parts of a generation that is built: learners by the hash of their id, so that each part is filled on its own."""

from typing import Any, Final, NamedTuple

import psycopg

from infra.postgres.published import OF_LEARNER

BEGIN: Final = """
    INSERT INTO read_model.rebuild_part (projector, generation, part, parts, position, until)
    SELECT projector, generation, part, %(parts)s, position, position
    FROM read_model.generation, generate_series(0, %(parts)s - 1) AS part
    WHERE projector = %(projector)s AND generation = %(generation)s AND NOT EXISTS (
        SELECT FROM read_model.rebuild_part AS known
        WHERE known.projector = %(projector)s AND known.generation = %(generation)s
    )
"""
EXTEND: Final = """
    UPDATE read_model.rebuild_part SET until = greatest(until, %(until)s)
    WHERE projector = %(projector)s AND generation = %(generation)s AND NOT EXISTS (
        SELECT FROM read_model.rebuild_part AS known
        WHERE known.projector = %(projector)s AND known.generation = %(generation)s AND is_derived
    )
"""
"""All parts end at the same position, and what follows from the facts is made there."""
STATES: Final = """
    SELECT part, parts, position, until, is_derived, events_per_second FROM read_model.rebuild_part
    WHERE projector = %s AND generation = %s ORDER BY part
"""
ADVANCE: Final = """
    UPDATE read_model.rebuild_part SET position = %s, events_per_second = %s, updated_at = clock_timestamp()
    WHERE projector = %s AND generation = %s AND part = %s
"""
DERIVED: Final = """
    UPDATE read_model.rebuild_part SET is_derived = true, updated_at = clock_timestamp()
    WHERE projector = %s AND generation = %s AND part = %s
"""
FORGET: Final = "DELETE FROM read_model.rebuild_part WHERE projector = %s AND generation = %s"


HASH: Final = f"mod({OF_LEARNER}, {{parts}})"


class Part(NamedTuple):
    """One of so many parts."""

    part: int
    parts: int

    @property
    def condition(self) -> str:
        """SQL that says of a row whether it is of the part, by its column learner_id; null is of one part too."""
        if self.parts == 1:
            return "true"
        return f"{HASH.format(parts=self.parts)} = {self.part}"

    def span(self, events: int) -> int:
        """Return within how many positions so many events of the part are to be expected."""
        return events * self.parts

    def split(self, portions: int) -> list["Part"]:
        """Return the part as so many smaller ones."""
        return [Part(self.part + self.parts * portion, self.parts * portions) for portion in range(portions)]


WHOLE: Final = Part(0, 1)


class Group(NamedTuple):
    """Some of so many parts; perhaps none."""

    numbers: tuple[int, ...]
    parts: int

    @property
    def condition(self) -> str:
        """SQL, as that of `Part`."""
        numbers = ", ".join(map(str, self.numbers))
        return f"{HASH.format(parts=self.parts)} IN ({numbers})" if numbers else "false"

    def span(self, events: int) -> int:
        """Return within how many positions so many events of the group are to be expected."""
        return events * self.parts // max(1, len(self.numbers))


class PartState(NamedTuple):
    """How far a part is filled, how far it is to be, whether all is made that follows from it, its rate of late."""

    part: int
    parts: int
    position: int
    until: int
    is_derived: bool
    events_per_second: int

    @property
    def which(self) -> Part:
        """The part."""
        return Part(self.part, self.parts)


def begin(connection: psycopg.Connection[Any], name: str, generation: int, parts: int, head: int) -> None:
    """Cut a generation into parts, unless it is; have them filled up to `head` unless some of them is done."""
    values = {"projector": name, "generation": generation, "parts": parts, "until": head}
    connection.execute(BEGIN, values)
    connection.execute(EXTEND, values)


def states(connection: psycopg.Connection[Any], name: str, generation: int) -> list[PartState]:
    """Return the states of all parts of a generation."""
    return [PartState(*row) for row in connection.execute(STATES, (name, generation)).fetchall()]


def position(connection: psycopg.Connection[Any], name: str, generation: int, part: Part) -> int:
    """Return how far a part is filled."""
    return states(connection, name, generation)[part.part].position


def advance(
    connection: psycopg.Connection[Any], name: str, generation: int, part: Part, reached: tuple[int, int]
) -> None:
    """Note how far a part is filled, and its rate."""
    connection.execute(ADVANCE, (*reached, name, generation, part.part))


def derived(connection: psycopg.Connection[Any], name: str, generation: int, part: Part) -> None:
    """Note that all is made that follows from the facts of a part."""
    connection.execute(DERIVED, (name, generation, part.part))


def forget(connection: psycopg.Connection[Any], name: str, generation: int) -> None:
    """Let a generation have no parts."""
    connection.execute(FORGET, (name, generation))
