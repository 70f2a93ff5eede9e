"""What a learner is ready to advance from: mastered under the policy in force, and not advanced from yet."""

from typing import Any, Final

from domain.kernel.ids import LearnerId
from domain.kernel.scores import from_micro
from domain.progression.standing import Standing
from infra.postgres.standing import read_standing
from services.query_api.answers import Answer, Connection, Part, rows

ADVANCED: Final = """
    SELECT unnest(competency_ids) AS competency_id, act_id, 'advanced' AS state
      FROM read_model.official_act
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
       AND learner_id = %(learner_id)s AND kind = 'advancement' AND revoked_position IS NULL
     UNION ALL
    SELECT competency_id, act_id, 'requested'
      FROM read_model.advancement_request
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
       AND learner_id = %(learner_id)s AND answer IS NULL
     ORDER BY competency_id, state DESC
"""


class Mastered(Part):
    """A competency that is mastered: ready, requested (it waits for an answer) or advanced."""

    competency_id: str
    state: str
    act_id: str | None
    level: str | None
    mastered_level: str | None
    value: str | None
    policy_id: str
    policy_version: str


class ReadyToAdvance(Answer):
    """What a learner has mastered; `ready` says whether there is something to advance from now."""

    learner_id: str
    ready: bool
    mastered: tuple[Mastered, ...]


async def read_ready(connection: Connection, learner_id: LearnerId) -> ReadyToAdvance:
    """Return what a learner is ready to advance from."""
    stood = await read_standing(connection, learner_id)
    acts = {row["competency_id"]: row for row in await rows(connection, ADVANCED, {"learner_id": learner_id})}
    mastered = tuple(
        _mastered(one, acts.get(one.basis.competency_id)) for one in stood.standings.values() if one.is_mastered
    )
    return ReadyToAdvance(learner_id=learner_id, ready=any(one.state == "ready" for one in mastered), mastered=mastered)


def _mastered(standing: Standing, act: dict[str, Any] | None) -> Mastered:
    basis = standing.basis
    return Mastered(
        **basis.model_dump(include={"competency_id", "level", "mastered_level", "policy_id", "policy_version"}),
        state=act["state"] if act else "ready",
        act_id=act["act_id"] if act else None,
        value=None if basis.value_micro is None else from_micro(basis.value_micro),
    )
