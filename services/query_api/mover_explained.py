"""Why a cell is where it is, and where a draft would put it: both explained as the ledger stood at a position."""

from datetime import UTC, datetime, time
from typing import Any, Final, NamedTuple

from domain.kernel.ids import CompetencyId
from domain.kernel.times import microseconds
from domain.mastery.cells import NO_TIME, Vocabulary
from domain.mastery.explanation import Explanation
from domain.policy.document import PolicyDocument
from domain.policy.events import ScopedPolicy
from domain.policy.relations import is_related
from domain.policy.rulings import Seat
from domain.policy.timeline import Timeline
from domain.policy.words.catalogue import Language
from infra.postgres.score_cells import SCORE_COLUMNS, ScoreRow, cells_in_force
from services.query_api.answers import Connection, Part, rows
from services.query_api.levels.around_level import PartExplained, PrerequisiteExplained, explained
from services.query_api.levels.learner_cells import LearnerCells
from services.query_api.levels.learner_levels import LearnerLevels, read_homes
from services.query_api.levels.one_level import COMPETENCY
from services.query_api.levels.plain_words import Stands, in_words
from services.query_api.levels.rulings import FIRST, LearnerRulings, timeline_after
from services.query_api.policies import read_policy_facts

SCORES_AT: Final = f"""
    SELECT {SCORE_COLUMNS}
      FROM read_model.score
     WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
       AND learner_id = %(learner_id)s AND (%(only)s::text IS NULL OR competency_id = %(only)s)
       AND position <= %(at_position)s AND (ended_position IS NULL OR ended_position > %(at_position)s)
     ORDER BY learner_id, competency_id, given_position
"""
JUDGED_AT: Final = """
    SELECT competency_id, level, actor_id, actor_role, reason, occurred_at
      FROM read_model.judgement
     WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
       AND learner_id = %(learner_id)s AND (%(only)s::text IS NULL OR competency_id = %(only)s)
       AND position <= %(at_position)s AND (lifted_position IS NULL OR lifted_position > %(at_position)s)
"""
SEATS_AT: Final = """
    SELECT school_id, course_id
      FROM read_model.learner_place
     WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
       AND learner_id = %(learner_id)s AND position <= %(at_position)s
       AND (closed_position IS NULL OR closed_position > %(at_position)s)
     ORDER BY opened_at DESC, enrolment_id DESC
"""
DAY_AT: Final = """
    SELECT max((data->>'day')::date) AS day
      FROM ledger.event
     WHERE type = 'calendar.day_begun.v1' AND learner_id IS NULL AND position <= %(at_position)s
"""


class Because(Part):
    """Why a cell is at a level under one policy set, as data and as a paragraph."""

    statement: str
    """Of the competency."""
    in_words: str
    kept: bool
    """Whether the level is one of earlier, which the terms of a publication let stand over the computed one."""
    explanation: Explanation
    parts: tuple[PartExplained, ...]
    """The competencies that it is made of; then no score of its own counts."""
    prerequisites: tuple[PrerequisiteExplained, ...]


class Cell(NamedTuple):
    """A cell, the position at which it is looked at, and its levels there: now, and with the draft."""

    learner_id: str
    competency_id: str
    at_position: int
    before_level: str | None
    after_level: str | None


class Drafted(NamedTuple):
    """What is tried: where and on which terms it would decide, what it says, and what it locks."""

    scoped: ScopedPolicy
    document: PolicyDocument
    locked: tuple[str, ...]


async def explain_cell(
    connection: Connection, cell: Cell, draft: Drafted, language: Language, name: str | None = None
) -> tuple[Because, Because]:
    """Return why a cell is at its level, and why a draft would put it at another, as all stood at a position.

    `name` stands for the learner in the words, which then name nobody else either.
    """
    facts = [fact for fact in await read_policy_facts(connection) if fact.position <= cell.at_position]
    timeline = await timeline_after(connection, facts)
    timelines = (timeline, timeline.with_draft(cell.at_position, *draft))
    every = [one.document for each in timelines for one in each.at(cell.at_position).rulings.all]
    asked = {**cell._asdict(), "only": None if any(map(is_related, every)) else cell.competency_id}
    learner = await _read_cells(connection, asked)
    (day,) = await rows(connection, DAY_AT, asked)
    now_us = NO_TIME if day["day"] is None else microseconds(datetime.combine(day["day"], time(), UTC))
    statement = next((row["statement"] for row in await rows(connection, COMPETENCY, asked)), cell.competency_id)
    told = []
    for each, level in zip(timelines, (cell.before_level, cell.after_level), strict=True):
        rulings = await _read_rulings(connection, each, asked)
        levels = LearnerLevels(learner, rulings, await read_homes(connection, learner, rulings), now_us)
        told.append(_because(learner, levels, (cell, level, name, statement), language))
    return told[0], told[1]


def _because(
    learner: LearnerCells, levels: LearnerLevels, what: tuple[Cell, str | None, str | None, str], language: Language
) -> Because:
    cell, effective, name, statement = what
    level = levels.of(CompetencyId(cell.competency_id))
    assert level is not None, "it is worked out"
    found, around = explained(level, learner.scores_of(cell.competency_id))
    told = found.model_copy(update={"effective": effective})
    judgement = learner.judgements.get(cell.competency_id)
    kept = None
    if effective is not None and effective != found.effective and level.ruling.keeps_levels:
        kept = Stands(effective, level.ruling.hold_harmless)
    whose, is_unnamed = name or cell.learner_id, name is not None
    words = in_words(whose, statement, told, judgement, language, kept=kept, around=around, unnamed=is_unnamed)
    return Because(
        statement=statement,
        in_words=words,
        kept=kept is not None,
        explanation=told,
        parts=around.parts,
        prerequisites=around.prerequisites,
    )


async def _read_cells(connection: Connection, asked: dict[str, Any]) -> LearnerCells:
    """Return a learner's cells as they stood at a position."""
    scores = [ScoreRow(**row) for row in await rows(connection, SCORES_AT, asked)]
    judgements = {row["competency_id"]: row for row in await rows(connection, JUDGED_AT, asked)}
    vocabulary = Vocabulary()
    judged = {(asked["learner_id"], competency): row["level"] for competency, row in judgements.items()}
    keys, cells = cells_in_force(scores, vocabulary, judged)
    return LearnerCells(tuple(competency for _, competency in keys), scores, judgements, cells, vocabulary)


async def _read_rulings(connection: Connection, timeline: Timeline, asked: dict[str, Any]) -> LearnerRulings:
    """Return what decides on a learner's cells at a position of a timeline, but for levels of before that stand."""
    position = asked["at_position"]
    rulings = timeline.at(position).rulings
    seats = [Seat(**row) for row in await rows(connection, SEATS_AT, asked)] if rulings.schools_and_courses else []
    first = (await rows(connection, FIRST, asked))[0]["position"] if rulings.new_since else None
    trees = [one.tree for one in timeline.editions if one.position <= position]
    return LearnerRulings(rulings, seats, first, {}, (), {}, trees[-1] if trees else {})
