"""What a learner is ready to advance from: mastered under the policy in force, and not advanced from yet."""

from domain.kernel.ids import LearnerId
from domain.kernel.scores import from_micro
from domain.progression.standing import Advancement, Standing
from infra.postgres.standing import read_standing
from services.query_api.answers import Answer, Connection, Part


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
    mastered = tuple(_mastered(one, stood.advanced.get(key)) for key, one in stood.standings.items() if one.is_mastered)
    return ReadyToAdvance(learner_id=learner_id, ready=any(one.state == "ready" for one in mastered), mastered=mastered)


def _mastered(standing: Standing, advancement: Advancement | None) -> Mastered:
    basis = standing.basis
    state = "ready" if advancement is None else "requested" if advancement.waits else "advanced"
    return Mastered(
        **basis.model_dump(include={"competency_id", "level", "mastered_level", "policy_id", "policy_version"}),
        state=state,
        act_id=advancement.act_id if advancement else None,
        value=None if basis.value_micro is None else from_micro(basis.value_micro),
    )
