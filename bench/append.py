"""Appends of single events by 64 tasks of one process, against the library and against a raw INSERT.

Run `python -m bench.append`.
"""

import asyncio
import gc
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

import psycopg
import uvloop

from bench.common import bench_server, fresh_database, machine, medians, seconds
from bench.library import open_library, stored
from domain.evidence.events import ScoreGiven
from domain.kernel.envelope import Actor, Meta, Role, Source
from infra.postgres.embedded import EmbeddedServer
from infra.postgres.event_store import Append, open_event_store
from schemas.canonical import canonical_model
from schemas.envelope import learner_of
from schemas.registry import encode

TASKS = 64
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEACHER = Actor(id="teacher-7", role=Role.TEACHER)
_NUMBERS = count(1)
_RAW = """
    INSERT INTO ledger.event
        (position, recorded_at, stream, version, type, event_id, learner_id, occurred_at, meta, data)
    SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::int[], %s::text[], %s::uuid[], %s::text[],
                         %s::timestamptz[], %s::json[], %s::json[])
"""


def score(number: int) -> ScoreGiven:
    """Return a score event of usual size."""
    return ScoreGiven(
        score_id=f"score-{number}",
        evidence_id=f"evidence-{number}",
        learner_id=f"learner-{number % 600}",
        competency_id="math.6.rp.1",
        framework_id="mathematics",
        scale_id="four-levels",
        value_micro=3_000_000,
        possible_micro=4_000_000,
        kind="quiz",
        task="unit-3",
        assessor=TEACHER,
    )


def commands(events: int) -> Sequence[Append]:
    """Return that many commands of one score each, all for new streams."""
    made = []
    for number in (next(_NUMBERS) for _ in range(events)):
        meta = Meta(actor=TEACHER, source=Source(system="lms"), correlation_id=f"request-{number}")
        made.append(Append(f"evidence-{number}", 0, [score(number)], NOON, meta))
    return made


def ours(conninfo: str, events: int) -> float:
    """Return events a second of 64 tasks that each append one event after the other."""

    async def run() -> float:
        todo = iter(commands(events))
        async with open_event_store(conninfo) as store:

            async def work() -> None:
                for command in todo:
                    await store.append(command)

            await store.head()
            gc.freeze()  # as a service does; the commands of a whole run are no one's garbage
            start = asyncio.get_running_loop().time()
            await asyncio.gather(*(work() for _ in range(TASKS)))
            return events / (asyncio.get_running_loop().time() - start)

    return uvloop.run(run())


def library(act: Callable[[int], object], events: int) -> float:
    """Return events a second of 64 threads that each call the library once an event."""
    with ThreadPoolExecutor(TASKS) as pool:
        return events / seconds(lambda: list(pool.map(act, range(events))))


def raw(conninfo: str, events: int) -> float:
    """Return events a second of plain INSERTs of 100 rows a commit on one connection, same table and indexes."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        [head] = connection.execute("SELECT coalesce(max(position), 0) FROM ledger.event").fetchone() or (0,)
        batches = list(_batches(commands(events), head))
        return events / seconds(lambda: [connection.execute(_RAW, batch) for batch in batches])


def _batches(made: Sequence[Append], head: int) -> Iterator[list[list[object]]]:
    rows = []
    for position, one in enumerate(made, head + 1):
        [event] = one.events
        texts = canonical_model(one.meta).decode(), encode(event).decode()
        rows.append((position, NOON, one.stream, 1, event.type, uuid4(), learner_of(event), NOON, *texts))
    for start in range(0, len(rows), 100):
        yield [list(column) for column in zip(*rows[start : start + 100], strict=True)]


def measure(server: EmbeddedServer, rounds: int = 3, events: int = 10_000) -> dict[str, object]:
    """Return the medians in events a second, and how many times the others' ours are."""
    database = fresh_database(server)
    conninfo = server.conninfo("mastery_app", database)
    few, state = events // 10, encode(score(1))
    with open_library(server, database, TASKS) as application:
        figures = medians(
            {
                "ours": lambda: ours(conninfo, events),
                "library_save": lambda: library(lambda n: application.give_score(score(n).model_dump()), few),
                "library_recorder": lambda: library(lambda _: application.recorder.insert_events(stored(state)), few),
                "raw_unnest_100": lambda: raw(conninfo, events),
            },
            rounds,
        )
    times = {f"times_{name}": round(figures["ours"] / value, 2) for name, value in figures.items() if name != "ours"}
    return {"events_per_second": {name: round(value) for name, value in figures.items()}, **times}


if __name__ == "__main__":
    with bench_server() as server:
        print(json.dumps({"append": measure(server), "machine": machine()}, indent=2))
