"""Migrations: plain SQL files, each run once, in order, under one lock.

Files 001..009 make the ledger and are run as its owner. Files from 010 on make read models and are run as the
application's role, which so owns the tables and may attach and drop their partitions.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import psycopg

from domain.kernel.errors import Misconfigured

MIGRATIONS: Final = Path(__file__).parent / "migrations"
FIRST_READ_MODEL: Final = "010"
_LOCK: Final = "SELECT pg_advisory_lock(77, 1)"
_LOCK_TIMEOUTS: Final = "SET lock_timeout = '60s'; SET statement_timeout = '120s'"
"""How long a start waits for another start's migrations."""
_TIMEOUTS: Final = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s'"
_EXISTS: Final = "SELECT to_regclass('ledger.migration') IS NOT NULL"
_APPLIED: Final = "SELECT name, checksum FROM ledger.migration ORDER BY name"
_CREATE: Final = """
    CREATE SCHEMA IF NOT EXISTS ledger;
    CREATE TABLE IF NOT EXISTS ledger.migration (
        name text PRIMARY KEY,
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    )
"""
_RECORD: Final = "INSERT INTO ledger.migration (name, checksum) VALUES (%s, %s)"


class Migration(NamedTuple):
    """One SQL file: its name, its text and the SHA-256 of the text in hexadecimal."""

    name: str
    sql: str
    checksum: str


def migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """Return the migrations of a folder, in order."""
    texts = ((path.name, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.sql")))
    return [Migration(name, sql, hashlib.sha256(sql.encode()).hexdigest()) for name, sql in texts]


def migrate(owner_conninfo: str, folder: Path = MIGRATIONS) -> list[str]:
    """Bring a database up to date; return the names of the migrations that this call ran.

    Many programs may call this at once: one works, the others wait for it.

    Raises:
        Misconfigured: configuration, if a file that ran already was changed since.
    """
    known = migrations(folder)
    with psycopg.connect(owner_conninfo, autocommit=True) as connection:
        if not pending(connection, known):
            return []
        connection.execute(_LOCK_TIMEOUTS)
        connection.execute(_LOCK)
        todo = pending(connection, known)
        for migration in todo:
            _run(connection, migration)
        return [migration.name for migration in todo]


def pending(connection: psycopg.Connection[Any], known: Sequence[Migration]) -> list[Migration]:
    """Return the migrations that the database lacks, in order.

    Raises:
        Misconfigured: configuration, if a file that ran already was changed since.
    """
    row = connection.execute(_EXISTS).fetchone()
    applied = dict(connection.execute(_APPLIED).fetchall()) if row and row[0] else {}
    for migration in known:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise Misconfigured("configuration", f"migration {migration.name} was changed after it ran")
    return [migration for migration in known if migration.name not in applied]


def _run(connection: psycopg.Connection[Any], migration: Migration) -> None:
    with connection.transaction():
        connection.execute(_TIMEOUTS)
        connection.execute(_CREATE)
        if migration.name >= FIRST_READ_MODEL:
            connection.execute("SET LOCAL ROLE mastery_app")
        connection.execute(migration.sql)
        connection.execute("RESET ROLE")
        connection.execute(_RECORD, (migration.name, migration.checksum))
