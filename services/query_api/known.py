"""What a question names is on record, or the question is refused: an answer of nothing would read as a fact."""

from enum import Enum
from typing import Final

from domain.kernel.errors import Invalid, Unknown
from domain.mastery.impact import NO_LEVEL
from domain.policy.rulings import BUILT_IN
from schemas.registry import EVENTS, UPCASTERS
from services.query_api.answers import Connection, rows

LEARNER: Final = "SELECT FROM ledger.event WHERE learner_id = %(name)s LIMIT 1"
FRAMEWORK: Final = "SELECT FROM ledger.event WHERE stream = 'framework-' || %(name)s LIMIT 1"
COMPETENCY: Final = """
    SELECT FROM ledger.event
     WHERE learner_id IS NULL AND type = 'framework.published.v1'
       AND EXISTS (SELECT FROM json_array_elements(data->'competencies') AS competency
                    WHERE competency->>'competency_id' = %(name)s)
     LIMIT 1
"""
PLACE: Final = """
    SELECT FROM read_model.learner_place
     WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
       AND {column} = %(name)s
     UNION ALL
    SELECT FROM ledger.event
     WHERE position > coalesce((SELECT position FROM read_model.live WHERE projector = 'mastery'), 0)
       AND type = 'enrolment.opened.v1' AND data->>'{column}' = %(name)s
     UNION ALL
    SELECT FROM ledger.event
     WHERE learner_id IS NULL AND type = 'policy.drafted.v1' AND data->>'{column}' = %(name)s
     LIMIT 1
"""
"""Somebody learnt there, also if no projector has seen it yet, or a policy has been drafted for it."""
SECTION: Final = """
    SELECT FROM read_model.enrolment
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
       AND section_id = %(name)s
     UNION ALL
    SELECT FROM read_model.feedback
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
       AND section_id = %(name)s
     LIMIT 1
"""
LEVEL: Final = """
    SELECT FROM ledger.event
     WHERE learner_id IS NULL AND type = 'policy.drafted.v1'
       AND EXISTS (SELECT FROM json_array_elements(data->'document'->'levels') AS level
                    WHERE level->>'code' = %(name)s)
     UNION ALL
    SELECT WHERE %(name)s = ANY(%(built_in)s)
     LIMIT 1
"""
"""A policy has it, or it is what the ledger names by itself: a level of the built-in policy, or no level."""
BUILT_IN_LEVELS: Final = [NO_LEVEL, *BUILT_IN.document.level_codes]
SUBGROUP: Final = """
    SELECT FROM read_model.learner_subgroups
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
       AND EXISTS (SELECT FROM unnest(subgroups) AS subgroup WHERE split_part(subgroup, ':', 1) = %(name)s)
     LIMIT 1
"""


class Name(Enum):
    """What a name may be of: the query that finds it, the rule and the fault where there is none."""

    LEARNER = LEARNER, "learner-unknown", "no event is about learner {}"
    FRAMEWORK = FRAMEWORK, "framework-unknown", "framework {} is not published"
    COMPETENCY = COMPETENCY, "competency-unknown", "competency {} is in no published framework"
    SCHOOL = PLACE.format(column="school_id"), "not-found", "no learner, and no policy, is at school {}"
    COURSE = PLACE.format(column="course_id"), "not-found", "no learner, and no policy, is in course {}"
    SECTION = SECTION, "not-found", "no learner is in section {}"
    LEVEL = LEVEL, "level-unknown", "no policy has level {}"
    SUBGROUPS = SUBGROUP, "not-found", "no learner is in a subgroup of kind {}"


async def require_known(connection: Connection, of: Name, name: str | None) -> None:
    """Refuse a name that nothing on record has; None names nothing.

    Raises:
        Unknown: the rule of what it would name.
    """
    query, rule, fault = of.value
    if name is not None and not await rows(connection, query, {"name": name, "built_in": BUILT_IN_LEVELS}):
        raise Unknown(rule, fault.format(name))


def require_type(name: str | None) -> None:
    """Refuse a type that no event has.

    Raises:
        Invalid: malformed.
    """
    if name is not None and name not in EVENTS and name not in UPCASTERS:
        raise Invalid("malformed", f"type {name} is of no event", field="type")
