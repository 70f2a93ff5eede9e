"""Columns that the database gathers are the rows of the query, and go back into a table as they are."""

from datetime import UTC, datetime

import psycopg
import pytest

from infra.postgres.binary_copy import Numbers, binary_copy
from infra.postgres.columns import Names, fetch_columns

ROWS = [
    (1, datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC), '"Ö日本"'),
    (-(2**63), datetime(2026, 9, 1, 8, tzinfo=UTC), '{"a":[], "b":"\\u00ff"}'),
    (2**63 - 1, datetime(2026, 9, 1, 8, tzinfo=UTC), f'"{"x" * 5000}"'),
]
NAMES = Names(("a", "b"), ("c",))


@pytest.mark.parametrize("count", range(len(ROWS) + 1))
def test_columns_that_are_fetched_and_copied_are_the_same_rows(owner_database: str, count: int) -> None:
    with psycopg.connect(owner_database, options="-c TimeZone=UTC") as connection:
        connection.execute("CREATE TEMPORARY TABLE stored (a bigint, b timestamptz, c json)")
        connection.execute("CREATE TEMPORARY TABLE copied (LIKE stored)")
        connection.cursor().executemany("INSERT INTO stored VALUES (%s, %s, %s)", ROWS[:count])
        found = fetch_columns(connection, "SELECT a, b, c FROM stored ORDER BY b, a DESC", {}, NAMES)
        known = found.texts["c"].known
        with binary_copy(connection, "copied", "a, b, c") as copy:
            copy.write([*(Numbers(column, known) for column in found.numbers.values()), found.texts["c"]])
        copied = connection.execute("SELECT a, b, c::text FROM copied").fetchall()
    assert copied == sorted(ROWS[:count], key=lambda row: (row[1], -row[0]))
