"""What a learner is given to master something: running now, or as of a time, and what is over."""

from datetime import datetime
from typing import Final

from services.query_api.answers import Answer, Connection, Part, rows

SUPPORTS: Final = """
    SELECT support_id, kind, text, competency_id, because_kind, because_ref, because_text, started_by, started_at,
           CASE WHEN is_over THEN ended_at END AS ended_at, CASE WHEN is_over THEN ended_by END AS ended_by,
           CASE WHEN is_over THEN ended_reason END AS ended_reason
      FROM read_model.support
     CROSS JOIN LATERAL (SELECT ended_at <= coalesce(%(as_of)s::timestamptz, 'infinity') AS is_over) AS by_now
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
       AND learner_id = %(learner_id)s AND started_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
     ORDER BY started_at, position
"""


class Support(Part):
    """A support, because of what it was begun, by whom, and why it was ended."""

    support_id: str
    kind: str
    text: str | None
    competency_id: str | None
    because_kind: str
    because_ref: str | None
    because_text: str | None
    started_by: str
    started_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None


class LearnerSupports(Answer):
    """A learner's supports, in the order in which they began."""

    learner_id: str
    as_of: datetime | None
    running: tuple[Support, ...]
    ended: tuple[Support, ...]


async def read_supports(connection: Connection, learner_id: str, as_of: datetime | None = None) -> LearnerSupports:
    """Return a learner's supports; `as_of` looks at what had occurred by then."""
    found = await rows(connection, SUPPORTS, {"learner_id": learner_id, "as_of": as_of})
    supports = [Support(**row) for row in found]
    return LearnerSupports(
        learner_id=learner_id,
        as_of=as_of,
        running=tuple(one for one in supports if one.ended_at is None),
        ended=tuple(one for one in supports if one.ended_at is not None),
    )
