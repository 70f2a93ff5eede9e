"""The projectors: how far each has come, how fast it is, who is parked; and what any answer says of that."""

from datetime import datetime
from typing import Final

from domain.kernel.errors import Unavailable
from services.query_api.answers import Answer, Connection, Part, rows

REACHED: Final = """
    projector.position - (SELECT count(*)
                            FROM read_model.owed_switch AS owed
                           WHERE owed.facts_generation = projector.facts_generation)
"""
"""A switch of policies whose changes and notices are not written yet is not reached, though its levels are there."""
TRACKING: Final = f"""
    SELECT tracked.build, tracked.position, head.position - tracked.position AS lag_events,
           coalesce((SELECT extract(epoch FROM clock_timestamp() - recorded_at)
                       FROM ledger.event
                      WHERE event.position > tracked.position
                      ORDER BY event.position
                      LIMIT 1), 0)::float AS lag_seconds,
           %(learner_id)s::text IS NULL
               OR EXISTS (SELECT FROM ledger.event WHERE event.learner_id = %(learner_id)s) AS is_known,
           (SELECT min(parked.position)
              FROM read_model.parked
             WHERE parked.projector = %(projector)s AND parked.generation = tracked.facts_generation
                   AND parked.learner_id = %(learner_id)s) AS parked_at
      FROM (SELECT coalesce(max(position), 0) AS position FROM ledger.event) AS head,
           LATERAL (SELECT generation || '.' || epoch AS build, facts_generation, {REACHED} AS position
                      FROM read_model.projector
                     WHERE name = %(projector)s AND generation IS NOT NULL
                    UNION ALL
                    SELECT 'log', NULL, head.position WHERE %(projector)s::text IS NULL) AS tracked
"""
PROJECTORS: Final = f"""
    SELECT projector.name, projector.generation, {REACHED} AS position, head.position - {REACHED} AS lag_events,
           coalesce((SELECT extract(epoch FROM clock_timestamp() - recorded_at)
                       FROM ledger.event
                      WHERE event.position > {REACHED}
                      ORDER BY event.position
                      LIMIT 1), 0)::float AS lag_seconds,
           projector.events_per_second, projector.updated_at, projector.foreign_messages,
           ARRAY(SELECT lane.position
                   FROM read_model.lane
                  WHERE lane.projector = projector.name
                  ORDER BY lane.lane) AS lanes,
           (SELECT count(*)
              FROM read_model.parked
             WHERE parked.projector = projector.name AND parked.generation = projector.facts_generation) AS parked,
           head.position AS head
      FROM (SELECT coalesce(max(position), 0) AS position FROM ledger.event) AS head
      LEFT JOIN read_model.projector ON true
     ORDER BY projector.name
"""
GENERATIONS: Final = """
    SELECT generation.projector, generation.generation, generation.state,
           coalesce(parts.position, generation.position) AS position,
           coalesce(parts.events_per_second, generation.events_per_second) AS events_per_second,
           generation.started_at, greatest(parts.updated_at, generation.updated_at) AS updated_at
      FROM read_model.generation
      LEFT JOIN LATERAL (SELECT avg(position)::bigint AS position, max(updated_at) AS updated_at,
                                avg(events_per_second)::int AS events_per_second
                           FROM read_model.rebuild_part AS part
                          WHERE part.projector = generation.projector AND part.generation = generation.generation
                        ) AS parts ON generation.state = 'building'
     ORDER BY generation.projector, generation.generation
"""
"""Each part of a generation under construction passes over all events; so their mean is how far it is."""
PUBLICATIONS: Final = """
    SELECT topic, position, (SELECT coalesce(max(position), 0) FROM ledger.event) - position AS lag_events,
           messages, fault, updated_at
      FROM read_model.publication
     ORDER BY topic
"""


class Generation(Part):
    """One build of a read model: building, ready, live or kept; while it is built, how far, how fast, how long yet."""

    generation: int
    state: str
    position: int
    events_per_second: int
    seconds_left: int | None
    started_at: datetime
    updated_at: datetime


class Projector(Part):
    """A projector: its tracked position, how far that is behind the head, its rate of late, events parked.

    `lanes` are the positions of the partitions of the topic, while workers follow it; `foreign_messages` counts what
    these passed over there.
    """

    name: str
    generation: int | None
    position: int
    lag_events: int
    lag_seconds: float
    events_per_second: int
    parked: int
    lanes: tuple[int, ...]
    foreign_messages: int
    updated_at: datetime
    generations: tuple[Generation, ...]


class Publication(Part):
    """A Kafka topic: the position up to which the broker has acknowledged all, how far that is behind the head.

    `fault` says why the publisher stands, while it does.
    """

    topic: str
    position: int
    lag_events: int
    messages: int
    fault: str | None
    updated_at: datetime


class Projections(Answer):
    """All projectors, and the topics of the publisher if there is one; `position` is the head of the log."""

    projectors: tuple[Projector, ...]
    publications: tuple[Publication, ...] = ()


class Tracking(Part):
    """How far the read model behind an answer has come, and whether the learner asked about is known.

    `build` changes when rows change without a new position; `parked_at` is the learner's event that the read model
    could not digest, and that later ones wait behind.
    """

    build: str
    position: int
    lag_events: int
    lag_seconds: float
    is_known: bool
    parked_at: int | None


async def read_tracking(connection: Connection, projector: str | None, learner_id: str | None = None) -> Tracking:
    """Return how far a read model has come; None: the log itself, which is at its head.

    Of several, joined by `+`, it is the one that has come the least far.

    Raises:
        Unavailable: unavailable, before its first generation.
    """
    if projector is None or "+" not in projector:
        return await _tracking(connection, projector, learner_id)
    each = [await _tracking(connection, name, learner_id) for name in projector.split("+")]
    build = "+".join(f"{one.build}.{one.position}" for one in each)
    parked_at = min((one.parked_at for one in each if one.parked_at is not None), default=None)
    return min(each, key=lambda one: one.position).model_copy(update={"build": build, "parked_at": parked_at})


async def _tracking(connection: Connection, projector: str | None, learner_id: str | None) -> Tracking:
    for row in await rows(connection, TRACKING, {"projector": projector, "learner_id": learner_id}):
        return Tracking(**row)
    raise Unavailable("unavailable", f"projector {projector} has never run")


async def read_projections(connection: Connection) -> Projections:
    """Return where all projectors are."""
    found = await rows(connection, PROJECTORS, {})
    generations: dict[str, list[Generation]] = {}
    for row in await rows(connection, GENERATIONS, {}):
        rate = row["events_per_second"] if row["state"] == "building" else 0
        left = (found[0]["head"] - row["position"]) // rate if rate else None
        generations.setdefault(row.pop("projector"), []).append(Generation(**row, seconds_left=left))
    projectors = [
        Projector(**row, generations=tuple(generations.get(row["name"], ())))
        for row in found
        if row["name"] is not None
    ]
    topics = tuple(Publication(**row) for row in await rows(connection, PUBLICATIONS, {}))
    return Projections(position=found[0]["head"], projectors=tuple(projectors), publications=topics)
