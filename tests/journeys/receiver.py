"""A receiver of webhooks on this machine, and the courier that sends to it."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import orjson

from tests.waiting import until

TIMEOUT_S: Final = 30
COURIER: Final = """
import sys
from infra.settings import WebhookSettings
from services.webhooks import courier
courier.POLL_S = courier.RETRY_S_MIN = 0.05
courier.main(sys.argv[1], WebhookSettings())
"""


@dataclass(frozen=True)
class Message:
    """A message that came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.body)
        return found

    @property
    def position(self) -> int:
        return int(self.event["sequence"])


@dataclass
class Receiver:
    """Keeps what comes in; `answer` gives the status of each answer."""

    messages: list[Message] = field(default_factory=list)
    answer: Callable[[Message], int] = lambda _message: 200
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=t0"

    @property
    def positions(self) -> list[int]:
        return [message.position for message in self.messages]

    def wait_for(self, messages: int) -> None:
        """Wait until so many messages have come."""
        until(lambda: len(self.messages) >= messages)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            message = Message(self.path, headers, body)
            receiver.messages.append(message)
            self.send_response(receiver.answer(message))
            self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def courier(
    database: str, data_dir: Path, log: Path | None = None, *, private_targets: bool = True
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a courier's process, killed at the end."""
    own = {"MASTERY_DATA_DIR": str(data_dir), "MASTERY_WEBHOOK_PRIVATE_TARGETS": str(private_targets)}
    told = os.devnull if log is None else log
    with Path(told).open("ab") as out:
        command = [sys.executable, "-c", COURIER, database]
        with subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **own}) as process:
            try:
                yield process
            finally:
                process.kill()
