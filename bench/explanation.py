"""Explanations of single cells over HTTP, from a district's read models; the health endpoint beside them.

Run `python -m bench.explanation [--scores 1000000]`. One connection, then eight, each question about another cell;
also with what changed since a date. The server is a process of its own.
"""

import argparse
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

import uvicorn

from bench.append import NOON
from bench.common import bench_server, fresh_database, machine
from bench.load import Load, request, send, serving
from bench.projectors import COMPETENCIES, SCORES_A_CELL, fill_log
from domain.framework.events import Competency, FrameworkPublished
from domain.kernel.envelope import Actor, Meta, Role
from domain.kernel.permissions import Principal
from infra.http.auth import load_keys, mint_token
from infra.postgres.embedded import EmbeddedServer
from infra.postgres.event_store import Append, blocking_event_store
from infra.settings import QueryAPISettings
from services.projectors import ledger
from services.projectors.models import MODELS
from services.projectors.rebuilding.rebuild import rebuild
from services.query_api.bootstrap import build_app

ADMINISTRATOR: Final = Actor(id="a1", role=Role.ADMINISTRATOR)
CONNECTIONS: Final = (1, 8)
REQUESTS: Final = 2_000
ASKED: Final = {
    "health": "/healthz",
    "explanation": "/v1/learners/learner-{learner}/explanation?competency=math.6.{competency}",
    "explanation_since": "/v1/learners/learner-{learner}/explanation?competency=math.6.{competency}"
    "&since=2026-01-01T00:00:00Z",
}


def serve(folder: Path, database: str, port: int) -> None:
    """Serve the query API until the process is told to end."""
    app = build_app(QueryAPISettings(data_dir=folder), EmbeddedServer(folder, {}).conninfo("mastery_app", database))
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning")


def fill(conninfo: str, scores: int) -> int:
    """Put a framework and scores on record and build the read models; return how many learners there are."""
    fill_log(conninfo, scores)
    numbers = range(COMPETENCIES)
    framework = FrameworkPublished(
        framework_id="mathematics",
        title="Mathematics",
        edition="2026",
        scale_id="four-levels",
        competencies=tuple(Competency(competency_id=f"math.6.{n}", statement=f"Part {n}") for n in numbers),
    )
    with blocking_event_store(conninfo) as store:
        store.append(Append("framework-mathematics", 0, [framework], NOON, Meta(actor=ADMINISTRATOR)))
    with ledger.connect(conninfo) as connection:
        for name in MODELS:
            rebuild(connection, name)
    return scores // SCORES_A_CELL // COMPETENCIES


def measure(server: EmbeddedServer, scores: int, rounds: int) -> dict[str, Any]:
    """Return milliseconds of each question by number of connections: medians of interleaved rounds."""
    database = fresh_database(server)
    learners = fill(server.conninfo("mastery_app", database), scores)
    settings = QueryAPISettings(data_dir=server.folder)
    token = mint_token(settings, load_keys(settings, server.folder), Principal(ADMINISTRATOR), 3600)
    pick = random.Random(20261122)  # noqa: S311 - no secret

    def asked(path: str) -> bytes:
        chosen = path.format(learner=pick.randrange(learners), competency=pick.randrange(COMPETENCIES))
        return request(token, chosen, method="GET")

    with serving("bench.explanation", server.folder, database) as running:

        def ask(connections: int) -> dict[str, Load]:
            supply = {name: [asked(path) for _ in range(REQUESTS)] for name, path in ASKED.items()}
            return {name: send(running.port, requests, connections) for name, requests in supply.items()}

        rounds_of = {connections: [ask(connections) for _ in range(rounds + 1)][1:] for connections in CONNECTIONS}
    return {
        f"{connections} connections": {name: _medians([each[name] for each in loads]) for name in ASKED}
        for connections, loads in rounds_of.items()
    }


def _medians(loads: Sequence[Load]) -> dict[str, float]:
    shown = ("per_second", "p50_ms", "p99_ms")
    return {what: round(median(getattr(load, what) for load in loads), 2) for what in shown}


def main() -> None:
    """Serve, or print the figures as JSON."""
    if sys.argv[1:] and not sys.argv[1].startswith("-"):
        folder, database, port = sys.argv[1:]
        serve(Path(folder), database, int(port))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with bench_server() as server:
        figures = measure(server, given.scores, given.rounds)
    print(json.dumps({"scores": given.scores, "explanation": figures, **machine()}, indent=2))


if __name__ == "__main__":
    main()
