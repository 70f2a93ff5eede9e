"""The rows of a query as tuples, whatever the connection makes of rows otherwise."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.rows import tuple_row

Connection = psycopg.AsyncConnection[Any]


async def select(connection: Connection, query: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return all rows of a query of ours."""
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query.encode(), values)
        return await cursor.fetchall()
