"""A learner's mastery: current levels, or the kernel's for another time, another knowledge or another policy."""

from datetime import datetime
from typing import Any, Final

from domain.kernel.scores import from_micro
from domain.mastery.rollup import mark_of
from services.query_api.answers import Answer, Connection, Part, rows
from services.query_api.levels.learner_cells import NOW, View, read_cells
from services.query_api.levels.learner_levels import CellLevel, LearnerLevels, read_homes, read_now_us
from services.query_api.levels.rulings import read_learner_rulings

__all__ = ["NOW", "CompetencyMastery", "LearnerMastery", "View", "read_mastery"]

CURRENT: Final = """
    SELECT competency_id, framework_id, status, value_micro, level, judged_level, held_level, effective_level,
           counted, scores, latest_occurred_at, policy_id, policy_version, valid_until
      FROM read_model.current_mastery
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
       AND learner_id = %(learner_id)s
     ORDER BY framework_id, competency_id
"""
ASKS_FOR_MORE: Final = """
    SELECT EXISTS (
        SELECT FROM ledger.event
         WHERE type = 'policy.drafted.v1' AND learner_id IS NULL
           AND (data->'document'->'convert' IS NOT NULL OR data->'document'->'validity' IS NOT NULL
                OR data->'document'->'combine'->>'op' = 'durable@1')
    ) AS asks
"""
"""Whether a policy was ever drafted under which the stored levels are not the whole answer: marks, and time."""


class CompetencyMastery(Part):
    """What a policy says of one competency. Values are decimal text.

    `level` is computed, `judged_level` a person's decision, `effective_level` the one that holds. Where a level
    stands that was there before the policy, although it computes a lower one, `held_level` says which.
    """

    competency_id: str
    framework_id: str | None
    status: str
    """no_evidence, insufficient, determined or out_of_bounds."""
    value: str | None
    level: str | None
    judged_level: str | None
    held_level: str | None = None
    effective_level: str | None
    mark: str | None = None
    """The letter or percentage that the policy tells the value as."""
    counted: int
    """Scores that the policy counted, of `scores` in force; of a competency that is made of others, its parts."""
    scores: int
    expired: int = 0
    """Scores that count no more because their time is over."""
    valid_until: datetime | None = None
    """When time alone may change this next; null: it does not."""
    latest_occurred_at: datetime | None
    policy_id: str
    policy_version: str


class LearnerMastery(Answer):
    """A learner's mastery, by framework and competency."""

    learner_id: str
    view: View
    competencies: tuple[CompetencyMastery, ...]


async def read_mastery(connection: Connection, learner_id: str, view: View = NOW) -> LearnerMastery:
    """Return a learner's mastery.

    Raises:
        Unknown: policy-unknown.
    """
    if view == NOW and not (await rows(connection, ASKS_FOR_MORE, {}))[0]["asks"]:
        competencies = [_current(row) for row in await rows(connection, CURRENT, {"learner_id": learner_id})]
    else:
        competencies = await _work_out(connection, learner_id, view)
    return LearnerMastery(learner_id=learner_id, view=view, competencies=tuple(competencies))


async def _work_out(connection: Connection, learner_id: str, view: View) -> list[CompetencyMastery]:
    learner = await read_cells(connection, learner_id, view)
    rulings = await read_learner_rulings(connection, learner_id, view.policy, view.as_of, view.known_at)
    homes = await read_homes(connection, learner, rulings)
    levels = LearnerLevels(learner, rulings, homes, await read_now_us(connection, view))
    own = {one: len(learner.scores_of(one)) for one in learner.competency_ids}
    found = [_told(one, level, own.get(one, 0)) for one, level in levels.every().items()]
    return sorted(found, key=lambda one: (one.framework_id or "", one.competency_id))


def _current(row: dict[str, Any]) -> CompetencyMastery:
    value = row.pop("value_micro")
    return CompetencyMastery(**row, value=None if value is None else from_micro(value))


def _told(competency_id: str, level: CellLevel, scores: int) -> CompetencyMastery:
    return CompetencyMastery(
        competency_id=competency_id,
        framework_id=level.framework_id,
        status=level.status,
        value=None if level.value is None else from_micro(level.value),
        level=level.level,
        judged_level=level.judged,
        held_level=level.held,
        effective_level=level.effective,
        mark=None if level.value is None else mark_of(level.ruling.document, level.value),
        counted=int(level.results.counted[0]),
        scores=scores,
        expired=level.expired,
        valid_until=level.valid_until,
        latest_occurred_at=max((score.occurred_at for score in level.scores), default=None),
        policy_id=level.ruling.policy_id,
        policy_version=level.ruling.version,
    )
