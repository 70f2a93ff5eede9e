"""Poison events: each parks its learner, whose later events wait in the log until the event is retried or skipped."""

from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson
import psycopg
from pydantic import ValidationError

from domain.kernel.errors import LedgerError, Unknown
from domain.kernel.ids import LearnerId
from domain.operations.events import ProjectorEventSkipped
from schemas.registry import faults_of
from services.projectors import generations, ledger
from services.projectors.generations import Place
from services.projectors.lanes import lanes
from services.projectors.models import make
from services.projectors.read_model import Poison, ReadModel, StoredRow

PARK: Final = """
    INSERT INTO read_model.parked (projector, generation, position, learner_id, type, why)
    SELECT %s, %s, position, %s, type, %s FROM ledger.event WHERE position = %s
"""
WAITING: Final = """
    SELECT learner_id, position FROM read_model.parked
    WHERE projector = %s AND generation = %s AND learner_id IS NOT NULL
"""
ALONE: Final = """
    SELECT position FROM read_model.parked WHERE projector = %s AND generation = %s AND learner_id IS NULL
"""
RELEASE: Final = """
    DELETE FROM read_model.parked WHERE projector = %s AND generation = %s AND position = %s RETURNING learner_id
"""
PARKED: Final = """
    SELECT parked.projector, parked.learner_id, parked.position, parked.type, parked.why, parked.since,
        (SELECT count(*) FROM ledger.event
         WHERE event.learner_id = parked.learner_id AND event.position > parked.position
             AND event.position <= projector.position)
    FROM read_model.parked JOIN read_model.projector
        ON projector.name = parked.projector AND projector.facts_generation = parked.generation
    WHERE %s::text IS NULL OR projector.name = %s
    ORDER BY parked.projector, parked.position
"""
TOUCH: Final = "UPDATE read_model.projector SET epoch = epoch + 1 WHERE name = %s"


class Parked(NamedTuple):
    """A poison event of a live generation; `waiting` counts the later events of its learner that were passed over."""

    projector: str
    learner_id: str | None
    position: int
    type: str
    why: str
    since: datetime
    waiting: int


def is_skip(row: StoredRow, name: str) -> bool:
    """Say whether the event tells this projector to skip another event."""
    return row.type == ledger.SKIPPED and row.stream == f"operations-{name}"


def poison(row: StoredRow, error: Exception) -> Poison:
    """Return what an error that comes from one event says."""
    return Poison(row.position, row.learner_id, fault_of(error))


def fault_of(error: BaseException | None) -> str:
    """Return what an error says, without the row or the value that it met: these may be personal."""
    match error:
        case LedgerError():
            return str(error)
        case psycopg.Error(diag=diag):
            places = (("table", diag.table_name), ("column", diag.column_name), ("constraint", diag.constraint_name))
            where = ", ".join(f"{kind} {name}" for kind, name in places if name)
            return f"{type(error).__name__} ({where or error.sqlstate})"
        case ValidationError():
            return faults_of(error)
        case _:
            return repr(error)


def park(connection: psycopg.Connection[Any], name: str, generation: int, found: Poison) -> None:
    """Note a poison event."""
    connection.execute(PARK, (name, generation, found.learner_id, found.why, found.position))


def waiting(connection: psycopg.Connection[Any], name: str, generation: int) -> dict[str, int]:
    """Return the learners who are parked, and from which position on."""
    return dict(connection.execute(WAITING, (name, generation)).fetchall())


def alone(connection: psycopg.Connection[Any], name: str, generation: int) -> set[int]:
    """Return the positions of poison events that are about no learner."""
    return {position for (position,) in connection.execute(ALONE, (name, generation)).fetchall()}


def parked(connection: psycopg.Connection[Any], name: str | None = None) -> list[Parked]:
    """Return the poison events of the live generation of one projector, or of all."""
    return [Parked(*row) for row in connection.execute(PARKED, (name, name)).fetchall()]


def obey(connection: psycopg.Connection[Any], model: ReadModel, place: Place, skip: StoredRow) -> int:
    """Go on without the event that `skip` names, return its position; what waited behind it is folded now."""
    position = int(orjson.loads(skip.data)["position_skipped"])
    row = connection.execute(RELEASE, (model.name, place.facts_generation, position)).fetchone()
    if row is not None and row[0] is not None:
        _replay(connection, model, place, row[0], (position, skip.position))
    return position


def retry(connection: psycopg.Connection[Any], name: str, position: int) -> Parked | None:
    """Try a parked event of the live generation again, and all that waited behind it.

    Returns None if its learner is up to date again, else what the learner is parked behind now.

    Raises:
        Unknown: not-parked.
    """
    with connection.transaction():
        place = generations.live(connection, name, lock=True).place
        row = connection.execute(RELEASE, (name, place.facts_generation, position)).fetchone()
        if row is None:
            raise Unknown("not-parked", f"event {position} is not parked", projector=name)
        model = make(name)
        model.settle(connection, place.generation)
        _replay(connection, model, place, row[0], (position - 1, lanes.reached(connection, name, row[0])))
        connection.execute(TOUCH, (name,))
    return next((one for one in parked(connection, name) if one.learner_id == row[0]), None)


def skip_event(connection: psycopg.Connection[Any], name: str, position: int) -> ProjectorEventSkipped:
    """Return the event that makes a projector go on without a parked one; the caller appends it with its reason.

    Raises:
        Unknown: not-parked.
    """
    for one in parked(connection, name):
        if one.position == position:
            learner_id = None if one.learner_id is None else LearnerId(one.learner_id)
            return ProjectorEventSkipped(projector=name, position_skipped=position, learner_id=learner_id)
    raise Unknown("not-parked", f"event {position} is not parked", projector=name)


def _replay(
    connection: psycopg.Connection[Any],
    model: ReadModel,
    place: Place,
    learner_id: str | None,
    span: tuple[int, int],
) -> None:
    """Fold what was passed over in a span (after, until), up to the first that can't be digested: it is parked."""
    after, until = span
    if learner_id is None:
        rows = ledger.read(connection, after, after + 1, None)
    else:
        rows = ledger.read_learner(connection, learner_id, after, until, model.types)
    skipped = ledger.skipped_positions(connection, model.name)
    for row in rows:
        if row.position in skipped:
            continue
        try:
            with connection.transaction():
                model.apply(connection, place.generation, [row])
        except psycopg.OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever an event breaks
            found = error if isinstance(error, Poison) else poison(row, error)
            park(connection, model.name, place.facts_generation, found)
            return
