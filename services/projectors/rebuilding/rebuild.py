"""Rebuild: the next generation beside the live one, from the beginning of the log; and back again.

What a rebuild answers for: at one position (`compared_at`) the new generation held, row by row, what the live one
did. The events between that position and the switch were folded into both by the same code, and are not compared.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import psycopg

from domain.kernel.errors import Conflict, Refused
from infra.postgres import lease
from services.projectors import generations, ledger, parts
from services.projectors.filler import Batch, Filler
from services.projectors.lanes import lanes
from services.projectors.lanes.lane_filler import close
from services.projectors.models import make
from services.projectors.publishing import switching
from services.projectors.rebuilding import crew, indexing

NEAR_EVENTS_MAX: Final = 1_000
"""How near to the head a generation has come before the live one is held for the switch."""
FINISHED: Final = """
    UPDATE read_model.generation SET state = 'ready', position = %s WHERE projector = %s AND generation = %s
"""
Report = Callable[[Batch], None]


class Compared(NamedTuple):
    """The position at which two generations were compared, and the digest of both."""

    position: int
    digest: str


class Switched(NamedTuple):
    """The generation that is live now and the position of the switch; if it was compared: its digest, and where."""

    generation: int
    position: int
    digest: str | None
    compared_at: int | None


def _no_report(_: Batch) -> None:
    pass


def rebuild(
    connection: psycopg.Connection[Any],
    name: str,
    *,
    workers: int = 1,
    accept_difference: bool = False,
    report: Report = _no_report,
) -> Switched:
    """Build the next generation from position 0, or go on with one that was interrupted, and make it the live one.

    The live one answers meanwhile and stays for a rollback. `workers` processes build it, each its part of the
    learners; one: this process. `report` hears of every batch.

    Raises:
        Conflict: rebuild-running, if another process builds.
        Refused: rebuild-differs, if the new generation holds something else than the live one did at the same
            position; it is kept, and `accept_difference` switches to it.
        Unavailable: workers ended before their work was done.
    """
    model = make(name)
    with _alone(connection, name):
        generations.ensure(connection, name)
        new = generations.begun(connection, name) or generations.create(connection, model)
        filler = Filler(connection, name, new.generation)
        while True:
            _build(filler, workers, report)
            _fill(filler, report)
            compared = None if accept_difference else _compare(filler)
            _fill(filler, report)
            if switched := _promote(filler, compared):
                return switched


def roll_back(connection: psycopg.Connection[Any], name: str, report: Report = _no_report) -> Switched:
    """Make the generation before the last rebuild live again, once it has caught up.

    Raises:
        Conflict: rebuild-running, if another process builds.
        Refused: nothing-to-roll-back.
    """
    with _alone(connection, name):
        kept = generations.before(connection, name)
        if kept is None:
            raise Refused("nothing-to-roll-back", f"no earlier generation of {name} is kept")
        filler = Filler(connection, name, kept.generation)
        while True:
            _fill(filler, report)
            _build(filler, 1, report)
            if switched := _promote(filler, None):
                return switched


@contextmanager
def _alone(connection: psycopg.Connection[Any], name: str) -> Iterator[None]:
    """Keep all others from building generations of a projector, and from going back to one."""
    if not lease.take(connection, f"rebuild {name}"):
        raise Conflict("rebuild-running", f"projector {name} is being rebuilt already")
    try:
        yield
    finally:
        lease.give_back(connection, f"rebuild {name}")


def _build(filler: Filler, workers: int, report: Report) -> None:
    """Build the generation part by part and make it ready for readers, unless it is."""
    connection, name, generation = filler.connection, filler.name, filler.generation
    assert generation is not None
    if generations.place(connection, name, generation).state != "building":
        return
    parts.begin(connection, name, generation, workers, ledger.head(connection))
    until = crew.build_parts(connection, name, generation, workers, report)[0].until
    if workers > 1:  # the server's own parallel workers do more work, though for one of ours they take less time
        indexing.index(connection, filler.model.late_tables, generation, workers)
    with connection.transaction():
        for table in filler.model.late_tables:
            generations.attach(connection, table, generation)
        filler.model.finish(connection, generation, until)
        connection.execute(FINISHED, (until, name, generation))


def _fill(filler: Filler, report: Report) -> None:
    while True:
        batch = filler.step()
        report(batch)
        if batch.head - batch.position <= NEAR_EVENTS_MAX:
            return


def _compare(filler: Filler) -> Compared | None:
    """Bring the generation and the live one to the same position and compare them; return where, and the digest.

    A runner of the log is not held meanwhile: the live one is read as it stood when the comparison began. Workers that
    follow the topic are. Returns None if none is live, or if an event on that way takes the generation back to
    `finish`.

    Raises:
        Refused: rebuild-differs.
    """
    connection, name = filler.connection, filler.name
    assert filler.generation is not None
    if generations.live(connection, name).generation is None:
        return None
    while True:
        _reach(Filler(connection, name), generations.place(connection, name, filler.generation).position)
        has_lanes = bool(lanes.states(connection, name))
        with connection.transaction():
            if has_lanes:  # only what is at one position can be compared: workers are held meanwhile
                generations.live(connection, name, lock=True)
                close(connection, name)
            else:
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            live = generations.live(connection, name).place
            if switching.owes(connection, live.facts_generation) or lanes.states(connection, name):
                continue  # each turn settles one switch of the log
            _reach(filler, live.position)
            new = generations.place(connection, name, filler.generation)
            if new.state == "building":
                return None
            old, digest = (generations.digest(connection, filler.model, place) for place in (live, new))
        if digest != old:
            fault = f"generation {filler.generation} differs from the live one"
            raise Refused("rebuild-differs", fault, live=old, new=digest)
        return Compared(live.position, digest)


def _promote(filler: Filler, compared: Compared | None) -> Switched | None:
    """Bring the generation to the head of the log and switch to it: one transaction, in which the live one waits.

    Returns None if an event on that way takes the generation back to `finish`, which reads what is committed.
    """
    connection, name = filler.connection, filler.name
    assert filler.generation is not None
    with connection.transaction():
        generations.live(connection, name, lock=True)
        close(connection, name)
        position = _reach(filler, ledger.head(connection))
        if generations.place(connection, name, filler.generation).state == "building":
            return None
        generations.switch(connection, name, filler.generation, position)
    at, digest = compared or (None, None)
    return Switched(filler.generation, position, digest, at)


def _reach(filler: Filler, until: int) -> int:
    """Bring a generation to a position at least; return where it is."""
    batch = filler.step(until)
    while batch.position < until:
        batch = filler.step(until)
    return batch.position
