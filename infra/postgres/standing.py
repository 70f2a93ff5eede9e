"""Where a learner stands, read from current mastery in one statement: what official acts are decided on and shown by.

The levels are the projector's own, so an act rests on what everybody sees; they are exact once the projector has
come to the learner's last event and to the last policy switch.
"""

from collections.abc import Collection, Iterable
from typing import Any, Final

import orjson
import psycopg
from psycopg.rows import tuple_row

from domain.kernel.ids import CompetencyId, JudgementId, LearnerId, LevelCode, PolicyId, PolicyVersion, ScoreId
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.events import SWITCHES
from domain.policy.rulings import BUILT_IN
from domain.progression.events import Basis
from domain.progression.standing import Standing, Stood

Connection = psycopg.AsyncConnection[Any]

STANDINGS: Final = """
    SELECT live.position, mastery.competency_id, mastery.policy_id, mastery.policy_version, mastery.effective_level,
           mastery.value_micro, mastery.evidence_digest,
           (SELECT judgement_id FROM read_model.judgement
             WHERE generation = live.facts_generation AND judgement.learner_id = mastery.learner_id
               AND judgement.competency_id = mastery.competency_id AND lifted_position IS NULL
             ORDER BY position DESC LIMIT 1),
           ARRAY(SELECT score_id FROM read_model.score
                  WHERE generation = live.facts_generation AND score.learner_id = mastery.learner_id
                    AND score.competency_id = mastery.competency_id AND ended_position IS NULL
                  ORDER BY given_position)
      FROM read_model.live
      LEFT JOIN read_model.current_mastery AS mastery
        ON mastery.generation = live.generation AND mastery.learner_id = %(learner_id)s
           AND (%(competency_ids)s::text[] IS NULL OR mastery.competency_id = ANY(%(competency_ids)s::text[]))
     WHERE live.projector = 'mastery'
     ORDER BY mastery.competency_id
"""
DOCUMENTS: Final = """
    SELECT DISTINCT ON (data->>'version') data->>'version', data->>'document'
      FROM ledger.event
     WHERE learner_id IS NULL AND type = 'policy.drafted.v1' AND data->>'version' = ANY(%(versions)s::text[])
"""
NEEDED: Final = """
    SELECT greatest(
               coalesce((SELECT max(position) FROM ledger.event WHERE learner_id = %(learner_id)s), 0),
               coalesce((SELECT max(position) FROM ledger.event
                          WHERE learner_id IS NULL AND type = ANY(%(switches)s)), 0)),
           coalesce((SELECT min(position) FROM read_model.live WHERE projector IN ('mastery', 'learner_profile')
                    HAVING count(*) = 2), -1),
           EXISTS (SELECT FROM read_model.parked JOIN read_model.live
                     ON live.projector = parked.projector AND live.facts_generation = parked.generation
                    WHERE parked.projector = 'mastery' AND parked.learner_id = %(learner_id)s)
"""


async def read_standing(
    connection: Connection, learner_id: LearnerId, competency_ids: Collection[CompetencyId] | None = None
) -> Stood:
    """Return where a learner stands in some competencies, or in all with evidence."""
    asked = {"learner_id": learner_id, "competency_ids": None if competency_ids is None else list(competency_ids)}
    rows = await _select(connection, STANDINGS, asked)
    found = [row for row in rows if row[1] is not None]
    policies = await read_documents(connection, {row[3] for row in found})
    standings = {CompetencyId(row[1]): _standing(row, policies[row[3]]) for row in found}
    return Stood(learner_id, rows[0][0] if rows else 0, standings)


async def read_documents(connection: Connection, versions: Iterable[str]) -> dict[str, PolicyDocument]:
    """Return policy documents by version, the built-in one too."""
    rows = await _select(connection, DOCUMENTS, {"versions": sorted(versions)})
    drafted = {version: parse_policy(orjson.loads(document)) for version, document in rows}
    return {BUILT_IN.version: BUILT_IN.document, **drafted}


async def is_caught_up(connection: Connection, learner_id: LearnerId) -> bool:
    """Say whether levels and acts of a learner are those after the last event that bears on them.

    They never are while the learner is parked.
    """
    ((needed, reached, is_parked),) = await _select(
        connection, NEEDED, {"learner_id": learner_id, "switches": list(SWITCHES)}
    )
    return bool(reached >= needed and not is_parked)


def _standing(row: tuple[Any, ...], policy: PolicyDocument) -> Standing:
    _, competency_id, policy_id, version, level, value, digest, judgement_id, score_ids = row
    basis = Basis(
        competency_id=CompetencyId(competency_id),
        policy_id=PolicyId(policy_id),
        policy_version=PolicyVersion(version),
        level=level and LevelCode(level),
        mastered_level=policy.mastered_level,
        value_micro=value,
        judgement_id=judgement_id and JudgementId(judgement_id),
        score_ids=tuple(map(ScoreId, score_ids)),
        evidence_digest=f"{digest % 2**64:016x}",
    )
    return Standing(basis, policy)


async def _select(connection: Connection, query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query.encode(), values)
        return await cursor.fetchall()
