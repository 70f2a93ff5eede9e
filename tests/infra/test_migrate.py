"""Migrations: each file once, in order, however many programs start at once."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import psycopg
import pytest

from domain.kernel.errors import Misconfigured
from infra.postgres.embedded import EmbeddedServer
from infra.postgres.migrate import migrate, migrations

STARTS = 48
_NUMBERS = count(1)


@pytest.fixture
def empty(server: EmbeddedServer) -> str:
    """The owner's address of a database without any object."""
    name = f"empty_{next(_NUMBERS)}"
    with psycopg.connect(server.conninfo("mastery_owner", "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.conninfo("mastery_owner", name)


def test_of_48_starts_at_once_one_migrates_and_none_fails(empty: str) -> None:
    with ThreadPoolExecutor(STARTS) as pool:
        ran = list(pool.map(migrate, [empty] * STARTS))
    assert sorted(map(len, ran)) == [0] * (STARTS - 1) + [len(migrations())]


def test_several_databases_of_one_server_migrate_at_once(server: EmbeddedServer) -> None:
    names = [f"several_{number}" for number in range(4)]
    with psycopg.connect(server.conninfo("mastery_owner", "postgres"), autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE DATABASE {name}")
    with ThreadPoolExecutor(len(names)) as pool:
        ran = list(pool.map(migrate, [server.conninfo("mastery_owner", name) for name in names]))
    assert [len(files) for files in ran] == [len(migrations())] * len(names)


def test_the_files_are_recorded_in_order(owner_database: str) -> None:
    with psycopg.connect(owner_database) as connection:
        rows = connection.execute("SELECT name FROM ledger.migration ORDER BY applied_at, name").fetchall()
    assert [name for (name,) in rows] == [migration.name for migration in migrations()]


def test_a_file_that_was_changed_after_it_ran_is_an_error(empty: str, tmp_path: Path) -> None:
    file = tmp_path / "001_thing.sql"
    file.write_text("CREATE TABLE ledger.thing (a int);")
    assert migrate(empty, tmp_path) == ["001_thing.sql"]
    file.write_text("CREATE TABLE ledger.thing (a bigint);")
    with pytest.raises(Misconfigured, match=r"migration 001_thing\.sql was changed after it ran"):
        migrate(empty, tmp_path)


def test_a_file_that_fails_leaves_nothing_and_runs_again(empty: str, tmp_path: Path) -> None:
    file = tmp_path / "001_thing.sql"
    file.write_text("CREATE TABLE ledger.thing (a int); SELECT 1/0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty, tmp_path)
    file.write_text("CREATE TABLE ledger.thing (a int);")
    assert migrate(empty, tmp_path) == ["001_thing.sql"]


def test_the_application_owns_the_read_models_and_may_attach_partitions(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE read_model.thing (generation int, a int) PARTITION BY LIST (generation)")
        connection.execute("CREATE TABLE read_model.thing_1 PARTITION OF read_model.thing FOR VALUES IN (1)")
        rows = connection.execute("""
            SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'read_model'
        """).fetchall()
    assert rows == [("mastery_app",)]
