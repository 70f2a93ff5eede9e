"""A learner's official acts: advancement, credit and report cards, what each rests on, and whether it still counts."""

from datetime import datetime
from typing import Any, Final

from domain.kernel.scores import from_micro
from services.query_api.answers import Answer, Connection, Part, rows

ACTS: Final = """
    SELECT position, act_id, kind, learner_id, title, credits_micro, competency_ids, levels, policy_versions,
           actor_id AS given_by, occurred_at AS given_at, given_position,
           CASE WHEN is_revoked THEN revoked_at END AS revoked_at,
           CASE WHEN is_revoked THEN revoked_by END AS revoked_by,
           CASE WHEN is_revoked THEN revoked_reason END AS revoked_reason
      FROM read_model.official_act
     CROSS JOIN LATERAL (SELECT revoked_at <= coalesce(%(as_of)s::timestamptz, 'infinity') AS is_revoked) AS by_then
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
       AND (%(learner_id)s::text IS NULL OR learner_id = %(learner_id)s)
       AND (%(act_ids)s::text[] IS NULL OR act_id = ANY(%(act_ids)s::text[]))
       AND occurred_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
     ORDER BY position
"""
REQUESTS: Final = """
    SELECT act_id, competency_id, requested_by, occurred_at AS requested_at, answer, answered_by, answer_reason
      FROM read_model.advancement_request
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
       AND learner_id = %(learner_id)s AND occurred_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
     ORDER BY position
"""


class RestsOn(Part):
    """What an act rests on for one competency: its level then, and the policy that said so."""

    competency_id: str
    level: str | None
    policy_version: str


class OfficialAct(Part):
    """An act as it was given; it counts unless it was revoked."""

    act_id: str
    kind: str
    """advancement, credit or report_card."""
    learner_id: str
    title: str | None
    """Of a credit; the period of a report card."""
    credits: str | None
    rests_on: tuple[RestsOn, ...]
    decided_position: int
    given_by: str
    given_at: datetime
    counts: bool
    revoked_at: datetime | None
    revoked_by: str | None
    revoked_reason: str | None


class AdvancementRequest(Part):
    """What was asked for: waiting, granted or declined."""

    act_id: str
    competency_id: str
    state: str
    requested_by: str
    requested_at: datetime
    answered_by: str | None
    answer_reason: str | None


class LearnerCredits(Answer):
    """All official acts of a learner, in the order in which they were given, and what was asked for."""

    learner_id: str
    as_of: datetime | None
    credits: str
    """The sum of the credits that count."""
    acts: tuple[OfficialAct, ...]
    requests: tuple[AdvancementRequest, ...]


async def read_credits(connection: Connection, learner_id: str, as_of: datetime | None = None) -> LearnerCredits:
    """Return a learner's official acts and requests; `as_of` looks at those made by then, and how acts stood then."""
    found = await rows(connection, ACTS, {"learner_id": learner_id, "act_ids": None, "as_of": as_of})
    requests = await rows(connection, REQUESTS, {"learner_id": learner_id, "as_of": as_of})
    earned = sum(row["credits_micro"] or 0 for row in found if row["revoked_at"] is None)
    return LearnerCredits(
        learner_id=learner_id,
        as_of=as_of,
        credits=from_micro(earned),
        acts=tuple(_act(row) for row in found),
        requests=tuple(AdvancementRequest(**row, state=row.pop("answer") or "waiting") for row in requests),
    )


async def read_acts(connection: Connection, act_ids: list[str]) -> dict[str, OfficialAct]:
    """Return official acts by id."""
    found = await rows(connection, ACTS, {"learner_id": None, "act_ids": act_ids, "as_of": None})
    return {row["act_id"]: _act(row) for row in found}


def _act(row: dict[str, Any]) -> OfficialAct:
    resting = zip(row["competency_ids"], row["levels"], row["policy_versions"], strict=True)
    names = ("competency_id", "level", "policy_version")
    plain = {key: row[key] for key in OfficialAct.model_fields if key in row}
    return OfficialAct(
        **plain,
        credits=None if row["credits_micro"] is None else from_micro(row["credits_micro"]),
        rests_on=tuple(RestsOn(**dict(zip(names, one, strict=True))) for one in resting),
        decided_position=row["given_position"],
        counts=row["revoked_at"] is None,
    )
