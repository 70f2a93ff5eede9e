"""The table of replays: how far the levels of each publication are made. To go on after a kill, and to watch."""

from datetime import datetime
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.rows import class_row

from domain.mastery.digest import Digest
from domain.policy.events import PolicyPublished

FIND: Final = """
    SELECT position, state, upon, generation, facts_generation, at_position, last_learner, is_computed, is_verified,
        digest, digest_touched_then, digest_touched_now
    FROM read_model.replay WHERE position = %s
"""
BEGIN: Final = """
    INSERT INTO read_model.replay (position, policy_id, version, state, upon, generation, facts_generation, at_position,
        cells, digest, digest_simulated, effective_from, is_computed)
    VALUES (%(position)s, %(policy_id)s, %(version)s, 'computing', %(upon)s, %(generation)s, %(facts_generation)s,
        %(at_position)s, %(cells)s, %(digest)s, %(digest_simulated)s, %(effective_from)s, false)
    ON CONFLICT (position) DO UPDATE SET state = 'computing', upon = excluded.upon, generation = excluded.generation,
        facts_generation = excluded.facts_generation, at_position = excluded.at_position, cells = excluded.cells,
        cells_done = 0, digest = excluded.digest, digest_touched_then = excluded.digest,
        digest_touched_now = excluded.digest, last_learner = NULL, is_computed = false, is_verified = false,
        started_at = clock_timestamp(), computed_at = NULL, updated_at = clock_timestamp()
"""
ADVANCE: Final = """
    UPDATE read_model.replay SET cells_done = cells_done + %s, last_learner = %s, digest = %s,
        digest_touched_then = %s, digest_touched_now = %s, updated_at = clock_timestamp()
    WHERE position = %s
"""
COMPUTED: Final = """
    UPDATE read_model.replay SET is_computed = true, cells = cells_done, computed_at = clock_timestamp(),
        updated_at = clock_timestamp()
    WHERE position = %s
"""
VERIFIED: Final = "UPDATE read_model.replay SET is_verified = true, updated_at = clock_timestamp() WHERE position = %s"
ENTER: Final = """
    UPDATE read_model.replay SET state = %(state)s, updated_at = clock_timestamp()
    WHERE position = %(position)s AND state <> %(state)s AND finished_at IS NULL
"""
END: Final = """
    UPDATE read_model.replay SET state = %s, fault = %s, updated_at = clock_timestamp(),
        finished_at = clock_timestamp()
    WHERE position = %s AND finished_at IS NULL
"""
UNFINISHED: Final = "SELECT position FROM read_model.replay WHERE finished_at IS NULL ORDER BY position"


class Delta(NamedTuple):
    """What ties the levels made to those simulated, so far.

    `made`: of all levels, at the position at which they are made; of those of the learners who were touched since the
    simulation `then`, as they were at its position, and `now`, as they were made.
    """

    made: Digest = Digest()
    then: Digest = Digest()
    now: Digest = Digest()

    @property
    def simulated(self) -> Digest:
        """What the simulation must have come to."""
        return self.made - self.now + self.then

    def __add__(self, other: object) -> "Delta":
        """Return the delta of the cells of both."""
        if not isinstance(other, Delta):
            return NotImplemented
        return Delta(self.made + other.made, self.then + other.then, self.now + other.now)


class Row(NamedTuple):
    """A replay that was begun: `position` is that of its publication, `digest` that of the levels made so far."""

    position: int
    state: str
    upon: int
    generation: int
    facts_generation: int
    at_position: int
    last_learner: str | None
    is_computed: bool
    is_verified: bool
    digest: str
    digest_touched_then: str
    digest_touched_now: str

    @property
    def delta(self) -> Delta:
        """What ties the levels made so far to those simulated."""
        return Delta(*map(Digest.of, (self.digest, self.digest_touched_then, self.digest_touched_now)))


class Begun(NamedTuple):
    """What a replay begins with."""

    position: int
    published: PolicyPublished
    upon: int
    generation: int
    facts_generation: int
    at_position: int
    cells: int
    digest_simulated: str | None


def find(connection: psycopg.Connection[Any], position: int) -> Row | None:
    """Return the replay of the publication at a position, if it was begun."""
    return connection.cursor(row_factory=class_row(Row)).execute(FIND, (position,)).fetchone()


def begin(connection: psycopg.Connection[Any], begun: Begun) -> None:
    """Note that a replay begins, or begins anew."""
    published = begun.published
    values: dict[str, int | str | datetime | None] = {
        "position": begun.position,
        "policy_id": published.policy_id,
        "version": published.version,
        "upon": begun.upon,
        "generation": begun.generation,
        "facts_generation": begun.facts_generation,
        "at_position": begun.at_position,
        "cells": begun.cells,
        "digest": Digest().text,
        "digest_simulated": begun.digest_simulated,
        "effective_from": published.effective_from,
    }
    connection.execute(BEGIN, values)


def advance(connection: psycopg.Connection[Any], position: int, cells: int, last_learner: str, delta: Delta) -> None:
    """Note that the levels of so many more cells are made: of all learners up to one."""
    connection.execute(ADVANCE, (cells, last_learner, *(one.text for one in delta), position))


def computed(connection: psycopg.Connection[Any], position: int) -> None:
    """Note that all levels are made."""
    connection.execute(COMPUTED, (position,))


def verified(connection: psycopg.Connection[Any], position: int) -> None:
    """Note that the levels are those that were simulated."""
    connection.execute(VERIFIED, (position,))


def enter(connection: psycopg.Connection[Any], position: int, state: str) -> None:
    """Show what a replay is at."""
    connection.execute(ENTER, {"state": state, "position": position})


def end(connection: psycopg.Connection[Any], position: int, state: str, fault: str | None = None) -> None:
    """Note how a replay ended, unless that is noted."""
    connection.execute(END, (state, fault, position))


def unfinished(connection: psycopg.Connection[Any]) -> list[int]:
    """Return the publications whose replay was begun and has no end."""
    return [position for (position,) in connection.execute(UNFINISHED).fetchall()]
