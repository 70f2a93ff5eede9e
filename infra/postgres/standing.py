"""Where a learner stands, read from current mastery in one statement: what official acts are decided on and shown by.

The levels are the projector's own, so an act rests on what everybody sees; they are exact once the projector has
come to the learner's last event and to the last policy switch.
"""

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from domain.kernel.ids import CompetencyId, JudgementId, LearnerId, LevelCode, PolicyId, PolicyVersion, ScoreId
from domain.policy.document import PolicyDocument
from domain.policy.events import SWITCHES
from domain.progression.events import Basis
from domain.progression.standing import Advancement, Standing, Stood
from infra.postgres.evidence_below import Ruled, read_below
from infra.postgres.policy_documents import read_documents
from infra.postgres.tuples import Connection, select

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
ADVANCED: Final = """
    SELECT live.position, advanced.competency_id, advanced.act_id, advanced.waits
      FROM read_model.live
      LEFT JOIN LATERAL (
           SELECT competency_id, act_id, true AS waits
             FROM read_model.advancement_request
            WHERE generation = live.generation AND learner_id = %(learner_id)s AND answer IS NULL
            UNION ALL
           SELECT unnest(competency_ids), act_id, false
             FROM read_model.official_act
            WHERE generation = live.generation AND learner_id = %(learner_id)s AND kind = 'advancement'
              AND revoked_position IS NULL) AS advanced ON true
     WHERE live.projector = 'learner_profile'
     ORDER BY advanced.waits DESC
"""
"""Advancements that wait for an answer, then those that count."""
CREDITED: Final = """
    SELECT title, act_id
      FROM read_model.official_act
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
       AND learner_id = %(learner_id)s AND kind = 'credit' AND revoked_position IS NULL
     ORDER BY position
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


class _Cell(NamedTuple):
    """A row of `STANDINGS`, and the document of the policy that decides."""

    competency_id: CompetencyId
    policy_id: PolicyId
    version: PolicyVersion
    level: LevelCode | None
    value_micro: int | None
    digest: int
    judgement_id: JudgementId | None
    score_ids: tuple[ScoreId, ...]
    policy: PolicyDocument

    @property
    def ruled(self) -> Ruled:
        """What decides on it, and its own scores."""
        return Ruled(self.policy_id, self.version, self.policy, self.score_ids)


async def read_standing(
    connection: Connection, learner_id: LearnerId, competency_ids: Collection[CompetencyId] | None = None
) -> Stood:
    """Return where a learner stands in some competencies, or in all with evidence."""
    asked = {"learner_id": learner_id, "competency_ids": None if competency_ids is None else list(competency_ids)}
    position, found = await _read_cells(connection, asked)
    if any(cell.policy.rollup is not None for cell in found):
        _, every = await _read_cells(connection, asked | {"competency_ids": None})
        below = await read_below(connection, {one.competency_id: one.ruled for one in every}, position)
        found = [cell._replace(score_ids=below.scores_of(cell.competency_id)) for cell in found]
    acts_position, advanced = await _read_advanced(connection, learner_id)
    credited = dict(await select(connection, CREDITED, {"learner_id": learner_id}))
    standings = {one.competency_id: _standing(one) for one in found}
    return Stood(learner_id, position, standings, acts_position, advanced, credited)


async def is_caught_up(connection: Connection, learner_id: LearnerId) -> bool:
    """Say whether levels and acts of a learner are those after the last event that bears on them.

    They never are while the learner is parked.
    """
    ((needed, reached, is_parked),) = await select(
        connection, NEEDED, {"learner_id": learner_id, "switches": list(SWITCHES)}
    )
    return bool(reached >= needed and not is_parked)


async def _read_cells(connection: Connection, asked: dict[str, Any]) -> tuple[int, list[_Cell]]:
    """Return how far the levels are, and cells of a learner."""
    rows = await select(connection, STANDINGS, asked)
    found = [row[1:] for row in rows if row[1] is not None]
    policies = await read_documents(connection, {row[2] for row in found})
    return rows[0][0] if rows else 0, [_Cell._make((*row[:-1], tuple(row[-1]), policies[row[2]])) for row in found]


async def _read_advanced(connection: Connection, learner_id: LearnerId) -> tuple[int, dict[CompetencyId, Advancement]]:
    """Return how far the acts are, and a learner's advancement from each competency; of several one that counts."""
    rows = await select(connection, ADVANCED, {"learner_id": learner_id})
    found = {row[1]: Advancement(*row[2:]) for row in rows if row[1] is not None}
    return rows[0][0] if rows else 0, found


def _standing(cell: _Cell) -> Standing:
    basis = Basis(
        competency_id=cell.competency_id,
        policy_id=cell.policy_id,
        policy_version=cell.version,
        level=cell.level,
        mastered_level=cell.policy.mastered_level,
        value_micro=cell.value_micro,
        judgement_id=cell.judgement_id,
        score_ids=cell.score_ids,
        evidence_digest=f"{cell.digest % 2**64:016x}",
    )
    return Standing(basis, cell.policy)
