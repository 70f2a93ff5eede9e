"""A command that waits for projectors does not wait for one that has ended."""

import time
from pathlib import Path

import psycopg

from infra.postgres.embedded import EmbeddedServer
from tests.cli.conftest import TIMEOUT_S, Mastery
from tests.cli.district import OBSERVATIONS, package

BREAK = "ALTER SEQUENCE read_model.generation_number RENAME TO hidden"
MEND = "ALTER SEQUENCE read_model.hidden RENAME TO generation_number"


def test_a_projector_that_ends_is_told_of_at_once_with_its_fault(mastery: Mastery) -> None:
    assert mastery("import", "case", mastery.write("framework.json", package())).code == 0
    assert mastery("import", "observations", mastery.write("scores.ndjson", *OBSERVATIONS)).code == 0
    server = EmbeddedServer(Path(mastery.folder / "data/postgres"), {})
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute(BREAK)
        started = time.monotonic()
        told = mastery("status")
        connection.execute(MEND)
    assert time.monotonic() - started < TIMEOUT_S / 2
    assert told.code == 3
    assert 'has ended: relation "read_model.generation_number" does not exist' in told.err
    assert mastery("status").code == 0
