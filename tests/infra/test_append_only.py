"""Nobody changes what was recorded: not the application, not the owner, not a superuser in a replica's session."""

import psycopg
import pytest

from infra.postgres.embedded import EmbeddedServer
from infra.postgres.event_store import blocking_event_store
from tests.infra.test_event_store import append

CHANGES = [
    f"{change}"
    for table in ("ledger.event", "ledger.idempotency")
    for change in (f"UPDATE {table} SET stream = 'x'", f"DELETE FROM {table}", f"TRUNCATE {table}")
]


@pytest.fixture
def written(database: str) -> str:
    with blocking_event_store(database) as store:
        store.append(append("a", 0, key="k", body=b"x"))
    return database


@pytest.mark.parametrize("change", CHANGES)
def test_the_application_has_no_right_to_change(written: str, change: str) -> None:
    with psycopg.connect(written) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege, match="denied"):
        connection.execute(change)


@pytest.mark.parametrize("change", CHANGES)
def test_the_owner_is_refused_by_the_table(written: str, owner_database: str, change: str) -> None:
    refused = pytest.raises(psycopg.errors.InsufficientPrivilege, match="is append-only")
    with psycopg.connect(owner_database) as connection, refused:
        connection.execute(change)


@pytest.mark.parametrize("change", CHANGES)
def test_a_replicas_session_is_refused_by_the_table(
    written: str, server: EmbeddedServer, database_name: str, change: str
) -> None:
    with psycopg.connect(server.conninfo("postgres", database_name)) as connection:
        connection.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is append-only"):
            connection.execute(change)


def test_the_application_cannot_drop_or_disable_the_guard(written: str) -> None:
    for command in ("DROP TABLE ledger.event", "ALTER TABLE ledger.event DISABLE TRIGGER ALL"):
        with psycopg.connect(written) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(command)


@pytest.mark.parametrize("time", ["0001-01-01 00:00+01", "1899-12-31 23:59+00", "10000-01-01 00:00+00"])
def test_a_time_that_programs_can_not_read_is_refused_by_the_table(written: str, time: str) -> None:
    row = """
        INSERT INTO ledger.event (position, recorded_at, stream, version, type, event_id, occurred_at, meta, data)
        VALUES (9, now(), 'x', 1, 'x', gen_random_uuid(), %s, '{}', '{}')
    """
    refused = pytest.raises(psycopg.errors.CheckViolation, match="event_occurred_since_1900")
    with psycopg.connect(written) as connection, refused:
        connection.execute(row, (time,))
