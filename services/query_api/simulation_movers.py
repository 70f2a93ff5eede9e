"""Who would move under a draft: page by page, as one file, and each with the reasons before and after."""

from typing import Any, Final

from pydantic import Field

from domain.kernel.errors import Unknown
from domain.kernel.ids import CompetencyId, LearnerId, SimulationId
from domain.kernel.scores import from_micro
from domain.mastery.cells import Vocabulary
from domain.mastery.compile import compile_policy
from domain.mastery.explanation import Explanation, explain
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.rulings import BUILT_IN
from domain.policy.words.catalogue import Language
from infra.postgres.score_cells import SCORE_COLUMNS, ScoreRow, cells_in_force
from services.query_api.answers import Answer, Connection, Page, Part, cell_of, cursor_after, rows
from services.query_api.explain_mastery import COMPETENCY
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
DOCUMENTS: Final = """
    SELECT data->>'version' AS version, data->'document' AS document
      FROM ledger.event
     WHERE learner_id IS NULL AND type = 'policy.drafted.v1' AND data->>'version' = ANY(%(versions)s)
"""
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

    in_words: str
    explanation: Explanation


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
    cell: tuple[LearnerId, CompetencyId],
    language: Language,
) -> MoverExplained:
    """Return a mover with both explanations.

    Raises:
        Unknown: simulation-unknown; not-found, if the draft does not move the cell.
    """
    learner_id, competency_id = cell
    simulation = await read_simulation(connection, simulation_id)
    asked = {"learner_id": learner_id, "competency_id": competency_id, "at_position": simulation.at_position}
    found = await rows(connection, MOVER, {**asked, "simulation_id": simulation_id})
    if not found:
        fault = f"simulation {simulation_id} does not move learner {learner_id} in competency {competency_id}"
        raise Unknown("not-found", fault)
    mover = _mover(found[0])
    documents = await _documents(connection, [mover.before_version, mover.after_version])
    scores = [ScoreRow(**row) for row in await rows(connection, SCORES_AT, asked)]
    judgement = next(iter(await rows(connection, JUDGED_AT, asked)), None)
    statement = next((row["statement"] for row in await rows(connection, COMPETENCY, asked)), competency_id)
    vocabulary = Vocabulary()
    judged = {(str(learner_id), str(competency_id)): judgement["level"]} if judgement else None
    _, cells = cells_in_force(scores, vocabulary, judged)

    def because(version: str) -> Because:
        told = explain(cells, 0, compile_policy(documents[version], vocabulary))
        return Because(in_words=in_words(learner_id, statement, told, judgement, language), explanation=told)

    return MoverExplained(
        position=simulation.position,
        simulation_id=simulation_id,
        at_position=simulation.at_position,
        mover=mover,
        before=because(mover.before_version),
        after=because(mover.after_version),
    )


async def _documents(connection: Connection, versions: list[str]) -> dict[str, PolicyDocument]:
    found = await rows(connection, DOCUMENTS, {"versions": versions})
    return {BUILT_IN.version: BUILT_IN.document} | {row["version"]: parse_policy(row["document"]) for row in found}
