"""Feedback: what a learner was told of its work and how soon; and the median of that, by section."""

from datetime import datetime
from typing import Final

from domain.kernel.ids import SectionId
from services.query_api.answers import Answer, Asked, Connection, Page, Part, Time, cursor_of, position_of, rows
from services.query_api.known import Name, require_known

_LIVE: Final = "generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')"
_HOURS: Final = "greatest(extract(epoch FROM given_at - submitted_at), 0) / 3600"
FEEDBACK: Final = f"""
    SELECT position, feedback_id, evidence_id, attempt, text, given_by, given_at, submitted_at,
           round({_HOURS})::int AS hours
      FROM read_model.feedback
     WHERE {_LIVE} AND learner_id = %(learner_id)s AND position < %(before)s
     ORDER BY position DESC
     LIMIT %(limit)s
"""
LATENCY: Final = f"""
    SELECT section_id, count(*)::int AS feedback,
           round(percentile_cont(0.5) WITHIN GROUP (ORDER BY {_HOURS} / 24)::numeric, 1)::text AS median_days,
           round(percentile_cont(0.9) WITHIN GROUP (ORDER BY {_HOURS} / 24)::numeric, 1)::text AS nine_in_ten_days
      FROM read_model.feedback
     WHERE {_LIVE} AND (%(section)s::text IS NULL OR section_id = %(section)s)
       AND submitted_at >= coalesce(%(since)s::timestamptz, '-infinity')
     GROUP BY section_id
     ORDER BY section_id
"""


class Told(Part):
    """What somebody told the learner of an attempt, so many hours after it was submitted."""

    feedback_id: str
    evidence_id: str
    attempt: int
    text: str
    given_by: str
    given_at: datetime
    submitted_at: datetime
    hours: int


class LearnerFeedback(Answer):
    """A page of a learner's feedback; `next` is the cursor of the page after it, absent on the last one."""

    learner_id: str
    feedback: tuple[Told, ...]
    next: str | None


class LatencySearch(Asked):
    """Of which section, and of work submitted since when; absent: all."""

    section: SectionId | None = None
    since: Time | None = None


class SectionLatency(Part):
    """How soon the learners of a section hear of their work: within so many days half, and nine in ten, of the time."""

    section_id: str | None
    feedback: int
    median_days: str
    nine_in_ten_days: str


class FeedbackLatency(Answer):
    """Days from submission to feedback, by section; of work without a section the section is null."""

    sections: tuple[SectionLatency, ...]


async def read_feedback(connection: Connection, learner_id: str, page: Page) -> LearnerFeedback:
    """Return a page of what a learner was told, newest first.

    Raises:
        Invalid: malformed, for a cursor that is not ours.
    """
    before = 2**63 - 1 if page.after is None else position_of(page.after)
    asked = {"learner_id": learner_id, "before": before, "limit": page.limit + 1}
    found = await rows(connection, FEEDBACK, asked)
    shown = found[: page.limit]
    return LearnerFeedback(
        learner_id=learner_id,
        feedback=tuple(Told(**row) for row in shown),
        next=cursor_of(shown[-1]["position"]) if len(found) > page.limit else None,
    )


async def read_latency(connection: Connection, search: LatencySearch) -> FeedbackLatency:
    """Return how soon feedback comes, by section.

    Raises:
        Unknown: not-found, for a section that no learner is in.
    """
    await require_known(connection, Name.SECTION, search.section)
    found = await rows(connection, LATENCY, search.model_dump())
    return FeedbackLatency(sections=tuple(SectionLatency(**row) for row in found))
