"""Who would move under a draft: page by page, as one file, and each with the reasons before and after."""

from typing import Any, Final

from pydantic import Field

from domain.kernel.errors import Unknown
from domain.kernel.ids import CompetencyId, LearnerId, SimulationId
from domain.kernel.scores import from_micro
from domain.policy.document import parse_policy
from domain.policy.events import PolicyDrafted, ScopedPolicy
from domain.policy.words.catalogue import Language
from schemas.registry import decode
from services.query_api.answers import Answer, Connection, Page, Part, Word, cell_of, cursor_after, rows
from services.query_api.known import Name, require_known
from services.query_api.mover_explained import Because, Cell, Drafted, explain_cell
from services.query_api.simulations import Simulation, level_of, read_simulation

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
DRAFTED: Final = """
    SELECT data::text AS data
      FROM ledger.event
     WHERE stream = 'policy-' || %(policy_id)s AND type = 'policy.drafted.v1' AND data->>'revision' = %(revision)s
"""
LINES_AT_ONCE: Final = 5_000


class Search(Page):
    """Which movers: from a level, to a level (`none` is none), at a school."""

    before: Word | None = None
    to: Word | None = Field(None, alias="after_level")
    school: Word | None = None


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
        Unknown: simulation-unknown; level-unknown; not-found, for a school that nobody learns at.
        Refused: simulation-pruned.
        Invalid: malformed, for a cursor that is not ours.
    """
    simulation = await read_simulation(connection, simulation_id)
    simulation.require_movers()
    await require_known(connection, Name.LEVEL, search.before)
    await require_known(connection, Name.LEVEL, search.to)
    await require_known(connection, Name.SCHOOL, search.school)
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
        Refused: simulation-pruned.
    """
    learner_id, competency_id = whose
    simulation = await read_simulation(connection, simulation_id)
    simulation.require_movers()
    asked = {"simulation_id": simulation_id, "learner_id": learner_id, "competency_id": competency_id}
    found = await rows(connection, MOVER, asked)
    if not found:
        fault = f"simulation {simulation_id} does not move learner {learner_id} in competency {competency_id}"
        raise Unknown("not-found", fault)
    mover = _mover(found[0])
    draft = await _read_draft(connection, simulation)
    levels = (mover.before_level, mover.after_level)
    before, after = await explain_cell(connection, Cell(*whose, simulation.at_position, *levels), draft, language)
    return MoverExplained(
        position=simulation.position,
        simulation_id=simulation_id,
        at_position=simulation.at_position,
        mover=mover,
        before=before,
        after=after,
    )


async def _read_draft(connection: Connection, simulation: Simulation) -> Drafted:
    """Return what was tried."""
    asked = {"policy_id": simulation.policy_id, "revision": str(simulation.revision)}
    (row,) = await rows(connection, DRAFTED, asked)
    event = decode(PolicyDrafted.type, row["data"])
    assert isinstance(event, PolicyDrafted)
    scope = event.scope.model_dump()
    scoped = ScopedPolicy(policy_id=event.policy_id, version=event.version, terms=simulation.terms, **scope)
    return Drafted(scoped, parse_policy(event.document), event.locked)
