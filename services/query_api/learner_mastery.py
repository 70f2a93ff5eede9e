"""A learner's mastery: current levels, or the kernel's for another time, another knowledge or another policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import Field

from domain.kernel.envelope import OccurredAt
from domain.kernel.scores import from_micro
from domain.mastery.cells import Cells, Vocabulary
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.history import only
from domain.mastery.kernel import NO_VALUE, Results, Status, evaluate
from domain.policy.rulings import Ruling, reach_us
from infra.postgres.score_cells import SCORES_IN_FORCE, ScoreRow, cells_in_force
from services.query_api.answers import Answer, Asked, Connection, Part, rows
from services.query_api.rulings import LearnerRulings, read_learner_rulings

CURRENT: Final = """
    SELECT competency_id, framework_id, status, value_micro, level, judged_level, held_level, effective_level,
           counted, scores, latest_occurred_at, policy_id, policy_version
      FROM read_model.current_mastery
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
       AND learner_id = %(learner_id)s
     ORDER BY framework_id, competency_id
"""
JUDGED: Final = """
    SELECT competency_id, judgement_id, level, actor_id, actor_role, reason, occurred_at, expires_on
      FROM read_model.judgement
     WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
       AND learner_id = %(learner_id)s
       AND (%(competency_id)s::text IS NULL OR competency_id = %(competency_id)s)
       AND (%(as_of)s::timestamptz IS NULL OR occurred_at <= %(as_of)s)
       AND (%(known_at)s::timestamptz IS NULL OR recorded_at <= %(known_at)s)
       AND (lifted_at IS NULL OR lifted_at > least(%(as_of)s::timestamptz, %(known_at)s::timestamptz))
     ORDER BY position
"""


class CompetencyMastery(Part):
    """What a policy says of one competency. Values are decimal text.

    `level` is computed, `judged_level` a person's decision, `effective_level` the one that holds. Where a level
    stands that was there before the policy, although it computes a lower one, `held_level` says which.
    """

    competency_id: str
    framework_id: str | None
    status: str
    """no_evidence, insufficient or determined."""
    value: str | None
    level: str | None
    judged_level: str | None
    held_level: str | None = None
    effective_level: str | None
    counted: int
    """Scores that the policy counted, of `scores` in force."""
    scores: int
    latest_occurred_at: datetime | None
    policy_id: str
    policy_version: str


class View(Asked):
    """From where mastery is looked at: what was true at a time, as known at a time, under which policy.

    Absent: now, all that is known, the policies in force.
    """

    as_of: OccurredAt | None = None
    known_at: OccurredAt | None = None
    policy: str | None = Field(None, description="A policy's id (its last revision), or the hash of a version.")


NOW: Final = View()


class LearnerMastery(Answer):
    """A learner's mastery, by framework and competency."""

    learner_id: str
    view: View
    competencies: tuple[CompetencyMastery, ...]


@dataclass(frozen=True, slots=True)
class LearnerCells:
    """A learner's scores in force as cells, one a competency, with the judgements that hold."""

    competency_ids: tuple[str, ...]
    scores: Sequence[ScoreRow]
    judgements: Mapping[str, dict[str, Any]]
    cells: Cells
    vocabulary: Vocabulary

    def scores_of(self, competency_id: str) -> list[ScoreRow]:
        """Return the scores in force of one competency."""
        return [score for score in self.scores if score.competency_id == competency_id]

    def framework_of(self, competency_id: str) -> str | None:
        """Return the framework that a competency was scored in last; None without scores."""
        scores = self.scores_of(competency_id)
        return scores[-1].framework_id if scores else None


async def read_mastery(connection: Connection, learner_id: str, view: View = NOW) -> LearnerMastery:
    """Return a learner's mastery.

    Raises:
        Unknown: policy-unknown.
    """
    if view == NOW:
        competencies = [_current(row) for row in await rows(connection, CURRENT, {"learner_id": learner_id})]
    else:
        rulings = await read_learner_rulings(connection, learner_id, view.policy, view.as_of, view.known_at)
        competencies = _evaluate(await read_cells(connection, learner_id, view), rulings)
    return LearnerMastery(learner_id=learner_id, view=view, competencies=tuple(competencies))


async def read_cells(
    connection: Connection, learner_id: str, view: View, competency_id: str | None = None
) -> LearnerCells:
    """Return the cells of a learner, or one of them."""
    asked = {"learner_id": learner_id, "competency_id": competency_id, **view.model_dump()}
    scores = [ScoreRow(**row) for row in await rows(connection, SCORES_IN_FORCE, asked)]
    judgements = {row["competency_id"]: row for row in await rows(connection, JUDGED, asked)}
    vocabulary = Vocabulary()
    judged = {(learner_id, competency): row["level"] for competency, row in judgements.items()}
    keys, cells = cells_in_force(scores, vocabulary, judged)
    return LearnerCells(tuple(competency for _, competency in keys), scores, judgements, cells, vocabulary)


def _current(row: dict[str, Any]) -> CompetencyMastery:
    value = row.pop("value_micro")
    return CompetencyMastery(**row, value=None if value is None else from_micro(value))


def _evaluate(learner: LearnerCells, rulings: LearnerRulings) -> list[CompetencyMastery]:
    """Return what the kernel makes of each cell, under the policy that decides on it."""
    results: dict[tuple[str, int], tuple[Compiled, Results]] = {}
    found = []
    for cell, competency_id in enumerate(learner.competency_ids):
        ruling = rulings.ruling(learner.framework_of(competency_id), competency_id)
        since_us = reach_us(ruling.terms)
        if (ruling.version, since_us) not in results:
            compiled = compile_policy(ruling.document, learner.vocabulary)
            results[ruling.version, since_us] = compiled, evaluate(reached(learner.cells, since_us), compiled)
        computed = _computed(learner, cell, ruling, results[ruling.version, since_us])
        held = rulings.held(ruling, competency_id, computed.level, learner.scores_of(competency_id))
        if held is not None:
            shown = computed.effective_level if is_judged(computed.judged_level, ruling) else held
            computed = computed.model_copy(update={"held_level": held, "effective_level": shown})
        found.append(computed)
    return sorted(found, key=lambda one: (one.framework_id or "", one.competency_id))


def reached(cells: Cells, since_us: int) -> Cells:
    """Return the cells with the scores that occurred at or after a time."""
    return only(cells, cells.occurred_us >= since_us)


def is_judged(level: str | None, ruling: Ruling) -> bool:
    """Say whether a judged level holds: one that the policy does not have has no effect under it."""
    return level in ruling.document.level_codes


def _computed(learner: LearnerCells, cell: int, ruling: Ruling, outcome: tuple[Compiled, Results]) -> CompetencyMastery:
    compiled, results = outcome
    competency_id, value = learner.competency_ids[cell], int(results.value[cell])
    level, effective = int(results.level[cell]), int(results.effective[cell])
    scores, judgement = learner.scores_of(competency_id), learner.judgements.get(competency_id)
    return CompetencyMastery(
        competency_id=competency_id,
        framework_id=learner.framework_of(competency_id),
        status=Status(results.status[cell]).name.lower(),
        value=None if value == NO_VALUE else from_micro(value),
        level=compiled.levels[level] if level >= 0 else None,
        judged_level=judgement["level"] if judgement else None,
        effective_level=compiled.levels[effective] if effective >= 0 else None,
        counted=int(results.counted[cell]),
        scores=len(scores),
        latest_occurred_at=max((score.occurred_at for score in scores), default=None),
        policy_id=ruling.policy_id,
        policy_version=ruling.version,
    )
