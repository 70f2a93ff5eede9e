"""The projectors: how far each has come, how fast it is, who is parked; and what any answer says of that."""

from datetime import datetime
from typing import Final

from domain.kernel.errors import Unavailable
from services.query_api.answers import Answer, Connection, Part, rows

TRACKING: Final = """
    SELECT tracked.position, head.position - tracked.position AS lag_events,
           coalesce((SELECT extract(epoch FROM clock_timestamp() - recorded_at)
                       FROM ledger.event
                      WHERE event.position > tracked.position
                      ORDER BY event.position
                      LIMIT 1), 0)::float AS lag_seconds,
           %(learner_id)s::text IS NULL
               OR EXISTS (SELECT FROM ledger.event WHERE event.learner_id = %(learner_id)s) AS is_known
      FROM (SELECT coalesce(max(position), 0) AS position FROM ledger.event) AS head,
           LATERAL (SELECT CASE WHEN %(projector)s::text IS NULL THEN head.position
                                ELSE (SELECT live.position FROM read_model.live WHERE live.projector = %(projector)s)
                           END AS position) AS tracked
"""
PROJECTORS: Final = """
    SELECT projector.name, projector.generation, projector.position, head.position - projector.position AS lag_events,
           coalesce((SELECT extract(epoch FROM clock_timestamp() - recorded_at)
                       FROM ledger.event
                      WHERE event.position > projector.position
                      ORDER BY event.position
                      LIMIT 1), 0)::float AS lag_seconds,
           projector.events_per_second, projector.updated_at,
           (SELECT count(*)
              FROM read_model.parked
             WHERE parked.projector = projector.name AND parked.generation = projector.generation) AS parked,
           head.position AS head
      FROM (SELECT coalesce(max(position), 0) AS position FROM ledger.event) AS head
      LEFT JOIN read_model.projector ON true
     ORDER BY projector.name
"""
GENERATIONS: Final = """
    SELECT projector, generation, state, position, events_per_second, started_at, updated_at
      FROM read_model.generation
     ORDER BY projector, generation
"""


class Generation(Part):
    """One build of a read model: wanted, building, ready, live or kept; while it is built, how far and how fast."""

    generation: int
    state: str
    position: int
    events_per_second: int
    started_at: datetime
    updated_at: datetime


class Projector(Part):
    """A projector: its tracked position, how far that is behind the head, its rate of late, events parked."""

    name: str
    generation: int | None
    position: int
    lag_events: int
    lag_seconds: float
    events_per_second: int
    parked: int
    updated_at: datetime
    generations: tuple[Generation, ...]


class Projections(Answer):
    """All projectors; `position` is the head of the log."""

    projectors: tuple[Projector, ...]


class Tracking(Part):
    """How far the read model behind an answer has come, and whether the learner asked about is known."""

    position: int
    lag_events: int
    lag_seconds: float
    is_known: bool


async def read_tracking(connection: Connection, projector: str | None, learner_id: str | None = None) -> Tracking:
    """Return how far a read model has come; None: the log itself, which is at its head.

    Raises:
        Unavailable: unavailable, before its first generation.
    """
    (row,) = await rows(connection, TRACKING, {"projector": projector, "learner_id": learner_id})
    if row["position"] is None:
        raise Unavailable("unavailable", f"projector {projector} has never run")
    return Tracking(**row)


async def read_projections(connection: Connection) -> Projections:
    """Return where all projectors are."""
    generations: dict[str, list[Generation]] = {}
    for row in await rows(connection, GENERATIONS, {}):
        generations.setdefault(row.pop("projector"), []).append(Generation(**row))
    found = await rows(connection, PROJECTORS, {})
    projectors = [
        Projector(**row, generations=tuple(generations.get(row["name"], ())))
        for row in found
        if row["name"] is not None
    ]
    return Projections(position=found[0]["head"], projectors=tuple(projectors))
