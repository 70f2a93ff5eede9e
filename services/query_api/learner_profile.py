"""A learner's profile: who, where, what was noted (its age and source), goals, and progress; now or as of a time."""

from datetime import datetime
from typing import Final

from services.query_api.answers import Answer, Connection, Part, rows
from services.query_api.learner_goals import Goal, read_goals

_LIVE: Final = "generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')"
IDENTITY: Final = f"""
    SELECT (SELECT display_name
              FROM read_model.learner
             WHERE {_LIVE} AND learner_id = %(learner_id)s
             ORDER BY position DESC
             LIMIT 1) AS display_name,
           (SELECT subgroups
              FROM read_model.learner_subgroups
             WHERE {_LIVE} AND learner_id = %(learner_id)s
               AND occurred_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
             ORDER BY occurred_at DESC, position DESC
             LIMIT 1) AS subgroups
"""
ENROLMENTS: Final = f"""
    SELECT enrolment_id, section_id, school_id, grade, opened_at,
           CASE WHEN closed_at <= coalesce(%(as_of)s::timestamptz, 'infinity') THEN closed_at END AS closed_at
      FROM read_model.enrolment
     WHERE {_LIVE} AND learner_id = %(learner_id)s
       AND opened_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
     ORDER BY opened_at, position
"""
ENTRIES: Final = f"""
    SELECT entry_id, kind, area, text, noted_by, noted_by_role, source_system, noted_at,
           greatest(extract(day FROM least(retired_at, %(as_of)s, now()) - noted_at), 0)::int AS age_days,
           retired_at, retired_by, retired_reason
      FROM read_model.profile_entry
     WHERE {_LIVE} AND learner_id = %(learner_id)s
       AND noted_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
     ORDER BY kind, noted_at, position
"""
PROGRESS: Final = f"""
    SELECT coalesce(sum(evidence), 0)::int AS evidence, coalesce(sum(scores), 0)::int AS scores,
           coalesce(sum(amendments), 0)::int AS amendments, coalesce(sum(plans), 0)::int AS plans,
           count(*)::int AS active_days, max(last_occurred_at) AS last_occurred_at,
           (extract(epoch FROM coalesce(%(as_of)s::timestamptz, now()) - max(last_occurred_at)))::int
               AS freshness_seconds
      FROM read_model.learner_day
     WHERE {_LIVE} AND learner_id = %(learner_id)s
       AND day <= coalesce(%(as_of)s::timestamptz, 'infinity') AT TIME ZONE 'UTC'
"""


class Enrolment(Part):
    """Where the learner learns or learned."""

    enrolment_id: str
    section_id: str
    school_id: str
    grade: str | None
    opened_at: datetime
    closed_at: datetime | None


class Entry(Part):
    """What somebody noted about the learner: its age in days, its source, and who retired it when and why."""

    entry_id: str
    kind: str
    area: str | None
    text: str
    noted_by: str
    noted_by_role: str
    source_system: str | None
    noted_at: datetime
    age_days: int
    """Until it was retired, else until the time asked for."""
    retired_at: datetime | None
    retired_by: str | None
    retired_reason: str | None

    def held_at(self, time: datetime | None) -> bool:
        """Say whether the entry held at a time; None: whether it holds."""
        return self.retired_at is None or (time is not None and self.retired_at > time)


class Progress(Part):
    """What is on record of the learner's work, by the day, and how long ago the latest of it occurred."""

    evidence: int
    scores: int
    amendments: int
    """Corrections, voids, withdrawals and judgements."""
    plans: int
    """Acts on goals, pathways and the profile."""
    active_days: int
    last_occurred_at: datetime | None
    freshness_seconds: int | None


class LearnerProfile(Answer):
    """A learner's profile."""

    learner_id: str
    as_of: datetime | None
    display_name: str | None
    subgroups: tuple[str, ...]
    enrolments: tuple[Enrolment, ...]
    entries: tuple[Entry, ...]
    """Those that hold."""
    retired: tuple[Entry, ...]
    goals: tuple[Goal, ...]
    progress: Progress


async def read_profile(connection: Connection, learner_id: str, as_of: datetime | None = None) -> LearnerProfile:
    """Return a learner's profile; `as_of` looks at what had occurred by then, progress at whole days (UTC)."""
    values = {"learner_id": learner_id, "as_of": as_of}
    (identity,) = await rows(connection, IDENTITY, values)
    (progress,) = await rows(connection, PROGRESS, values)
    entries = [Entry(**row) for row in await rows(connection, ENTRIES, values)]
    return LearnerProfile(
        learner_id=learner_id,
        as_of=as_of,
        display_name=identity["display_name"],
        subgroups=identity["subgroups"] or (),
        enrolments=tuple(Enrolment(**row) for row in await rows(connection, ENROLMENTS, values)),
        entries=tuple(entry for entry in entries if entry.held_at(as_of)),
        retired=tuple(entry for entry in entries if not entry.held_at(as_of)),
        goals=(await read_goals(connection, learner_id, as_of)).goals,
        progress=Progress(**progress),
    )
