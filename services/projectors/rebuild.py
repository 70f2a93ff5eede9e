"""Rebuild: the next generation beside the live one, from the beginning of the log; and back again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple

import psycopg

from domain.kernel.errors import Conflict, Refused
from services.projectors import generations, lease, ledger
from services.projectors.filler import Batch, Filler
from services.projectors.models import make

NEAR_EVENTS_MAX: Final = 1_000
"""How near to the head a generation has come before the live one is held for the switch."""
FINISHED: Final = "UPDATE read_model.generation SET state = 'ready' WHERE projector = %s AND generation = %s"
PROGRESS: Final = """
    SELECT projector, generation, position, (SELECT coalesce(max(position), 0) FROM ledger.event) AS head,
        (position / greatest(extract(epoch FROM clock_timestamp() - started_at), 0.001))::bigint, started_at
    FROM read_model.generation
    WHERE state IN ('building', 'ready') AND facts_generation = generation AND (%s::text IS NULL OR projector = %s)
    ORDER BY projector, generation
"""
Report = Callable[[Batch], None]


class Progress(NamedTuple):
    """How far a generation under construction has come."""

    projector: str
    generation: int
    position: int
    head: int
    events_per_second: int
    started_at: datetime

    @property
    def seconds_left(self) -> int | None:
        """Whole seconds until the head at this rate; None as long as the rate is not known."""
        return (self.head - self.position) // self.events_per_second if self.events_per_second else None


class Switched(NamedTuple):
    """The generation that is live now, the position of the switch, and the digest if it was compared."""

    generation: int
    position: int
    digest: str | None


def progress(connection: psycopg.Connection[Any], name: str | None = None) -> list[Progress]:
    """Return the generations under construction of one projector, or of all."""
    return [Progress(*row) for row in connection.execute(PROGRESS, (name, name)).fetchall()]


def _no_report(_: Batch) -> None:
    pass


def rebuild(
    connection: psycopg.Connection[Any],
    name: str,
    *,
    accept_difference: bool = False,
    report: Report = _no_report,
) -> Switched:
    """Build the next generation from position 0, or go on with one that was interrupted, and make it the live one.

    The live one answers meanwhile and stays for a rollback. `report` hears of every batch.

    Raises:
        Conflict: rebuild-running, if another process builds.
        Refused: rebuild-differs, if the new generation holds something else than the live one did at the same
            position; it is kept, and `accept_difference` switches to it.
    """
    model = make(name)
    if not lease.take(connection, f"rebuild {name}"):
        raise Conflict("rebuild-running", f"projector {name} is being rebuilt already")
    try:
        generations.live(connection, name)
        new = generations.begun(connection, name) or generations.create(connection, model)
        filler = Filler(connection, name, new.generation)
        while True:
            _fill(filler, report)
            _finish(filler)
            _fill(filler, report)
            if switched := _promote(filler, compare=not accept_difference):
                return switched
    finally:
        lease.give_back(connection, f"rebuild {name}")


def roll_back(connection: psycopg.Connection[Any], name: str, report: Report = _no_report) -> Switched:
    """Make the generation before the last rebuild live again, once it has caught up.

    Raises:
        Refused: nothing-to-roll-back.
    """
    kept = generations.before(connection, name)
    if kept is None:
        raise Refused("nothing-to-roll-back", f"no earlier generation of {name} is kept")
    filler = Filler(connection, name, kept.generation)
    while True:
        _fill(filler, report)
        _finish(filler)
        if switched := _promote(filler, compare=False):
            return switched


def _fill(filler: Filler, report: Report) -> None:
    while True:
        batch = filler.step()
        report(batch)
        if batch.head - batch.position <= NEAR_EVENTS_MAX:
            return


def _finish(filler: Filler) -> None:
    """Make the generation ready for readers, unless it is."""
    connection, name = filler.connection, filler.name
    assert filler.generation is not None
    with connection.transaction():
        if generations.place(connection, name, filler.generation).state == "building":
            filler.model.finish(connection, filler.generation)
            connection.execute(FINISHED, (name, filler.generation))


def _promote(filler: Filler, *, compare: bool) -> Switched | None:
    """Bring the generation and the live one to the same position, compare them, switch: one transaction.

    Returns None if an event on that way takes the generation back to `finish`, which reads what is committed.
    """
    connection, name = filler.connection, filler.name
    assert filler.generation is not None
    with connection.transaction():
        live = generations.live(connection, name, lock=True)
        head = ledger.head(connection)
        position = _reach(filler, head)
        if generations.place(connection, name, filler.generation).state == "building":
            return None
        digest = None
        if compare and live.generation is not None:
            _reach(Filler(connection, name), head)
            digest = _compare(connection, name, filler.generation)
        generations.switch(connection, name, filler.generation, position)
    return Switched(filler.generation, position, digest)


def _reach(filler: Filler, until: int) -> int:
    batch = filler.step(until)
    while batch.position < until:
        batch = filler.step(until)
    return batch.position


def _compare(connection: psycopg.Connection[Any], name: str, generation: int) -> str:
    model, new = make(name), generations.place(connection, name, generation)
    old = generations.digest(connection, model, generations.live(connection, name).place)
    digest = generations.digest(connection, model, new)
    if digest != old:
        raise Refused("rebuild-differs", f"generation {generation} differs from the live one", live=old, new=digest)
    return digest
