"""Servers that are measured, each a process of its own, and who sends the requests.

That is `wrk` where it is installed, which leaves the processors to the server, else this process.
"""

import asyncio
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Final, NamedTuple, cast

import httpx
import psutil  # type: ignore[import-untyped]
import uvloop

CONNECTIONS: Final = 64
TIMEOUT_S: Final = 60
START_TIMEOUT_S: Final = 30
WRK: Final = shutil.which("wrk")
GENERATOR: Final = "wrk" if WRK else "python"
_SCRIPT: Final = Path(__file__).with_name("scores.lua")
_SCORE: Final = '{"competency_id":"math.6.rp.1","value":"3"}'


class Load(NamedTuple):
    """What a client met: answers, how many a second, and the median and 99th percentile of their times in ms."""

    answers: int
    per_second: float
    p50_ms: float
    p99_ms: float


class Server(NamedTuple):
    """A server that is running."""

    port: int
    process: psutil.Process

    def cpu_s(self) -> float:
        """Return the processor time that it took so far, in seconds."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def serving(module: str, *arguments: object) -> Iterator[Server]:
    """Run a module that serves HTTP, with these arguments and a free port after them, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", module, *map(str, arguments), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
    try:
        _wait(port)
        yield Server(port, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    given_up_at = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < given_up_at:
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"no server on port {port} after {START_TIMEOUT_S} s")


def post_scores(port: int, token: str, pieces: range, load_s: int) -> Load:
    """Post scores over 64 connections, each for another piece of evidence; without wrk, one for each piece."""
    if WRK is None:
        paths = (f"/v1/evidence/e{number}/scores" for number in pieces)
        return send(port, [request(token, path, _SCORE.encode()) for path in paths], CONNECTIONS)
    command = [WRK, "-t1", f"-c{CONNECTIONS}", f"-d{load_s}s", f"-s{_SCRIPT}", f"http://127.0.0.1:{port}"]
    supply = ["--", str(pieces.start), str(len(pieces)), token, _SCORE]
    done = subprocess.run(command + supply, capture_output=True, check=True, timeout=load_s + TIMEOUT_S)  # noqa: S603 - ours
    told = json.loads(done.stdout.splitlines()[-1])
    if told["failed"]:
        raise ValueError(f"{told['failed']} of {told['answers']} scores failed")
    return Load(told["answers"], told["answers"] / told["took_us"] * 1e6, told["p50_us"] / 1e3, told["p99_us"] / 1e3)


def request(token: str, path: str, body: bytes = b"", method: str = "POST") -> bytes:
    """Return a request as it goes over the wire."""
    head = f"Host: bench\r\nAuthorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    return f"{method} {path} HTTP/1.1\r\n{head}".encode() + body


class _Connection(asyncio.Protocol):
    """Sends one request after the other from a shared supply and notes how long each answer takes, in seconds."""

    def __init__(self, supply: Iterator[bytes], took_s: list[float]) -> None:
        self._supply, self._took_s = supply, took_s
        self._answer = bytearray()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        """Send the next request when the answer is there."""
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().split(b"content-length:")[1].split(b"\r")[0]):
            return
        if not self._answer.startswith(b"HTTP/1.1 20"):
            self.done.set_exception(ValueError(bytes(self._answer)))
            return
        self._took_s.append(time.perf_counter() - self._sent_at_s)
        self._answer.clear()
        self._next()

    def _next(self) -> None:
        request = next(self._supply, None)
        if request is None:
            self._transport.close()
            self.done.set_result(None)
            return
        self._sent_at_s = time.perf_counter()
        self._transport.write(request)


def send(port: int, requests: Sequence[bytes], connections: int) -> Load:
    """Send the requests from this process over that many connections, each with one under way."""

    async def run() -> Load:
        loop, supply, took_s = asyncio.get_running_loop(), iter(requests), list[float]()
        started_s = time.perf_counter()
        opened = [
            await loop.create_connection(lambda: _Connection(supply, took_s), "127.0.0.1", port)
            for _ in range(connections)
        ]
        async with asyncio.timeout(TIMEOUT_S):
            await asyncio.gather(*(connection.done for _, connection in opened))
        cuts = quantiles(took_s, n=100)
        per_second = len(requests) / (time.perf_counter() - started_s)
        return Load(len(requests), per_second, cuts[49] * 1e3, cuts[98] * 1e3)

    return uvloop.run(run())
