"""Statements sent as one message, rows copied in where one of them waits for some: few round trips.

psycopg's `copy` sends COPY, rows, end and COMMIT one after the other and waits for each. A round trip costs both
sides more than the rows of a usual batch (measured, 32 events: 8 us of CPU an event with five trips, 4 with two).
"""

from collections.abc import Iterable

from psycopg import errors, generators
from psycopg.abc import PQGen
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import WAIT_W

from infra.postgres.link import Connection


async def send(connection: Connection, statements: str) -> list[PGresult]:
    """Send statements; return a result for each, up to the first COPY, which waits for rows.

    Raises:
        psycopg.Error: the first failure; the statements after it were not run.
    """
    connection.pgconn.send_query(statements.encode())
    return _checked(await connection.wait(generators.execute(connection.pgconn)))


async def copy(connection: Connection, rows: Iterable[bytes]) -> list[PGresult]:
    """Give rows to the COPY that waits; return its result and those after it, up to the next COPY.

    The rows come in parts of many; while PostgreSQL takes one, the next is made.

    Raises:
        psycopg.Error: as `send`.
    """
    return _checked(await connection.wait(_copy(connection.pgconn, rows)))


def _copy(pgconn: PGconn, rows: Iterable[bytes]) -> PQGen[list[PGresult]]:
    for part in rows:
        yield from generators.copy_to(pgconn, part, flush=False)
    while pgconn.put_copy_end() == 0:
        yield WAIT_W
    results: list[PGresult] = yield from generators.execute(pgconn)
    return results


def _checked(results: list[PGresult]) -> list[PGresult]:
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            raise errors.error_from_result(result)
    return results


def text_array(names: Iterable[str]) -> str:
    """Return names as the text of an array; far cheaper than psycopg's adapting a list."""
    quoted = [name.replace("\\", "\\\\").replace('"', '\\"') for name in names]
    return '{"' + '","'.join(quoted) + '"}' if quoted else "{}"
