"""Scores posted over HTTP to one worker by 64 connections, and observations in bulk.

Compared with the same route without its append, and with the library's save in a route. Each server is a process
of its own, and so is the client, `wrk`, where it is installed. Run `python -m bench.http`.
"""

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bench.append import NOON, TEACHER, raw
from bench.common import bench_server, fresh_database, machine
from bench.library import Scores, open_library
from bench.load import CONNECTIONS, GENERATOR, Load, Server, post_scores, request, send, serving
from domain.evidence.events import EvidenceSubmitted
from domain.framework.events import Competency, FrameworkPublished, ScalePublished
from domain.kernel.envelope import Meta
from domain.kernel.permissions import Principal
from infra.http.auth import load_keys, mint_token
from infra.postgres.embedded import EmbeddedServer
from infra.postgres.event_store import Append, EventStore, Receipt, blocking_event_store
from infra.settings import CommandAPISettings
from services.command_api.bootstrap import UVICORN, build_app

KINDS = {"ours": 20_000, "bare": 20_000, "library": 1_250}
"""What is compared, and for how many pieces of evidence scores are posted."""
LOAD_S = 3
BULK = 20_000
"""Observations sent in bulk, 100 a request."""
_NUMBERS = count(1)
_SCALE = ScalePublished(scale_id="four-levels", title="Four levels", lowest_micro=0, highest_micro=4_000_000)
_FRAMEWORK = FrameworkPublished(
    framework_id="mathematics",
    title="Mathematics",
    edition="2026",
    scale_id="four-levels",
    competencies=(Competency(competency_id="math.6.rp.1", statement="Understands ratios"),),
)


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


class Posted(NamedTuple):
    """What the client met, and what the server's process spent on each answer, in microseconds."""

    load: Load
    cpu_us: float


def prepare(conninfo: str, pieces: int) -> range:
    """Put that many pieces of evidence on record, the framework too where it is missing; return their numbers."""
    numbers = range(first := next(_NUMBERS), first + pieces)
    for _ in numbers[1:]:
        next(_NUMBERS)
    meta = Meta(actor=TEACHER)
    about = {"learner_id": "l-1", "competency_ids": ["math.6.rp.1"], "kind": "quiz", "task": "unit-3"}
    submitted = [EvidenceSubmitted.model_validate(about | {"evidence_id": f"e{number}"}) for number in numbers]
    published = [("scale-four-levels", _SCALE), ("framework-mathematics", _FRAMEWORK)]
    with blocking_event_store(conninfo) as store:
        store.append_many([Append(stream, 0, [event], NOON, meta) for stream, event in published])
        store.append_many([Append(f"evidence-{event.evidence_id}", 0, [event], NOON, meta) for event in submitted])
    return numbers


def _post(server: Server, token: str, pieces: range) -> Posted:
    began_s = server.cpu_s()
    load = post_scores(server.port, token, pieces, LOAD_S)
    return Posted(load, (server.cpu_s() - began_s) / load.answers * 1e6)


def _batches(token: str, observations: int) -> Sequence[bytes]:
    lines = [
        b'{"evidence_id":"o%d","learner_id":"l-%d","competency_id":"math.6.rp.1","kind":"quiz","task":"unit-3",'
        b'"value":"3","occurred_at":"2026-03-02T12:00:00Z"}\n' % (number, number % 600)
        for number in (next(_NUMBERS) for _ in range(observations))
    ]
    return [
        request(token, "/v1/observations:batch", b"".join(lines[start : start + 100]))
        for start in range(0, observations, 100)
    ]


def measure(server: EmbeddedServer, rounds: int = 3) -> dict[str, Any]:
    """Return medians: requests a second and times of a score, events a second in bulk, and what they compare with."""
    database = fresh_database(server)
    conninfo = server.conninfo("mastery_app", database)
    settings = CommandAPISettings(data_dir=server.folder)
    token = mint_token(settings, load_keys(settings, server.folder), Principal(TEACHER), 3600)
    posted: list[dict[str, Posted]] = []
    bulk: list[float] = []
    plain: list[float] = []
    with ExitStack() as stack:
        servers = {kind: stack.enter_context(serving("bench.http", kind, server.folder, database)) for kind in KINDS}
        for _ in range(rounds + 1):
            pieces = {kind: prepare(conninfo, count) for kind, count in KINDS.items()}
            posted.append({kind: _post(servers[kind], token, pieces[kind]) for kind in KINDS})
            bulk.append(100 * send(servers["ours"].port, _batches(token, BULK), 4).per_second)
            plain.append(raw(conninfo, BULK // 2))
    return _summary(posted[1:], median(bulk[1:]), median(plain[1:]))


def _summary(posted: Sequence[dict[str, Posted]], bulk: float, plain: float) -> dict[str, Any]:
    rates = {kind: median(each[kind].load.per_second for each in posted) for kind in KINDS}
    return {
        "generator": GENERATOR,
        "posts_per_second": {kind: round(rate) for kind, rate in rates.items()},
        "server_cpu_us": {kind: round(median(each[kind].cpu_us for each in posted)) for kind in KINDS},
        "p50_ms": round(median(each["ours"].load.p50_ms for each in posted), 2),
        "p99_ms": round(median(each["ours"].load.p99_ms for each in posted), 2),
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
