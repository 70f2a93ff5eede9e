"""Import of the Open University data, against COPY of the same rows into a table without index or constraint.

The bulk POST is measured by `bench.http`. Needs the shared data folder. Run `python -m bench.imports`.
"""

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import psycopg

from bench.common import bench_server, fresh_database, machine, seconds
from domain.kernel.envelope import Actor, Role
from infra.identity import utc_now
from infra.postgres.embedded import EmbeddedServer
from infra.postgres.event_store import open_event_store
from services.importers.oulad import import_oulad

IMPORTER = Actor(id="office", role=Role.SERVICE)
SHARED = Path(os.environ.get("MASTERY_SHARED", Path(__file__).resolve().parents[2] / "shared"))
_CHUNK_BYTES = 1 << 20


def imported(conninfo: str) -> float:
    """Return events a second of an import of the whole data into an empty ledger."""

    async def run() -> float:
        async with open_event_store(conninfo) as store:
            report = await import_oulad(store, SHARED / "data" / "oulad", actor=IMPORTER, now=utc_now())
        assert report.refused == 0, report.bad
        return report.events.total() / report.seconds

    return asyncio.run(run())


def copied(conninfo: str) -> float:
    """Return rows a second of COPY of the ledger's rows, made ready before, into a bare table."""
    with psycopg.connect(conninfo, autocommit=True) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY ledger.event TO STDOUT") as copy:
            rows = b"".join(bytes(row) for row in copy)
        cursor.execute("CREATE TABLE public.bare AS SELECT * FROM ledger.event WHERE false")
        chunks = [rows[start : start + _CHUNK_BYTES] for start in range(0, len(rows), _CHUNK_BYTES)]
        return rows.count(b"\n") / seconds(lambda: _copy(cursor, chunks))


def _copy(cursor: psycopg.Cursor[tuple[object, ...]], chunks: Sequence[bytes]) -> None:
    with cursor.copy("COPY public.bare FROM STDIN") as copy:
        for chunk in chunks:
            copy.write(chunk)


def measure(server: EmbeddedServer, rounds: int = 3) -> dict[str, object]:
    """Return the medians of events a second, and the share of COPY that the import reaches."""
    ours, copy = [], []
    for _ in range(rounds):
        database = fresh_database(server)
        ours.append(imported(server.conninfo("mastery_app", database)))
        copy.append(copied(server.conninfo("mastery_owner", database)))
    figures = {"import": median(ours), "copy_bare": median(copy)}
    per_second = {name: round(value) for name, value in figures.items()}
    return {"events_per_second": per_second, "times_copy_bare": round(figures["import"] / figures["copy_bare"], 3)}


if __name__ == "__main__":
    with bench_server() as server:
        print(json.dumps({"oulad": measure(server), "machine": machine()}, indent=2))
