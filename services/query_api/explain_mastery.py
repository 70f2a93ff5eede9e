"""Why a learner is at a level: the kernel's own account of one cell, with the scores' names, and in words."""

from datetime import date, datetime
from typing import Any, Final

from domain.kernel.errors import Unknown
from domain.kernel.ids import CompetencyId
from domain.kernel.scores import from_micro
from domain.mastery.cells import Cells, cells_of
from domain.mastery.compile import compile_policy
from domain.mastery.explanation import ExplainedClause, ExplainedEntry, Explanation, explain
from domain.policy.rulings import Ruling, reach_us
from domain.policy.words.catalogue import Language
from infra.postgres.score_cells import ScoreRow, microseconds
from services.query_api.answers import Answer, Connection, Part, rows
from services.query_api.learner_mastery import LearnerCells, View, is_judged, reached, read_cells
from services.query_api.plain_words import in_words
from services.query_api.rulings import Kept, LearnerRulings, read_learner_rulings

COMPETENCY: Final = """
    SELECT competency->>'competency_id' AS competency_id, event.data->>'framework_id' AS framework_id,
           competency->>'statement' AS statement
      FROM ledger.event, json_array_elements(event.data->'competencies') AS competency
     WHERE event.learner_id IS NULL AND event.type = 'framework.published.v1'
       AND competency->>'competency_id' = %(competency_id)s
     ORDER BY event.position DESC
     LIMIT 1
"""
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


class ScoreExplained(ExplainedEntry):
    """One score of the cell, and whose it is."""

    score_id: str
    revision: int
    evidence_id: str
    attempt: int
    assessor_id: str


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
    """no_evidence, insufficient or determined."""
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
    capped: bool
    """Whether unmet requirements hold the level down."""
    clauses: tuple[ExplainedClause, ...]
    weight_sum: int
    entries: tuple[ScoreExplained, ...]


async def read_explanation(connection: Connection, learner_id: str, view: CellView) -> MasteryExplained:
    """Explain a learner's level of one competency.

    Raises:
        Unknown: not-found, if no framework holds the competency; policy-unknown.
    """
    competency_id = view.competency
    held = await rows(connection, COMPETENCY, {"competency_id": competency_id})
    if not held:
        raise Unknown("not-found", f"competency {competency_id} is in no published framework")
    learner = await read_cells(connection, learner_id, view, competency_id)
    rulings = await read_learner_rulings(connection, learner_id, view.policy, view.as_of, view.known_at)
    ruling = rulings.ruling(learner.framework_of(competency_id) or held[0]["framework_id"], competency_id)
    explanation, kept = _explain(learner, ruling, rulings)
    asked = {"learner_id": learner_id, "competency_id": competency_id, "known_at": view.known_at}
    judgement = learner.judgements.get(competency_id)
    return MasteryExplained(
        learner_id=learner_id,
        **held[0],
        view=view,
        in_words=in_words(learner_id, held[0]["statement"], explanation, judgement, view.lang, kept=kept),
        policy_id=ruling.policy_id,
        kept=kept,
        **explanation.model_dump(exclude={"entries"}),
        judgement=JudgementExplained(**judgement) if judgement else None,
        entries=_entries(explanation, await rows(connection, NAMES, asked)),
    )


def _explain(learner: LearnerCells, ruling: Ruling, rulings: LearnerRulings) -> tuple[Explanation, Kept | None]:
    """Explain the cell under the policy that decides on it: what it reaches, and what it leaves standing."""
    since_us, scores = reach_us(ruling.terms), learner.scores
    compiled = compile_policy(ruling.document, learner.vocabulary)
    explanation = explain(reached(_cell(learner), since_us), 0, compiled)
    unreached = tuple(_unreached(score) for score in scores if microseconds(score.occurred_at) < since_us)
    told = explanation.model_copy(update={"entries": (*explanation.entries, *unreached)})
    competency_id = learner.competency_ids[0] if learner.competency_ids else ""
    level = rulings.held(ruling, competency_id, explanation.level, scores)
    if level is None:
        return told, None
    if not is_judged(explanation.judged, ruling):
        told = told.model_copy(update={"effective": level})
    terms = ruling.hold_harmless
    return told, Kept(level=level, hold_harmless=terms, position=ruling.since, since=rulings.begun[ruling.since])


def _unreached(score: ScoreRow) -> ExplainedEntry:
    return ExplainedEntry(
        position=score.given_position,
        kind=score.kind,
        role=score.assessor_role,
        task=score.task,
        occurred_us=microseconds(score.occurred_at),
        recorded_us=microseconds(score.given_at),
        value=from_micro(score.value_micro),
        possible=from_micro(score.possible_micro),
        counted_as=None,
        weight=0,
        share="0",
        dropped_because="before-the-reach",
    )


def _cell(learner: LearnerCells) -> Cells:
    """Return the one cell; an empty one if there is neither a score nor a judgement."""
    return learner.cells if len(learner.cells) else cells_of([[]])


def _entries(explanation: Explanation, names: list[dict[str, Any]]) -> tuple[ScoreExplained, ...]:
    """Return the entries in clock order; a corrected score's position is that of its first revision."""
    of = {name.pop("given_position"): name for name in names}
    entries = sorted(explanation.entries, key=lambda entry: (entry.occurred_us or 0, entry.position))
    return tuple(ScoreExplained(**entry.model_dump(), **of[entry.position]) for entry in entries)
