"""One connection that opens itself again after it was lost."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import psycopg

from domain.kernel.errors import Unavailable

T = TypeVar("T")
Connection = psycopg.AsyncConnection[Any]

_OPTIONS: Final = (
    "-c enable_seqscan=off -c plan_cache_mode=force_generic_plan -c jit=off -c timezone=UTC"
    " -c datestyle=ISO -c lock_timeout=10s -c statement_timeout=60s -c idle_in_transaction_session_timeout=20s"
)
"""Plans made while the log was empty stay good; a program that hangs does not hold the lock for ever."""
_FIRST_WAIT_S: Final = 0.02
_LONGEST_WAIT_S: Final = 0.5
_CONNECT_TIMEOUT_S: Final = 5


class Link:
    """One connection to the database.

    Args:
        conninfo: where to connect.
        patience_s: how long an act is tried again while the database does not answer.
    """

    def __init__(self, conninfo: str, patience_s: float) -> None:
        self._conninfo = conninfo
        self._patience_s = patience_s
        self._connection: Connection | None = None

    async def use(self, act: Callable[[Connection, int], Awaitable[T]]) -> T:
        """Return what an act returns; it gets the connection and the number of attempts that were lost before.

        An attempt that was lost may have been committed: an act that writes has to look. Whatever an act raises, its
        connection is closed, and with it the transaction that it left open.

        Raises:
            Unavailable: the database did not answer for `patience_s` seconds.
        """
        deadline = time.monotonic() + self._patience_s
        attempt = 0
        while True:
            try:
                return await act(await self._open(), attempt)
            except psycopg.OperationalError as error:
                await self.close()
                if time.monotonic() >= deadline:
                    raise Unavailable("unavailable", f"the database does not answer: {error}") from error
            except BaseException:
                await self.close()
                raise
            await asyncio.sleep(min(_FIRST_WAIT_S * 2**attempt, _LONGEST_WAIT_S))
            attempt += 1

    async def close(self) -> None:
        """Close the connection; the next act opens another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _open(self) -> Connection:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(
                self._conninfo, autocommit=True, options=_OPTIONS, connect_timeout=_CONNECT_TIMEOUT_S
            )
        return self._connection
