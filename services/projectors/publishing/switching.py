"""What a switch of policies leaves to be written once readers see the new levels: changes, notices, the replay's end.

The switch itself moves a pointer, in a second or less whatever the number of cells. Which changes it made is owed
until the projector's next transaction, and written before any other batch: so from the same levels.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

import psycopg

from services.projectors.generations import Place, partition
from services.projectors.read_model import StoredRow

OWE: Final = """
    INSERT INTO read_model.owed_switch (facts_generation, before_generation, after_generation, position, recorded_at)
    VALUES (%s, %s, %s, %s, %s)
"""
OWES: Final = "SELECT EXISTS (SELECT FROM read_model.owed_switch WHERE facts_generation = %s)"
OWED: Final = """
    DELETE FROM read_model.owed_switch WHERE facts_generation = %s
    RETURNING before_generation, after_generation, position, recorded_at
"""
SIDE_BY_SIDE: Final = "SET LOCAL enable_nestloop = off; SET LOCAL enable_hashjoin = off"
AS_USUAL: Final = "RESET enable_nestloop; RESET enable_hashjoin"
"""Both generations are read in the order of their keys, which is how their rows lie: half the work of looking cells up.
The planner, who has no statistics of levels just made, takes now this, now that."""
_CHANGE: Final = """
    cause_position, learner_id, competency_id, before_level, after_level, policy_version, hold_harmless
"""
_ISSUE: Final = f"""
    INSERT INTO read_model.notice
        (switch_position, learner_id, competency_id, before_level, after_level, policy_version, hold_harmless)
    SELECT {_CHANGE} FROM change WHERE before_level IS DISTINCT FROM after_level
    ORDER BY cause_position, learner_id, competency_id
    ON CONFLICT (switch_position, learner_id, competency_id) DO NOTHING
"""
SETTLE: Final = f"""
    WITH change AS (
        INSERT INTO {{changes}} (generation, learner_id, competency_id, before_level, after_level, before_value_micro,
            after_value_micro, cause, cause_position, policy_version, changed_at, hold_harmless, held_level)
        SELECT %(facts)s, learner_id, competency_id, before.effective_level, after.effective_level,
            before.value_micro, after.value_micro, 'policy', %(position)s, after.policy_version,
            %(recorded_at)s, after.hold_harmless, after.held_level
        FROM {{after}} AS after
        LEFT JOIN (SELECT * FROM {{before}} WHERE generation = %(before)s) AS before USING (learner_id, competency_id)
        WHERE after.generation = %(after)s
            AND (before.effective_level, before.value_micro, coalesce(before.status, 'no_evidence'))
            IS DISTINCT FROM (after.effective_level, after.value_micro, after.status)
        RETURNING {_CHANGE}
    ) {_ISSUE}
"""
"""A cell that was not there before is made of others now; one that is there no longer is the projector's to tell of."""
ISSUE_OF_LEARNERS: Final = f"""
    WITH change AS (
        SELECT {_CHANGE} FROM read_model.mastery_change
        WHERE generation = %s AND learner_id = ANY(%s) AND cause = 'policy' AND cause_position >= %s
    ) {_ISSUE}
"""
DONE: Final = """
    UPDATE read_model.replay SET state = 'done', switch_position = %(position)s, generation = %(generation)s,
        updated_at = clock_timestamp(), finished_at = clock_timestamp()
    WHERE finished_at IS NULL AND policy_id = %(data)s::json->>'policy_id' AND version = %(data)s::json->>'version'
"""


class Owed(NamedTuple):
    """A switch from the levels of one generation to those of another, by the event at a position."""

    before: int
    after: int
    position: int
    recorded_at: datetime


def owe(connection: psycopg.Connection[Any], before: Place, after: Place, row: StoredRow) -> None:
    """Note that the changes between the levels of two generations are to be written, and that the replay is done."""
    numbers = (before.facts_generation, before.generation, after.generation, row.position, row.recorded_at)
    connection.execute(OWE, numbers)
    values = {"position": row.position, "generation": after.generation, "data": row.data}
    if row.type == "policy.activated.v1":
        connection.execute(DONE, values)


def owes(connection: psycopg.Connection[Any], facts_generation: int) -> bool:
    """Say whether the changes of a switch are still to be written."""
    return connection.execute(OWES, (facts_generation,)).fetchone() == (True,)


def take(connection: psycopg.Connection[Any], facts_generation: int) -> Owed | None:
    """Return the switch whose changes are still to be written; who takes it writes them in the same transaction."""
    row = connection.execute(OWED, (facts_generation,)).fetchone()
    return None if row is None else Owed(*row)


def settle(connection: psycopg.Connection[Any], facts_generation: int, owed: Owed) -> None:
    """Write the changes of cells that are there after a switch, and a notice of each level that it changed."""
    names = {
        "changes": partition("mastery_change", facts_generation),
        "before": partition("current_mastery", owed.before),
        "after": partition("current_mastery", owed.after),
    }
    values = {"facts": facts_generation, **owed._asdict()}
    connection.execute(SIDE_BY_SIDE)
    connection.execute(SETTLE.format(**names).encode(), values)
    connection.execute(AS_USUAL)


def issue_missed(
    connection: psycopg.Connection[Any], facts_generation: int, learners: Iterable[str | None], since: int = 0
) -> None:
    """Issue the notices of changes that were written without any, from a position on."""
    connection.execute(ISSUE_OF_LEARNERS, (facts_generation, [*learners], since))
