"""Histories for projector tests: events appended one by one, then folded in batches of a test's choice."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from domain.kernel.envelope import Meta
from domain.kernel.event import Event
from infra.postgres.event_store import Append, EventStore
from services.projectors import generations, ledger
from services.projectors.filler import Filler
from services.projectors.models import MODELS, make
from services.projectors.read_model import ReadModel
from services.projectors.runner import catch_up

TEACHER = Meta.model_validate({"actor": {"id": "t1", "role": "teacher"}})


def at(day: str) -> datetime:
    """Noon of a day, UTC."""
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)


async def append(store: EventStore, *facts: tuple[str, Event, str] | tuple[str, Event, str, Meta]) -> None:
    """Append (stream, event, day) or (stream, event, day, envelope), each as one command."""
    versions: Counter[str] = Counter()
    for stream, event, day, *meta in facts:
        if stream not in versions:
            versions[stream] = (await store.load(stream)).version
        await store.append(Append(stream, versions[stream], [event], at(day), meta[0] if meta else TEACHER))
        versions[stream] += 1


def feed(database: str, model: ReadModel, batch: int = 1000) -> int:
    """Fold the whole log into a new generation, so many events at a time, make it live and return its number."""
    with ledger.connect(database) as connection:
        generations.ensure(connection, model.name)
        generation = generations.create(connection, model).generation
        head = ledger.head(connection)
        for after in range(0, head, batch):
            stored = ledger.read(connection, after, min(after + batch, head), model.types)
            with connection.transaction():
                model.apply(connection, generation, stored)
        with connection.transaction():
            for table in model.late_tables:
                generations.attach(connection, table, generation)
            generations.switch(connection, model.name, generation, head)
        return generation


def follow(connection: psycopg.Connection[Any], *names: str) -> None:
    """Bring live read models to the head of the log, mastery unless others are named; nobody else runs them."""
    for name in names or ("mastery",):
        filler = Filler(connection, name)
        while not filler.step().is_last:
            pass


def live_digest(connection: psycopg.Connection[Any]) -> str:
    """Return the digest of live mastery."""
    return generations.digest(connection, make("mastery"), generations.live(connection, "mastery").place)


def digest(database: str, model: ReadModel, generation: int) -> str:
    """Return the digest of a generation."""
    with ledger.connect(database) as connection:
        return generations.digest(connection, model, generations.place(connection, model.name, generation))


def select(database: str, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Return the rows of a query as dictionaries."""
    with psycopg.connect(database, row_factory=dict_row, options="-c TimeZone=UTC") as connection:
        return connection.execute(query.encode(), values).fetchall()


def project(database: str) -> None:
    """Bring all three read models to the head of the log, as their processes would."""
    for name in MODELS:
        assert catch_up(database, name) is not None, f"{name} is run by somebody else"
