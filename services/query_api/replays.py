"""Replays: how far the levels of each publication are made, and what came of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from typing import Annotated, Final

from fastapi import Path

from domain.kernel.errors import Unknown
from services.query_api.answers import Answer, Connection, Part, rows
from services.query_api.desk import Desk

ReplayId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The position of the publication.")]
TELL_EVERY_S: Final = 0.25
QUIET_S_MAX: Final = 10.0
"""A word is sent at least so often, so that nothing between takes the connection for dead."""
WATCHED_S_MAX: Final = 3600
REPLAYS: Final = """
    SELECT position AS replay_id, policy_id, version, state, at_position, cells, cells_done,
           (cells_done / greatest(extract(epoch FROM coalesce(computed_at, updated_at) - started_at), 0.001))::bigint
               AS cells_per_second,
           digest, digest_touched_then, digest_touched_now, digest_simulated, effective_from, switch_position, fault,
           started_at, updated_at, finished_at
      FROM read_model.replay
     WHERE %(replay_id)s::bigint IS NULL OR position = %(replay_id)s
     ORDER BY position
"""


class Replay(Part):
    """The making of a publication's levels, named by the position of the publication.

    It is computing, verifying, catching_up, waiting (for its time), paused, switching, done, cancelled or refused.
    """

    replay_id: int
    policy_id: str
    version: str
    state: str
    at_position: int
    cells: int
    """About how many there are, while computing; then exactly."""
    cells_done: int
    cells_per_second: int
    seconds_left: int | None
    """Until all levels are made, at this rate."""
    digest: str
    """Of the levels made so far, at `at_position`. They come into force if `digest` is `digest_simulated` less
    `digest_touched_then` plus `digest_touched_now`: of the cells of learners touched since the simulation."""
    digest_touched_then: str
    """As they were at the position of the simulation."""
    digest_touched_now: str
    """As they were made."""
    digest_simulated: str | None
    effective_from: datetime | None
    switch_position: int | None
    fault: str | None
    started_at: datetime
    updated_at: datetime
    finished_at: datetime | None


class OneReplay(Answer, Replay):
    """One replay, and the place in the log that mastery had come to."""


class Replays(Answer):
    """All replays, oldest first."""

    replays: tuple[Replay, ...]


async def read_replays(connection: Connection, replay_id: int | None = None) -> Replays:
    """Return all replays, or one."""
    return Replays(
        replays=tuple(
            Replay(**row, seconds_left=_seconds_left(row["state"], row["cells"] - row["cells_done"], row))
            for row in await rows(connection, REPLAYS, {"replay_id": replay_id})
        )
    )


def _seconds_left(state: str, cells_left: int, row: dict[str, int]) -> int | None:
    rate = row["cells_per_second"]
    return max(0, cells_left) // rate if state == "computing" and rate else None


async def read_replay(connection: Connection, replay_id: int) -> Replay:
    """Return one replay.

    Raises:
        Unknown: not-found.
    """
    for replay in (await read_replays(connection, replay_id)).replays:
        return replay
    raise Unknown("not-found", f"no replay of a publication at {replay_id}")


async def read_one(connection: Connection, replay_id: int) -> OneReplay:
    """Return one replay as an answer of its own.

    Raises:
        Unknown: not-found.
    """
    return OneReplay(**dict(await read_replay(connection, replay_id)))


async def tell(desk: Desk, replay: Replay) -> AsyncIterator[str]:
    """Tell of a replay whenever it has moved, until it has ended."""
    given_up_at = time.monotonic() + WATCHED_S_MAX
    told, told_at_s = "", 0.0
    while time.monotonic() < given_up_at:
        words = replay.model_dump_json()
        if words != told or time.monotonic() - told_at_s > QUIET_S_MAX:
            yield f"event: {replay.state}\ndata: {words}\n\n"
            told, told_at_s = words, time.monotonic()
        if replay.finished_at is not None:
            return
        await asyncio.sleep(TELL_EVERY_S)
        replay = await desk.ask(partial(read_replay, replay_id=replay.replay_id))
