"""The desk: each question is let in, waits for its read model, is asked in one snapshot and answered with its place."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Final, Literal, NamedTuple, TypeVar

import psycopg
from fastapi import Depends, Header, Request, Response
from psycopg_pool import AsyncConnectionPool

from domain.kernel.errors import Unavailable, Unknown
from domain.kernel.ids import LearnerId
from domain.kernel.permissions import GRANTS, Permission, Principal, require
from infra.http.auth import Authenticator
from infra.http.signature import SecretOf
from services.query_api.answers import Answer, Connection
from services.query_api.projections import Tracking, read_tracking

T = TypeVar("T")
Read = Callable[[Connection], Awaitable[T]]
Projector = Literal["mastery", "learner_profile", "audit_trail", "mastery+learner_profile"] | None
"""The read model behind an answer, or two of them; None: the log itself, which is never behind."""
LEVELS_AND_ACTS: Final[Projector] = "mastery+learner_profile"
POLL_S: Final = 0.01
"""Seconds between two looks at a projector that is waited for."""


class Desk(NamedTuple):
    """What all questions share.

    `pool` has read-only connections, each transaction one snapshot; `authenticate` says who asks;
    `wait_s` is how long a question waits for the position that it names; `source` is the ledger's name in its stream;
    `secret_of` gives the secret of a webhook; so many approvals make a policy approved.
    """

    pool: AsyncConnectionPool[Connection]
    authenticate: Authenticator
    wait_s: float
    source: str
    secret_of: SecretOf
    approvals_min: int

    async def ask(self, read: Read[T]) -> T:
        """Return what `read` finds in one snapshot.

        Raises:
            Unavailable: unavailable, if the database does not answer.
        """
        try:
            async with self.pool.connection() as connection:
                return await read(connection)
        except psycopg.OperationalError as error:
            raise Unavailable("unavailable", "database does not answer") from error

    async def wait(self, projector: Projector, position: int) -> None:
        """Wait until a projector has come to a position, or the time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.wait_s):
                while not await self._has_come(projector, position):  # noqa: ASYNC110 - another process moves
                    await asyncio.sleep(POLL_S)

    async def _has_come(self, projector: Projector, position: int) -> bool:
        try:
            return (await self.ask(lambda connection: read_tracking(connection, projector))).position >= position
        except Unavailable:
            return False


class Visit:
    """One request, and who makes it.

    Raises:
        Unauthenticated: not-authenticated.
    """

    def __init__(
        self,
        request: Request,
        min_position: Annotated[int, Header(description="Wait until the answer has seen this position.")] = 0,
        if_none_match: Annotated[str | None, Header(description="The ETag of an answer at hand.")] = None,
    ) -> None:
        self.desk: Desk = request.app.state.desk
        self.principal: Principal = self.desk.authenticate(request.headers.get("authorization"))
        self.min_position = min_position
        self.if_none_match = if_none_match

    def require(self, permission: Permission, learner_id: str | None = None) -> None:
        """Refuse who may not ask this, or not about this learner.

        Raises:
            Forbidden: not-permitted.
        """
        require(self.principal, permission, None if learner_id is None else LearnerId(learner_id))

    def may(self, permission: Permission) -> bool:
        """Say whether the role has a permission, for whomever."""
        return permission in GRANTS[self.principal.actor.role]

    async def about(self, learner_id: str, projector: Projector, read: Read[Answer]) -> Response:
        """Return an answer about a learner, to those who may read about this learner.

        Raises:
            Forbidden: not-permitted.
            Unknown: learner-unknown, if no event is about the learner.
        """
        self.require(Permission.READ_LEARNER, learner_id)
        return await self.answer(projector, read, learner_id)

    async def ask(self, projector: Projector, read: Read[T]) -> T:
        """Return what `read` finds, once the projector has come to `Min-Position` or the wait is over."""
        if self.min_position:
            await self.desk.wait(projector, self.min_position)
        return await self.desk.ask(read)

    async def answer(self, projector: Projector, read: Read[Answer], learner_id: str | None = None) -> Response:
        """Return an answer from a read model, with the place in the log that it is true at.

        With `Min-Position` the answer waits for the projector, or says that it is stale; an answer that the
        caller has already is not read again (304). An answer about a parked learner is stale too.

        Raises:
            Unknown: learner-unknown, if no event is about the learner.
        """
        read_placed = partial(self._read, projector=projector, read=read, learner_id=learner_id)
        tracking, answer = await self.ask(projector, read_placed)
        headers = {
            "ETag": _tag(projector, tracking),
            "X-Projection-Position": str(tracking.position),
            "Cache-Control": "private, no-cache",
        }
        if answer is None:
            return Response(status_code=304, headers=headers)
        return Response(self._placed(tracking, answer), headers=headers, media_type="application/json")

    async def watch(self, projector: Projector, read: Read[Answer]) -> Response:
        """Return an answer about work that goes on between events: as `answer`, and never from a cache."""

        async def read_placed(connection: Connection) -> tuple[Tracking, Answer]:
            return await read_tracking(connection, projector), await read(connection)

        tracking, answer = await self.ask(projector, read_placed)
        headers = {"X-Projection-Position": str(tracking.position), "Cache-Control": "no-store"}
        return Response(self._placed(tracking, answer), headers=headers, media_type="application/json")

    def _placed(self, tracking: Tracking, answer: Answer) -> str:
        stale = tracking.position < self.min_position or tracking.parked_at is not None
        place = tracking.model_dump(include={"position", "lag_events", "lag_seconds"})
        return answer.model_copy(update={**place, "stale": stale}).model_dump_json()

    async def _read(
        self, connection: Connection, projector: Projector, read: Read[Answer], learner_id: str | None
    ) -> tuple[Tracking, Answer | None]:
        tracking = await read_tracking(connection, projector, learner_id)
        if not tracking.is_known:
            raise Unknown("learner-unknown", f"no event is about learner {learner_id}")
        if self.if_none_match == _tag(projector, tracking):
            return tracking, None
        return tracking, await read(connection)


def _tag(projector: Projector, tracking: Tracking) -> str:
    return f'W/"{projector or "log"}-{tracking.build}-{tracking.position}"'


AtDesk = Annotated[Visit, Depends()]
