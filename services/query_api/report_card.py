"""A report card as it was issued, from the act itself: no later policy changes it."""

from datetime import datetime
from typing import Final, cast

from domain.framework.events import CompetencyKind
from domain.kernel.errors import Unknown
from domain.kernel.scores import from_micro
from domain.progression.events import ReportCardIssued, ReportLine
from schemas.registry import decode
from services.query_api.answers import Answer, Connection, Part, rows

ISSUED: Final = """
    SELECT event.data::text AS data, event.type, event.occurred_at, event.meta->'actor'->>'id' AS actor_id,
           act.revoked_at, act.revoked_reason
      FROM ledger.event
      JOIN read_model.official_act AS act ON act.position = event.position
     WHERE act.generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
       AND act.act_id = %(act_id)s AND act.learner_id = %(learner_id)s AND act.kind = 'report_card'
"""


class ReportedLevel(Part):
    """What the card says of one competency: level, value, the mark it is told as, and the evidence behind it."""

    competency_id: str
    level: str | None
    value: str | None
    mark: str | None
    judged: bool
    """Whether a person's judgement holds over the computed level."""
    policy_id: str
    policy_version: str
    score_ids: tuple[str, ...]


class ReportCard(Answer):
    """A standards-based report: levels on objectives, dispositions apart, nothing averaged into one grade."""

    act_id: str
    learner_id: str
    period: str
    comment: str | None
    issued_by: str
    issued_at: datetime
    decided_position: int
    competencies: tuple[ReportedLevel, ...]
    dispositions: tuple[ReportedLevel, ...]
    counts: bool
    revoked_reason: str | None


async def read_report_card(connection: Connection, learner_id: str, act_id: str) -> ReportCard:
    """Return a report card of a learner.

    Raises:
        Unknown: act-unknown.
    """
    found = await rows(connection, ISSUED, {"act_id": act_id, "learner_id": learner_id})
    if not found:
        raise Unknown("act-unknown", f"report card {act_id} is not issued", learner=learner_id)
    row = found[0]
    issued = cast("ReportCardIssued", decode(row["type"], row["data"]))
    apart = CompetencyKind.DISPOSITION
    return ReportCard(
        **issued.model_dump(include={"act_id", "learner_id", "period", "comment", "decided_position"}),
        issued_by=row["actor_id"],
        issued_at=row["occurred_at"],
        competencies=tuple(_reported(line) for line in issued.lines if line.kind is not apart),
        dispositions=tuple(_reported(line) for line in issued.lines if line.kind is apart),
        counts=row["revoked_at"] is None,
        revoked_reason=row["revoked_reason"],
    )


def _reported(line: ReportLine) -> ReportedLevel:
    basis = line.basis
    return ReportedLevel(
        **basis.model_dump(include={"competency_id", "level", "policy_id", "policy_version", "score_ids"}),
        value=None if basis.value_micro is None else from_micro(basis.value_micro),
        mark=line.mark,
        judged=basis.judgement_id is not None,
    )
