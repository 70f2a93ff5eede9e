"""Official acts in the read model `learner_profile`: what was asked for, given, settled and revoked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, assert_never

from domain.progression.events import (
    AdvancementDeclined,
    AdvancementGranted,
    AdvancementRequested,
    Basis,
    CreditAwarded,
    CreditRevoked,
    ProgressionEvent,
    ReportCardIssued,
    ReviewOutcome,
    ReviewSettled,
)

COLUMNS: Final[Mapping[str, str]] = {
    "advancement_request": "learner_id, occurred_at, recorded_at, act_id, competency_id, requested_by",
    "official_act": """learner_id, occurred_at, recorded_at, act_id, kind, actor_id, competency_ids, levels,
        policy_versions, level, policy_version, given_position, title, credits_micro""",
}
"""Table -> the columns after generation and position, in the order in which rows are made."""
AMENDMENTS: Final[Mapping[str, str]] = {
    "answered": """
        UPDATE read_model.advancement_request AS request
           SET answered_position = done.position, answer = done.answer, answered_by = done.actor_id,
               answer_reason = done.reason
          FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
               AS done (position, learner_id, act_id, answer, actor_id, reason)
         WHERE request.generation = %s AND request.learner_id = done.learner_id AND request.act_id = done.act_id
    """,
    "settled": """
        UPDATE read_model.official_act AS act SET settled_position = done.settled
          FROM (SELECT learner_id, act_id, max(settled) AS settled
                  FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS one (learner_id, act_id, settled)
                 GROUP BY learner_id, act_id) AS done
         WHERE act.generation = %s AND act.learner_id = done.learner_id AND act.act_id = done.act_id
    """,
    "revoked": """
        UPDATE read_model.official_act AS act
           SET revoked_position = done.position, revoked_at = done.occurred_at, revoked_by = done.actor_id,
               revoked_reason = done.reason
          FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[])
               AS done (position, learner_id, act_id, occurred_at, actor_id, reason)
         WHERE act.generation = %s AND act.learner_id = done.learner_id AND act.act_id = done.act_id
    """,
}
"""What is changed of rows -> the statement; its parameters are columns of rows, then the generation."""

Row = tuple[Any, ...]


def rows(event: ProgressionEvent, start: Row, actor_id: str, reason: str | None) -> Iterator[tuple[str, Row]]:
    """Yield the rows and amendments of an event; `start` is position, learner and both times."""
    position, learner_id, occurred_at, _ = start
    revoked = position, learner_id, event.act_id, occurred_at, actor_id, reason
    match event:
        case AdvancementRequested():
            yield "advancement_request", (*start, event.act_id, event.competency_id, actor_id)
        case AdvancementGranted():
            yield "answered", (position, learner_id, event.act_id, "granted", actor_id, reason)
            act = event.act_id, "advancement", actor_id
            yield "official_act", (*start, *act, *_resting_on([event.basis]), event.decided_position, None, None)
        case AdvancementDeclined():
            yield "answered", (position, learner_id, event.act_id, "declined", actor_id, reason)
        case CreditAwarded():
            act = event.act_id, "credit", actor_id
            told = event.decided_position, event.title, event.credits_micro
            yield "official_act", (*start, *act, *_resting_on(event.bases), *told)
        case CreditRevoked():
            yield "revoked", revoked
        case ReportCardIssued():
            bases = _resting_on([line.basis.model_copy(update={"mastered_level": None}) for line in event.lines])
            act = event.act_id, "report_card", actor_id
            yield "official_act", (*start, *act, *bases, event.decided_position, event.period, None)
        case ReviewSettled():
            yield "settled", (learner_id, event.act_id, max(event.cause_positions))
            if event.outcome is ReviewOutcome.REVOKED:
                yield "revoked", revoked
        case _:
            assert_never(event)


def _resting_on(bases: Sequence[Basis]) -> Row:
    """Return competencies, their levels and policy versions, and the mastered level and version that all share."""
    mastered = {basis.mastered_level for basis in bases}
    versions = {basis.policy_version for basis in bases}
    return (
        [basis.competency_id for basis in bases],
        [basis.level for basis in bases],
        [basis.policy_version for basis in bases],
        mastered.pop() if len(mastered) == 1 else None,
        versions.pop() if len(versions) == 1 else None,
    )
