"""The card of a target: what it says, what each level takes, how far a learner is, and what is still needed."""

from typing import Final

from domain.framework.events import Competency
from domain.kernel.ids import CompetencyId
from domain.kernel.scores import from_micro, to_micro
from domain.policy.words.catalogue import Language, say
from services.query_api.answers import Answer, Connection, Part, rows
from services.query_api.learner_goals import Goal, read_goals
from services.query_api.levels.around_level import explained
from services.query_api.levels.learner_cells import NOW
from services.query_api.levels.learner_levels import CellLevel
from services.query_api.levels.next_step import next_step
from services.query_api.levels.one_level import read_level, read_target

TARGET: Final = """
    SELECT competency
      FROM ledger.event, json_array_elements(event.data->'competencies') AS competency
     WHERE event.learner_id IS NULL AND event.type = 'framework.published.v1'
       AND competency->>'competency_id' = %(competency_id)s
     ORDER BY event.position DESC
     LIMIT 1
"""


class TargetLevel(Part):
    """A level, and what it takes. `distance` is what the value lacks to the cut; null without a value."""

    code: str
    at: str
    in_words: str
    reached: bool
    distance: str | None


class TargetCard(Answer):
    """A target as a learner and a family read it. Values are decimal text; levels from the lowest up."""

    learner_id: str
    framework_id: str
    target: Competency
    """The statement, and where the framework tells: what the learner can do then, by what one sees it, what for."""
    policy_id: str
    policy: str
    version: str
    level: str | None
    """The level that holds."""
    value: str | None
    levels: tuple[TargetLevel, ...]
    mastered: str | None
    """The level from which on the learner may move on."""
    next_level: str | None
    missing: str | None
    next_step: str
    goals: tuple[Goal, ...]
    """The learner's goals that name this target."""


async def read_target_card(
    connection: Connection, learner_id: str, competency_id: CompetencyId, language: Language
) -> TargetCard:
    """Return the card of a target for a learner.

    Raises:
        Unknown: competency-unknown, if no framework holds the competency.
    """
    target = await read_target(connection, competency_id)
    (row,) = await rows(connection, TARGET, {"competency_id": competency_id})
    level, learner, _ = await read_level(connection, learner_id, target, NOW)
    told, around = explained(level, learner.scores_of(competency_id))
    document = level.ruling.document
    goals = (await read_goals(connection, learner_id)).goals
    return TargetCard(
        learner_id=learner_id,
        framework_id=target.framework_id,
        target=Competency.model_validate(row["competency"]),
        policy_id=level.ruling.policy_id,
        policy=told.policy,
        version=told.version,
        level=told.effective,
        value=told.value,
        levels=_levels(level, language),
        mastered=document.mastered_level,
        next_level=told.next_level,
        missing=told.missing,
        next_step=next_step(told, around, language),
        goals=tuple(goal for goal in goals if competency_id in goal.competency_ids),
    )


def _levels(level: CellLevel, language: Language) -> tuple[TargetLevel, ...]:
    codes = level.compiled.levels
    top = max((at for at, code in enumerate(codes) if code == level.effective), default=-1)
    told = []
    for cut in sorted(level.ruling.document.levels, key=lambda one: to_micro(one.at)):
        lacks = None if level.value is None else from_micro(max(0, to_micro(cut.at) - level.value))
        words = say(language, "levels.level", code=cut.code, at=cut.at)
        reached = codes.index(cut.code) <= top
        told.append(TargetLevel(code=cut.code, at=cut.at, in_words=words, reached=reached, distance=lacks))
    return tuple(told)
