"""Supports and feedback in the read model `learner_profile`."""

from collections.abc import Mapping
from typing import Any, Final

from domain.evidence.events import FeedbackGiven
from domain.support.events import SupportEnded, SupportStarted

COLUMNS: Final[Mapping[str, str]] = {
    "support": """learner_id, started_at, recorded_at, support_id, kind, text, competency_id, because_kind, because_ref,
        because_text, started_by""",
}
AMENDMENTS: Final[Mapping[str, str]] = {
    "ended_support": """
        UPDATE read_model.support
           SET ended_position = done.position, ended_at = done.occurred_at, ended_by = done.actor_id,
               ended_reason = done.reason
          FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[])
               AS done (position, learner_id, support_id, occurred_at, actor_id, reason)
         WHERE support.generation = %s AND support.learner_id = done.learner_id
           AND support.support_id = done.support_id
    """,
    "feedback": """
        INSERT INTO read_model.feedback (generation, position, feedback_id, learner_id, evidence_id, attempt, text,
            given_by, given_at, section_id, submitted_at)
        SELECT one.generation, given.*, submission.section_id, submission.submitted_at
          FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::int[], %s::text[], %s::text[],
                   %s::timestamptz[])
               AS given (position, feedback_id, learner_id, evidence_id, attempt, text, given_by, given_at)
         CROSS JOIN (SELECT %s::int AS generation) AS one
         CROSS JOIN LATERAL (
               SELECT min(data->>'section_id') AS section_id, max(occurred_at) AS submitted_at
                 FROM ledger.event
                WHERE event.stream = 'evidence-' || given.evidence_id AND event.position < given.position
                  AND event.type IN ('evidence.submitted.v1', 'evidence.resubmitted.v1')) AS submission
    """,
}
"""What is changed or found in the log beside the rows -> the statement; parameters as in `official_acts`."""


def row(
    event: SupportStarted | SupportEnded | FeedbackGiven, start: tuple[Any, ...], actor_id: str, reason: str | None
) -> tuple[str, tuple[Any, ...]]:
    """Return the row or amendment of an event; `start` is position, learner and both times."""
    position, learner_id, occurred_at, _ = start
    match event:
        case SupportStarted():
            because = event.because.kind, event.because.ref, event.because.text
            about = event.support_id, event.kind, event.text, event.competency_id
            return "support", (*start, *about, *because, actor_id)
        case SupportEnded():
            return "ended_support", (position, learner_id, event.support_id, occurred_at, actor_id, reason)
        case FeedbackGiven():
            said = event.feedback_id, learner_id, event.evidence_id, event.attempt, event.text
            return "feedback", (position, *said, actor_id, occurred_at)
