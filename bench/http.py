"""Scores posted over HTTP to one worker by 64 connections, and observations in bulk.

Compared with the same route without its append, and with the library's save in a route. Each server is a process
of its own, the client is this one. Run `python -m bench.http`.
"""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple, cast

import anyio
import httpx
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bench.append import NOON, TEACHER, raw
from bench.common import bench_server, fresh_database, machine
from bench.library import Scores, open_library
from domain.evidence.events import EvidenceSubmitted
from domain.framework.events import Competency, FrameworkPublished, ScalePublished
from domain.kernel.envelope import Meta
from domain.kernel.permissions import Principal
from infra.http.auth import load_keys, mint_token
from infra.postgres.embedded import EmbeddedServer
from infra.postgres.event_store import Append, EventStore, Receipt, blocking_event_store
from infra.settings import CommandAPISettings
from services.command_api.bootstrap import UVICORN, build_app

CONNECTIONS = 64
KINDS = {"ours": 1, "bare": 1, "library": 8}
"""What is compared, and how many times fewer requests it gets, since it is slower."""
START_TIMEOUT_S = 30
LOAD_TIMEOUT_S = 60
_NUMBERS = count(1)
_SCALE = ScalePublished(scale_id="four-levels", title="Four levels", lowest_micro=0, highest_micro=4_000_000)
_FRAMEWORK = FrameworkPublished(
    framework_id="mathematics",
    title="Mathematics",
    edition="2026",
    scale_id="four-levels",
    competencies=(Competency(competency_id="math.6.rp.1", statement="Understands ratios"),),
)


class Load(NamedTuple):
    """What a client met: requests a second, and the median and 99th percentile of the answers' times in ms."""

    per_second: float
    p50_ms: float
    p99_ms: float


async def _append_nothing(_store: EventStore, append: Append) -> Receipt:
    return Receipt(append.stream, append.expected_version + 1, 1, len(append.events), NOON)


def serve(kind: str, folder: Path, database: str, port: int) -> None:
    """Serve one contender until the process is told to end: `ours`, `bare` (without append), `library`."""
    with ExitStack() as stack:
        if kind == "library":
            scores = stack.enter_context(open_library(EmbeddedServer(folder, {}), database, CONNECTIONS))
            app = Starlette(routes=[Route("/{path:path}", partial(_save, scores), methods=["POST"])])
        else:
            if kind == "bare":
                EventStore.append = _append_nothing  # type: ignore[method-assign,assignment]
            settings = CommandAPISettings(data_dir=folder)
            app = build_app(settings, EmbeddedServer(folder, {}).conninfo("mastery_app", database))
        uvicorn.run(app, port=port, **UVICORN)


async def _save(scores: Scores, request: Request) -> Response:
    score = await request.json() | {"evidence_id": request.path_params["path"]}
    return JSONResponse({"position": await anyio.to_thread.run_sync(scores.give_score, score)}, 201)


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


def load(port: int, requests: Sequence[bytes], connections: int) -> Load:
    """Send the requests over that many connections, each with one under way."""

    async def run() -> Load:
        loop, supply, took_s = asyncio.get_running_loop(), iter(requests), list[float]()
        started_s = time.perf_counter()
        opened = [
            await loop.create_connection(lambda: _Connection(supply, took_s), "127.0.0.1", port)
            for _ in range(connections)
        ]
        async with asyncio.timeout(LOAD_TIMEOUT_S):
            await asyncio.gather(*(connection.done for _, connection in opened))
        cuts = quantiles(took_s, n=100)
        return Load(len(requests) / (time.perf_counter() - started_s), cuts[49] * 1e3, cuts[98] * 1e3)

    return uvloop.run(run())


@contextmanager
def _running(kind: str, folder: Path, database: str) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "bench.http", kind, str(folder), database, str(port)])  # noqa: S603 - ours
    try:
        _wait(port)
        yield port
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


def prepare(conninfo: str, pieces: int) -> Sequence[str]:
    """Put that many pieces of evidence on record, the framework too where it is missing; return their ids."""
    ids = [f"e{next(_NUMBERS)}" for _ in range(pieces)]
    meta = Meta(actor=TEACHER)
    about = {"learner_id": "l-1", "competency_ids": ["math.6.rp.1"], "kind": "quiz", "task": "unit-3"}
    submitted = [EvidenceSubmitted.model_validate(about | {"evidence_id": one}) for one in ids]
    published = [("scale-four-levels", _SCALE), ("framework-mathematics", _FRAMEWORK)]
    with blocking_event_store(conninfo) as store:
        store.append_many([Append(stream, 0, [event], NOON, meta) for stream, event in published])
        store.append_many([Append(f"evidence-{event.evidence_id}", 0, [event], NOON, meta) for event in submitted])
    return ids


def _request(token: str, path: str, body: bytes) -> bytes:
    head = f"Host: bench\r\nAuthorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    return f"POST {path} HTTP/1.1\r\n{head}".encode() + body


def _scores(token: str, ids: Sequence[str]) -> Sequence[bytes]:
    body = b'{"competency_id":"math.6.rp.1","value":"3"}'
    return [_request(token, f"/v1/evidence/{one}/scores", body) for one in ids]


def _batches(token: str, observations: int) -> Sequence[bytes]:
    lines = [
        b'{"evidence_id":"o%d","learner_id":"l-%d","competency_id":"math.6.rp.1","kind":"quiz","task":"unit-3",'
        b'"value":"3","occurred_at":"2026-03-02T12:00:00Z"}\n' % (number, number % 600)
        for number in (next(_NUMBERS) for _ in range(observations))
    ]
    return [
        _request(token, "/v1/observations:batch", b"".join(lines[start : start + 100]))
        for start in range(0, observations, 100)
    ]


def measure(server: EmbeddedServer, rounds: int = 3, requests: int = 10_000) -> dict[str, Any]:
    """Return medians: requests a second and times of a score, events a second in bulk, and what they compare with."""
    database = fresh_database(server)
    conninfo = server.conninfo("mastery_app", database)
    settings = CommandAPISettings(data_dir=server.folder)
    token = mint_token(settings, load_keys(settings, server.folder), Principal(TEACHER), 3600)
    posted: list[dict[str, Load]] = []
    bulk: list[float] = []
    plain: list[float] = []
    with ExitStack() as stack:
        ports = {kind: stack.enter_context(_running(kind, server.folder, database)) for kind in KINDS}
        for _ in range(rounds + 1):
            sent = {kind: _scores(token, prepare(conninfo, requests // KINDS[kind])) for kind in KINDS}
            posted.append({kind: load(ports[kind], sent[kind], CONNECTIONS) for kind in KINDS})
            bulk.append(200 * load(ports["ours"], _batches(token, 2 * requests), 4).per_second)
            plain.append(raw(conninfo, requests))
    return _summary(posted[1:], median(bulk[1:]), median(plain[1:]))


def _summary(posted: Sequence[dict[str, Load]], bulk: float, plain: float) -> dict[str, Any]:
    rates = {kind: median(loads[kind].per_second for loads in posted) for kind in KINDS}
    return {
        "posts_per_second": {kind: round(rate) for kind, rate in rates.items()},
        "p50_ms": round(median(loads["ours"].p50_ms for loads in posted), 2),
        "p99_ms": round(median(loads["ours"].p99_ms for loads in posted), 2),
        "times_without_append": round(rates["ours"] / rates["bare"], 2),
        "times_library": round(rates["ours"] / rates["library"], 1),
        "bulk_events_per_second": round(bulk),
        "raw_events_per_second": round(plain),
        "times_raw": round(bulk / plain, 2),
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        with bench_server() as running:
            print(json.dumps({"http": measure(running), "machine": machine()}, indent=2))
