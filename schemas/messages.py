"""The messages of the stream that are no events: what the read models say now, for topics that keep the latest."""

from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.kernel.ids import CompetencyId, FrameworkId, LearnerId, LevelCode, PolicyId, PolicyVersion
from domain.kernel.privacy import Plain


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class MasteryNow(_Message):
    """What the policies in force say of a cell now; value in micro-units, level null where none is reached.

    A tombstone (no value) says that nothing is known of the cell any more.
    """

    learner_id: LearnerId
    competency_id: CompetencyId
    framework_id: FrameworkId | None
    value_micro: Plain[int | None]
    level: LevelCode | None
    judged_level: LevelCode | None
    effective_level: LevelCode | None
    status: Plain[str]
    scores: Plain[int]
    policy_id: PolicyId
    policy_version: PolicyVersion
    position: Plain[int]


class ParkedNow(_Message):
    """An event that a projector can't digest, and so the learner waits there; a tombstone says that it is resolved."""

    projector: Plain[str]
    position: Plain[int]
    learner_id: LearnerId | None
    type: Plain[str]
    since: Plain[AwareDatetime]


MESSAGES: Final[dict[str, type[BaseModel]]] = {"mastery.now": MasteryNow, "parked.now": ParkedNow}
"""Name -> form, of every message of the stream that is no event."""


def message_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a message."""
    return MESSAGES[name].model_json_schema(mode="serialization") | {"$id": f"urn:mastery-ledger:message:{name}"}
