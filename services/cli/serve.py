"""`mastery serve`, `mastery command-api`, `mastery query-api`: the parts as processes, all of them or one."""

import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

import typer

from domain.kernel.errors import Misconfigured, Unavailable
from services.cli.output import err, examples
from services.projectors import NAMES

READY_TIMEOUT_S: Final = 60
POLL_S: Final = 0.2
STEADY_S: Final = 5
"""A part that ends by itself is started again, unless it lived shorter than this."""
STOP_TIMEOUT_S: Final = 15
PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "command-api": ("command-api",),
    "query-api": ("query-api",),
    "publisher": ("publisher", "run"),
    "webhooks": ("webhooks", "run"),
} | {f"projector {name}": ("projector", "run", name) for name in NAMES}


@dataclass(slots=True)
class Part:
    """One process of `mastery serve`, in a session of its own: Ctrl-C reaches it through its parent only.

    Where the system has `setpriv` (Linux), it is asked to end when its parent is killed.
    """

    name: str
    process: subprocess.Popen[bytes] = field(init=False)
    started_s: float = field(init=False)

    def start(self) -> None:
        """Start the process."""
        bound = ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()
        command = [*bound, sys.executable, "-m", "services.cli.main", *PARTS[self.name]]
        self.started_s = time.monotonic()
        self.process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own program

    def keep_alive(self) -> None:
        """Start the process again if it ended.

        Raises:
            Unavailable: it ended as soon as it had started.
        """
        code = self.process.poll()
        if code is None:
            return
        if time.monotonic() - self.started_s < STEADY_S:
            raise Unavailable("unavailable", f"{self.name} ended with {code} right after its start")
        err.print(f"{self.name} ended with {code}, starting it again")
        self.start()

    def stop(self) -> None:
        """Ask the process to end and wait until it did; kill it if it does not."""
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve", epilog=examples("mastery serve", "MASTERY_COMMAND_API_PORT=9000 mastery serve"))(serve)
    app.command(
        "command-api", epilog=examples("mastery command-api", "MASTERY_COMMAND_API_HOST=0.0.0.0 mastery command-api")
    )(command_api)
    app.command("query-api", epilog=examples("mastery query-api", "MASTERY_QUERY_API_PORT=9001 mastery query-api"))(
        query_api
    )
    app.command(
        "migrate", epilog=examples("mastery migrate", "MASTERY_DATABASE_OWNER_URL=postgresql://... mastery migrate")
    )(migrate)


def serve() -> None:
    """Run both APIs, all projectors and the courier of webhooks on the configured or embedded database, until Ctrl-C.

    Each is a process of its own; one that ends is started again.
    """
    from services.cli.ledger import open_ledger

    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    _require_free_ports()
    with open_ledger():
        parts: list[Part] = []
        try:
            for name in _wanted():
                parts.append(Part(name))
                parts[-1].start()
            _tell_when_ready(stop, parts)
            while not stop.wait(POLL_S):
                for part in parts:
                    part.keep_alive()
        finally:
            _stop(parts)
    err.print("stopped")


def _wanted() -> Sequence[str]:
    """Return the parts to run: the publisher only where a broker is named."""
    from infra.settings import PublisherSettings, read_settings

    return [name for name in PARTS if name != "publisher" or read_settings(PublisherSettings).kafka_servers]


def _stop(parts: Sequence[Part]) -> None:
    """Ask all parts to end at once, then wait for each."""
    for part in parts:
        part.process.terminate()
    for part in parts:
        part.stop()


def _tell_when_ready(stop: threading.Event, parts: Sequence[Part]) -> None:
    """Print where the APIs are, once they answer.

    Raises:
        Unavailable: they do not, or a part ended.
    """
    urls = {name: f"http://{host}:{port}" for name, (host, port) in _addresses().items()}
    given_up_at = time.monotonic() + READY_TIMEOUT_S
    for name, url in urls.items():
        while not _answers(url) and not stop.wait(POLL_S):
            for part in parts:
                part.keep_alive()
            if time.monotonic() > given_up_at:
                raise Unavailable("unavailable", f"{name} do not answer", url=url)
        if not stop.is_set():
            err.print(f"{name:10} {url}/docs")
    err.print("a token:   mastery token teacher t-mora     (Ctrl-C ends all)")


def _addresses() -> Mapping[str, tuple[str, int]]:
    from infra.settings import CommandAPISettings, QueryAPISettings, read_settings

    commands, queries = read_settings(CommandAPISettings), read_settings(QueryAPISettings)
    return {
        "commands": (commands.command_api_host, commands.command_api_port),
        "questions": (queries.query_api_host, queries.query_api_port),
    }


def _require_free_ports() -> None:
    """Refuse to start beside another program, whose answers would be taken for ours.

    Raises:
        Misconfigured: configuration.
    """
    for name, (host, port) in _addresses().items():
        try:
            socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
        except OSError as error:
            raise Misconfigured("configuration", f"{name} can't listen: {error.strerror}") from error


def _answers(url: str) -> bool:
    import httpx

    try:
        return httpx.get(f"{url}/healthz", timeout=1).is_success
    except httpx.TransportError:
        return False


def command_api() -> None:
    """Run the command API until Ctrl-C."""
    from infra.logs import configure_logs
    from infra.settings import CommandAPISettings, read_settings
    from services.command_api.bootstrap import serve as serve_commands

    settings = read_settings(CommandAPISettings)
    configure_logs(settings.log_format)
    serve_commands(settings)


def query_api() -> None:
    """Run the query API until Ctrl-C."""
    from infra.logs import configure_logs
    from infra.settings import QueryAPISettings, read_settings
    from services.query_api.bootstrap import serve as serve_questions

    settings = read_settings(QueryAPISettings)
    configure_logs(settings.log_format)
    serve_questions(settings)


def migrate() -> None:
    """Bring the configured or embedded database up to date. Every other command does so too where it may."""
    from services.cli.ledger import open_ledger

    with open_ledger():
        err.print("database is up to date")
