"""Why a learner is at a level: the kernel's own account of one cell, with the scores' names, and in words."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final

from pydantic import Field

from domain.kernel.ids import CompetencyId
from domain.mastery.explanation import ExplainedClause, ExplainedEntry, Explanation
from domain.policy.words.catalogue import Language
from services.query_api.answers import Answer, Connection, Part, Time, rows
from services.query_api.levels.around_level import PartExplained, PrerequisiteExplained, explained
from services.query_api.levels.changed_words import changed_in_words
from services.query_api.levels.learner_cells import View
from services.query_api.levels.learner_levels import CellLevel
from services.query_api.levels.next_step import next_step, next_step_of_score
from services.query_api.levels.one_level import read_level, read_target
from services.query_api.levels.plain_words import Stands, in_words
from services.query_api.levels.rulings import Kept, LearnerRulings
from services.query_api.levels.what_changed import WhatChanged, read_what_changed, require_now

NAMES: Final = """
    SELECT given_position, score_id, revision, evidence_id, attempt, assessor_id
      FROM read_model.score
     WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
       AND learner_id = %(learner_id)s AND competency_id = %(competency_id)s
       AND (%(known_at)s::timestamptz IS NULL OR recorded_at <= %(known_at)s)
     ORDER BY revision
"""


class CellView(View):
    """From where one cell is looked at."""

    competency: CompetencyId
    lang: Language = Language.ENGLISH
    since: Time | None = Field(None, description="Also say what changed since the ledger was as at this time.")


class ScoreExplained(ExplainedEntry):
    """One score of the cell, and whose it is."""

    score_id: str
    revision: int
    evidence_id: str
    attempt: int
    assessor_id: str
    next_step: str
    """What may be done after it: do its task again where that can replace it, and what is still needed."""


class JudgementExplained(Part):
    """The person's decision that holds over the computed level."""

    judgement_id: str
    level: str
    actor_id: str
    actor_role: str
    reason: str | None
    occurred_at: datetime
    expires_on: date | None = None
    """The last day on which it holds; null: until it is lifted."""


class MasteryExplained(Answer):
    """Why a learner is at a level of a competency. Values are decimal text."""

    learner_id: str
    competency_id: str
    framework_id: str
    statement: str
    view: CellView
    in_words: str
    policy_id: str
    policy: str
    """The policy's name."""
    version: str
    status: str
    """no_evidence, insufficient, determined or out_of_bounds."""
    value: str | None
    level: str | None
    """Computed."""
    judged: str | None
    effective: str | None
    """The judged level where one holds, else the one that is kept, else the computed one."""
    kept: Kept | None
    """The level from before the policy, where it stands although the policy computes a lower one."""
    judgement: JudgementExplained | None
    next_level: str | None
    missing: str | None
    """What the value lacks to the next level."""
    next_step: str
    """What is still needed to the next level, from the policy's own clauses."""
    mark: str | None = None
    """The letter or percentage that the policy tells the value as."""
    capped: bool
    """Whether unmet requirements hold the level down."""
    parts: tuple[PartExplained, ...] = ()
    """The competencies that it is made of; then `weight_sum` is of their weights, and no score counts here."""
    prerequisites: tuple[PrerequisiteExplained, ...] = ()
    expired: int = 0
    """Scores that count no more because their time is over."""
    valid_until: datetime | None = None
    """When time alone may change this next; null: it does not."""
    clauses: tuple[ExplainedClause, ...]
    changed: WhatChanged | None = None
    """What changed since a time, if that was asked."""
    changed_in_words: str | None = None
    weight_sum: int
    entries: tuple[ScoreExplained, ...]


async def read_explanation(connection: Connection, learner_id: str, view: CellView) -> MasteryExplained:
    """Explain a learner's level of one competency.

    Raises:
        Invalid: malformed, for `since` with another time or policy.
        Unknown: competency-unknown, if no framework holds the competency; policy-unknown.
    """
    if view.since is not None:
        require_now(View.model_validate(view.model_dump(include={*View.model_fields})))
    target = await read_target(connection, view.competency)
    level, learner, rulings = await read_level(connection, learner_id, target, view)
    explanation, around = explained(level, learner.scores_of(view.competency))
    kept = _kept(level, rulings)
    asked = {"learner_id": learner_id, "competency_id": view.competency, "known_at": view.known_at}
    judgement = learner.judgements.get(view.competency)
    changed = await read_what_changed(connection, learner_id, target, view.since, level) if view.since else None
    step = next_step(explanation, around, view.lang)
    stands = Stands(kept.level, kept.hold_harmless, kept.since) if kept else None
    return MasteryExplained(
        learner_id=learner_id,
        **target._asdict(),
        view=view,
        in_words=in_words(learner_id, target.statement, explanation, judgement, view.lang, kept=stands, around=around),
        policy_id=level.ruling.policy_id,
        kept=kept,
        **explanation.model_dump(exclude={"entries"}),
        **around._asdict(),
        judgement=JudgementExplained(**judgement) if judgement else None,
        changed=changed,
        changed_in_words=changed_in_words(changed, view.lang) if changed else None,
        next_step=step,
        entries=_entries(
            explanation,
            await rows(connection, NAMES, asked),
            lambda entry: next_step_of_score(entry, level.ruling.document, step, view.lang),
        ),
    )


def _kept(level: CellLevel, rulings: LearnerRulings) -> Kept | None:
    """Return what stands from before the policy that decides, if something does."""
    ruling = level.ruling
    if level.held is None:
        return None
    since = rulings.begun[ruling.since]
    return Kept(level=level.held, hold_harmless=ruling.hold_harmless, position=ruling.since, since=since)


def _entries(
    explanation: Explanation, names: list[dict[str, Any]], step: Callable[[ExplainedEntry], str]
) -> tuple[ScoreExplained, ...]:
    """Return the entries in clock order; a corrected score's position is that of its first revision."""
    of = {name.pop("given_position"): name for name in names}
    entries = sorted(explanation.entries, key=lambda entry: (entry.occurred_us or 0, entry.position))
    return tuple(ScoreExplained(**entry.model_dump(), **of[entry.position], next_step=step(entry)) for entry in entries)
