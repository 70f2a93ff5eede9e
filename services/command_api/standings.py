"""Where learners stand, for commands that rest on levels: read from the read models once they have caught up."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final, TypeVar

from psycopg import AsyncConnection, IsolationLevel

from domain.kernel.errors import Unavailable
from domain.kernel.ids import ActId, CompetencyId, LearnerId
from domain.progression.standing import Stood
from infra.postgres.event_store import PATIENCE_S
from infra.postgres.link import Link
from infra.postgres.reviews import read_open_reviews
from infra.postgres.standing import is_caught_up, read_standing

T = TypeVar("T")
Read = Callable[[AsyncConnection[Any]], Awaitable[T]]
POLL_S: Final = 0.01
"""Seconds between two looks at projectors that are waited for."""


class Standings:
    """Where the learners of a ledger stand.

    Args:
        conninfo: address of the database, for the application's role.
        wait_s: how long a command waits for the projectors to come to the learner's last event.
    """

    def __init__(self, conninfo: str, wait_s: float) -> None:
        self._link = Link(conninfo, PATIENCE_S)
        self._turn = asyncio.Lock()
        self._wait_s = wait_s

    async def of(self, learner_id: LearnerId, competency_ids: Collection[CompetencyId] | None = None) -> Stood:
        """Return where a learner stands in some competencies, or in all with evidence.

        Raises:
            Unavailable: unavailable, if the levels do not catch up in time, or the learner is parked.
        """
        return await self._once_caught_up(learner_id, lambda it: read_standing(it, learner_id, competency_ids))

    async def causes(self, learner_id: LearnerId, act_id: ActId) -> list[int]:
        """Return the positions of the changes that took an act's basis away; none while it has it.

        Raises:
            Unavailable: as `of`.
        """
        reviews = await self._once_caught_up(learner_id, lambda it: read_open_reviews(it, 1, act_id=act_id))
        return [change.position for review in reviews for change in review.losses.values()]

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    async def _once_caught_up(self, learner_id: LearnerId, read: Read[T]) -> T:
        try:
            async with asyncio.timeout(self._wait_s):
                while not await self._look(lambda it: is_caught_up(it, learner_id)):  # noqa: ASYNC110 - others move
                    await asyncio.sleep(POLL_S)
        except TimeoutError as error:
            fault = f"levels do not stand after the learner's last event within {self._wait_s} s"
            raise Unavailable("unavailable", fault, learner=learner_id) from error
        return await self._look(read)

    async def _look(self, read: Read[T]) -> T:
        """Return what `read` finds in one snapshot."""

        async def look(connection: AsyncConnection[Any], _lost: int) -> T:
            await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            async with connection.transaction():
                return await read(connection)

        async with self._turn:
            return await self._link.use(look)
