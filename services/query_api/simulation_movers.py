"""Who would move under a draft: page by page, as one file, and each with the reasons before and after."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from pydantic import Field

from domain.kernel.errors import Unknown
from domain.kernel.ids import CompetencyId, LearnerId, SimulationId
from domain.kernel.scores import from_micro
from domain.mastery.cells import Vocabulary, cells_of
from domain.mastery.compile import compile_policy
from domain.mastery.explanation import Explanation, explain
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.events import Terms
from domain.policy.rulings import reach_us
from domain.policy.words.catalogue import Language
from infra.postgres.score_cells import SCORE_COLUMNS, ScoreRow, cells_in_force
from services.query_api.answers import Answer, Connection, Page, Part, cell_of, cursor_after, rows
from services.query_api.learner_cells import reached
from services.query_api.one_level import COMPETENCY
from services.query_api.plain_words import in_words
from services.query_api.simulations import level_of, read_simulation

COLUMNS: Final = """
    learner_id, competency_id, framework_id, school_id, before_level, after_level, before_value_micro,
    after_value_micro, before_version, after_version
"""
MOVERS: Final = f"""
    SELECT {COLUMNS}
      FROM read_model.simulation_mover
     WHERE simulation_id = %(simulation_id)s AND (learner_id, competency_id) > (%(learner)s, %(competency)s)
       AND (NOT %(has_before)s OR before_level IS NOT DISTINCT FROM %(before)s)
       AND (NOT %(has_after)s OR after_level IS NOT DISTINCT FROM %(after)s)
       AND (%(school)s::text IS NULL OR school_id = %(school)s)
     ORDER BY learner_id, competency_id
     LIMIT %(limit)s
"""
MOVER: Final = f"""
    SELECT {COLUMNS}
      FROM read_model.simulation_mover
     WHERE simulation_id = %(simulation_id)s AND learner_id = %(learner_id)s AND competency_id = %(competency_id)s
"""
SCORES_AT: Final = f"""
    SELECT {SCORE_COLUMNS}
      FROM read_model.score
     WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
       AND learner_id = %(learner_id)s AND competency_id = %(competency_id)s AND position <= %(at_position)s
       AND (ended_position IS NULL OR ended_position > %(at_position)s)
     ORDER BY given_position
"""
JUDGED_AT: Final = """
    SELECT level, actor_id, actor_role, reason, occurred_at
      FROM read_model.judgement
     WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
       AND learner_id = %(learner_id)s AND competency_id = %(competency_id)s AND position <= %(at_position)s
       AND (lifted_position IS NULL OR lifted_position > %(at_position)s)
"""
POLICIES: Final = "SELECT policies FROM read_model.simulation WHERE simulation_id = %(simulation_id)s"
LINES_AT_ONCE: Final = 5_000


class Search(Page):
    """Which movers: from a level, to a level (`none` is none), at a school."""

    before: str | None = None
    to: str | None = Field(None, alias="after_level")
    school: str | None = None


class Mover(Part):
    """A cell that would move, and what it has now and would have. Values are decimal text."""

    learner_id: str
    competency_id: str
    framework_id: str | None
    school_id: str | None
    before_level: str | None
    after_level: str | None
    before_value: str | None
    after_value: str | None
    before_version: str
    after_version: str


class Movers(Answer):
    """A page of movers, by learner and competency; `next` is the cursor of the page after it."""

    simulation_id: str
    at_position: int
    movers: tuple[Mover, ...]
    next: str | None


class Because(Part):
    """Why a cell is at a level under one policy, as data and as a paragraph."""

    statement: str
    """Of the competency."""
    in_words: str
    kept: bool
    """Whether the level is one of earlier, which the terms of a publication let stand over the computed one."""
    explanation: Explanation


class Cell(NamedTuple):
    """A cell, and the position at which it is looked at."""

    learner_id: str
    competency_id: str
    at_position: int


class Verdict(NamedTuple):
    """What a policy on its terms says of a cell: the level that is to be explained."""

    document: PolicyDocument
    terms: Terms
    level: str | None


class MoverExplained(Answer):
    """A mover with both explanations, from the scores that were in force at the position of the what-if."""

    simulation_id: str
    at_position: int
    mover: Mover
    before: Because
    after: Because

    lang: Language = Language.ENGLISH


async def read_movers(connection: Connection, simulation_id: SimulationId, search: Search) -> Movers:
    """Return a page of movers.

    Raises:
        Unknown: simulation-unknown.
        Invalid: malformed, for a cursor that is not ours.
    """
    simulation = await read_simulation(connection, simulation_id)
    after = cell_of("mover", search.after) if search.after else ("", "")
    found = await _page(connection, simulation_id, search, after, search.limit + 1)
    page, last = found[: search.limit], len(found) <= search.limit
    return Movers(
        position=simulation.position,
        simulation_id=simulation_id,
        at_position=simulation.at_position,
        movers=tuple(page),
        next=None if last else cursor_after("mover", page[-1].learner_id, page[-1].competency_id),
    )


async def _page(
    connection: Connection, simulation_id: str, search: Search, after: tuple[str, str], limit: int
) -> list[Mover]:
    asked = {
        "simulation_id": simulation_id,
        "learner": after[0],
        "competency": after[1],
        "has_before": search.before is not None,
        "before": level_of(search.before or ""),
        "has_after": search.to is not None,
        "after": level_of(search.to or ""),
        "school": search.school,
        "limit": limit,
    }
    return [_mover(row) for row in await rows(connection, MOVERS, asked)]


def _mover(row: dict[str, Any]) -> Mover:
    values = {name: row.pop(f"{name}_micro") for name in ("before_value", "after_value")}
    return Mover(**row, **{name: None if one is None else from_micro(one) for name, one in values.items()})


async def read_lines(connection: Connection, simulation_id: SimulationId, after: tuple[str, str]) -> list[Mover]:
    """Return the movers that follow in the file of all movers; none at its end."""
    return await _page(connection, simulation_id, Search(), after, LINES_AT_ONCE)


async def read_mover(
    connection: Connection,
    simulation_id: SimulationId,
    whose: tuple[LearnerId, CompetencyId],
    language: Language,
) -> MoverExplained:
    """Return a mover with both explanations.

    Raises:
        Unknown: simulation-unknown; not-found, if the draft does not move the cell.
    """
    learner_id, competency_id = whose
    simulation = await read_simulation(connection, simulation_id)
    asked = {"simulation_id": simulation_id, "learner_id": learner_id, "competency_id": competency_id}
    found = await rows(connection, MOVER, asked)
    if not found:
        fault = f"simulation {simulation_id} does not move learner {learner_id} in competency {competency_id}"
        raise Unknown("not-found", fault)
    mover = _mover(found[0])
    ((policies,),) = [row.values() for row in await rows(connection, POLICIES, asked)]
    both = [
        Verdict(parse_policy(policies[version]["document"]), Terms.model_validate(policies[version]["terms"]), level)
        for version, level in ((mover.before_version, mover.before_level), (mover.after_version, mover.after_level))
    ]
    cell = Cell(learner_id, competency_id, simulation.at_position)
    before, after = await explain_cell(connection, cell, both, language)
    return MoverExplained(
        position=simulation.position,
        simulation_id=simulation_id,
        at_position=simulation.at_position,
        mover=mover,
        before=before,
        after=after,
    )


async def explain_cell(
    connection: Connection, cell: Cell, verdicts: Sequence[Verdict], language: Language, name: str | None = None
) -> list[Because]:
    """Return why a cell is at the level of each verdict, from the scores that were in force at a position.

    `name` stands for the learner in the words.
    """
    asked = cell._asdict()
    learner_id, competency_id = cell.learner_id, cell.competency_id
    scores = [ScoreRow(**row) for row in await rows(connection, SCORES_AT, asked)]
    judgement = next(iter(await rows(connection, JUDGED_AT, asked)), None)
    statement = next((row["statement"] for row in await rows(connection, COMPETENCY, asked)), competency_id)
    vocabulary = Vocabulary()
    judged = {(learner_id, competency_id): judgement["level"]} if judgement else None
    _, found = cells_in_force(scores, vocabulary, judged)
    cells = found if len(found) else cells_of([[]])

    def because(verdict: Verdict) -> Because:
        counted = reached(cells, reach_us(verdict.terms))
        told = explain(counted, 0, compile_policy(verdict.document, vocabulary))
        kept = told.effective != verdict.level
        told = told.model_copy(update={"effective": verdict.level})
        words = in_words(name or learner_id, statement, told, judgement, language)
        return Because(in_words=words, statement=statement, kept=kept, explanation=told)

    return [because(verdict) for verdict in verdicts]
