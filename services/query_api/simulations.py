"""A what-if: how far it is, and what came of it; and several drafts beside each other."""

from datetime import datetime
from typing import Any, Final

from pydantic import Field

from domain.kernel.errors import Refused, Unknown
from domain.kernel.ids import SimulationId
from domain.mastery.impact import NO_LEVEL, Impact
from domain.policy.events import Scope, Terms
from services.query_api.answers import PAGE_MAX, Answer, Asked, Connection, Part, cell_of, cursor_after, rows

SIMULATION: Final = """
    SELECT asked.data->>'simulation_id' AS simulation_id, asked.data->>'policy_id' AS policy_id,
           asked.data->>'version' AS version, (asked.data->>'revision')::int AS revision,
           coalesce(asked.data->'scope', '{}') AS scope, coalesce(asked.data->'terms', '{}') AS terms,
           coalesce((asked.data->>'at_position')::bigint, asked.position) AS at_position,
           asked.meta->'actor'->>'id' AS asked_by, asked.recorded_at AS asked_at,
           coalesce(simulation.state, 'asked') AS state, coalesce(cells_done, 0) AS cells_done,
           coalesce(cells, 0) AS cells, started_at, updated_at, finished_at, digest, impact,
           recorded_at_position, fault, movers_pruned_at,
           head.position
      FROM ledger.event AS asked
      LEFT JOIN read_model.simulation ON simulation_id = asked.data->>'simulation_id'
     CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM ledger.event) AS head
     WHERE asked.stream = 'simulation-' || %(simulation_id)s AND asked.version = 1
"""
DIFFERENCES: Final = """
    SELECT learner_id, competency_id, min(school_id) AS school_id, min(before_level) AS before_level,
           array_agg(simulation_id) AS simulations, array_agg(after_level) AS levels
      FROM read_model.simulation_mover
     WHERE simulation_id = ANY(%(ids)s) AND (learner_id, competency_id) > (%(learner)s, %(competency)s)
     GROUP BY learner_id, competency_id
    HAVING count(*) < cardinality(%(ids)s) OR count(DISTINCT coalesce(after_level, '')) > 1
     ORDER BY learner_id, competency_id
     LIMIT %(limit)s
"""
"""A cell that a draft does not move has no row for it, and stays where it is."""
DRAFTS_MAX: Final = 3
ENDED: Final = frozenset({"finished", "cancelled", "failed"})


class Simulation(Answer):
    """A what-if: asked, running, finished, cancelled or failed. `impact` is there once it is finished."""

    simulation_id: str
    policy_id: str
    version: str
    revision: int
    scope: Scope
    terms: Terms
    at_position: int
    """The cells are looked at as they stood there: later events change nothing."""
    asked_by: str
    asked_at: datetime
    state: str
    cells_done: int
    cells: int
    """While it runs: about how many there are."""
    cells_per_second: int | None
    seconds_left: int | None
    started_at: datetime | None
    finished_at: datetime | None
    digest: str | None
    """Of all levels that there would be; a publication has the same before it comes into force."""
    recorded_at_position: int | None
    """Of the event that puts it on record, without which the policy is not published."""
    fault: str | None
    movers_pruned_at: datetime | None
    """When the list of movers was deleted; null: it is there."""
    impact: Impact | None

    def require_movers(self) -> None:
        """Refuse to answer from movers that were deleted.

        Raises:
            Refused: simulation-pruned.
        """
        if self.movers_pruned_at is not None:
            fault = f"movers of simulation {self.simulation_id} were pruned"
            raise Refused("simulation-pruned", fault, at=self.movers_pruned_at.isoformat())


class Compare(Asked):
    """Up to three finished what-ifs at one position, and which page of the cells where they differ."""

    ids: str = Field(description="Ids with commas between.")
    after: str | None = Field(None, description="The `next` of the page before.")
    limit: int = Field(50, ge=1, le=PAGE_MAX)


class Draft(Part):
    """One of the drafts: how many cells it would put at which level, and how many it moves."""

    simulation_id: str
    policy_id: str
    version: str
    digest: str
    moved: int
    fell: int
    rose: int
    levels: dict[str, int]


class Difference(Part):
    """A cell where the drafts differ: its level now, and under each draft."""

    learner_id: str
    competency_id: str
    school_id: str | None
    before_level: str | None
    levels: dict[str, str | None]
    """Simulation -> level."""


class Comparison(Answer):
    """Drafts beside each other, at one position; `next` is the cursor of the next page of differences."""

    at_position: int
    before: dict[str, int]
    """Level -> cells, as it is now in the scope of the first one."""
    drafts: tuple[Draft, ...]
    differences: tuple[Difference, ...]
    next: str | None


async def read_simulation(connection: Connection, simulation_id: SimulationId) -> Simulation:
    """Return a what-if.

    Raises:
        Unknown: simulation-unknown.
    """
    for row in await rows(connection, SIMULATION, {"simulation_id": simulation_id}):
        updated_at = row.pop("updated_at")
        running_s = (updated_at - row["started_at"]).total_seconds() if row["state"] == "running" else 0
        rate = row["cells_done"] / running_s if running_s else 0
        left_s = int((row["cells"] - row["cells_done"]) / rate) if rate else None
        return Simulation(**row, cells_per_second=int(rate) if rate else None, seconds_left=left_s)
    raise Unknown("simulation-unknown", f"simulation {simulation_id} has not been asked for")


async def read_comparison(connection: Connection, asked: Compare) -> Comparison:
    """Return what up to three drafts would do, and where they differ.

    Raises:
        Unknown: simulation-unknown.
        Refused: not-comparable, simulation-pruned.
        Invalid: malformed, for a cursor that is not ours.
    """
    ids = list(dict.fromkeys(asked.ids.split(",")))
    if not 1 < len(ids) <= DRAFTS_MAX:
        raise Refused("not-comparable", f"{len(ids)} simulations are not 2 or {DRAFTS_MAX}")
    found = [await read_simulation(connection, SimulationId(one)) for one in ids]
    for one in found:
        one.require_movers()
        if one.impact is None or one.at_position != found[0].at_position:
            raise Refused("not-comparable", f"simulation {one.simulation_id} is {one.state} at {one.at_position}")
    learner, competency = cell_of("differ", asked.after) if asked.after else ("", "")
    values = {"ids": ids, "learner": learner, "competency": competency, "limit": asked.limit + 1}
    differing = [_difference(row, ids) for row in await rows(connection, DIFFERENCES, values)]
    page, last = differing[: asked.limit], len(differing) <= asked.limit
    return Comparison(
        position=found[0].position,
        at_position=found[0].at_position,
        before={level: sum(to.values()) for level, to in _impact(found[0]).matrix.items()},
        drafts=tuple(_draft(one) for one in found),
        differences=tuple(page),
        next=None if last else cursor_after("differ", page[-1].learner_id, page[-1].competency_id),
    )


def _impact(one: Simulation) -> Impact:
    assert one.impact is not None
    return one.impact


def _draft(one: Simulation) -> Draft:
    impact = _impact(one)
    levels = {level: sum(to.get(level, 0) for to in impact.matrix.values()) for level in impact.levels}
    told = one.model_dump(include={"simulation_id", "policy_id", "version", "digest"})
    return Draft(**told, moved=impact.moved, fell=impact.fell, rose=impact.rose, levels=levels)


def _difference(row: dict[str, Any], ids: list[str]) -> Difference:
    to = dict(zip(row.pop("simulations"), row.pop("levels"), strict=True))
    return Difference(**row, levels={one: to.get(one, row["before_level"]) for one in ids})


def level_of(word: str) -> str | None:
    """Return a level as it is stored: `none` is no level."""
    return None if word == NO_LEVEL else word
