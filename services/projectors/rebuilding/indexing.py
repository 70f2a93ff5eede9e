"""The indexes of a generation that is built, several at a time, before its tables become partitions.

A table that becomes a partition gets the indexes that it lacks one after the other by the connection that makes it
one. It keeps those that it has. A build that is killed has made each index wholly or not at all.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, NamedTuple

import psycopg

from infra.postgres.all_scores import address
from services.projectors import ledger
from services.projectors.generations import partition

LOCK_CLASS: Final = 7703
"""First key of the advisory locks by which a build waits for the index that a killed one still makes."""
LOCK: Final = "SELECT pg_advisory_xact_lock(%s, hashtext(%s))"
_INDEXES: Final = """
    SELECT of.relname, indisprimary, indisunique, indnatts,
        substring(pg_get_indexdef(of.oid) FROM ' (USING .*)') AS definition
    FROM pg_index JOIN pg_class AS of ON of.oid = indexrelid WHERE indrelid = %({table})s::regclass
"""
MISSING: Final = f"""
    SELECT relname, indisunique, definition FROM ({_INDEXES.format(table="parent")}) AS wanted
    WHERE definition NOT IN (SELECT definition FROM ({_INDEXES.format(table="partition")}) AS known)
    ORDER BY indnatts DESC, relname
"""
"""Those that take the longest come first."""
NOT_YET_PRIMARY: Final = f"""
    SELECT known.relname FROM ({_INDEXES.format(table="parent")}) AS wanted
    JOIN ({_INDEXES.format(table="partition")}) AS known USING (definition)
    WHERE wanted.indisprimary AND NOT known.indisprimary
"""
ONE_PROCESS_EACH: Final = "SET max_parallel_maintenance_workers = 0"


class Index(NamedTuple):
    """An index that is to be made."""

    name: str
    statement: str


def index(connection: psycopg.Connection[Any], tables: Iterable[str], generation: int, workers: int) -> None:
    """Make the indexes that the partitions of a generation will need, by so many connections at a time."""
    names = {table: {"parent": f"read_model.{table}", "partition": partition(table, generation)} for table in tables}
    missing = [one for values in names.values() for one in _missing(connection, values, generation)]
    with ThreadPoolExecutor(workers) as crew:
        for _ in crew.map(partial(_make, address(connection)), missing):
            pass
    for values in names.values():
        for (name,) in connection.execute(NOT_YET_PRIMARY, values).fetchall():
            connection.execute(
                f"ALTER TABLE {values['partition']} ADD CONSTRAINT {name} PRIMARY KEY USING INDEX {name}"
            )


def _missing(connection: psycopg.Connection[Any], values: dict[str, str], generation: int) -> list[Index]:
    """Return the indexes of a table that its partition does not have."""
    missing = []
    for parent, is_unique, definition in connection.execute(MISSING, values).fetchall():
        name, kind = f"{parent}_g{generation}", "UNIQUE INDEX" if is_unique else "INDEX"
        missing.append(Index(name, f"CREATE {kind} IF NOT EXISTS {name} ON {values['partition']} {definition}"))
    return missing


def _make(conninfo: str, one: Index) -> None:
    with ledger.connect(conninfo) as connection, connection.transaction():
        connection.execute(ONE_PROCESS_EACH)
        connection.execute(LOCK, (LOCK_CLASS, one.name))
        connection.execute(one.statement.encode())
