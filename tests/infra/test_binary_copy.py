"""Columns written by a binary COPY are the rows that PostgreSQL reads back."""

from datetime import UTC, datetime

import psycopg
import pyarrow as pa

from infra.postgres.binary_copy import binary_copy

TIMES = [datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC), None, datetime(2026, 9, 1, 8, tzinfo=UTC)]


def test_text_numbers_and_times_come_back_as_they_were_sent_null_included(owner_database: str) -> None:
    with psycopg.connect(owner_database, options="-c TimeZone=UTC") as connection:
        connection.execute("CREATE TEMPORARY TABLE copied (a text, b int, c bigint, d timestamptz)")
        portions = [
            (["", None, "Ö日本"], [-1, 2**31 - 1, None], [-(2**63), None, 2**63 - 1], TIMES),
            (["only one"], [0], [0], [TIMES[0]]),
        ]
        with binary_copy(connection, "copied", "a, b, c, d") as copy:
            for texts, ints, bigints, times in portions:
                types = (pa.string(), pa.int32(), pa.int64(), pa.timestamp("us", "UTC"))
                columns = zip((texts, ints, bigints, times), types, strict=True)
                copy.write([pa.array(values, kind) for values, kind in columns])
        rows = connection.execute("SELECT a, b, c, d FROM copied").fetchall()
    assert rows == [
        ("", -1, -(2**63), TIMES[0]),
        (None, 2**31 - 1, None, None),
        ("Ö日本", None, 2**63 - 1, TIMES[2]),
        ("only one", 0, 0, TIMES[0]),
    ]


def test_a_slice_of_columns_is_sent_and_no_more(owner_database: str) -> None:
    with psycopg.connect(owner_database) as connection:
        connection.execute("CREATE TEMPORARY TABLE copied (a text, b bigint)")
        with binary_copy(connection, "copied", "a, b") as copy:
            copy.write([pa.array(["x", "yy", "zzz"]).slice(1, 1), pa.array([1, 2, 3]).slice(1, 1)])
            copy.write([pa.array([], pa.string()), pa.array([], pa.int64())])
        assert connection.execute("SELECT a, b FROM copied").fetchall() == [("yy", 2)]
