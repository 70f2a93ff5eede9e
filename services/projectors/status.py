"""How far each projector has come."""

from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

import psycopg

from services.projectors import lease, ledger, parking, rebuild
from services.projectors.models import MODELS

State = Literal["live", "catching up", "building", "stopped"]
STATUS: Final = """
    SELECT generation, projector.position,
        coalesce(ceil(extract(epoch FROM clock_timestamp() - next.recorded_at)), 0)::int,
        events_per_second, updated_at
    FROM read_model.projector LEFT JOIN ledger.event AS next ON next.position = projector.position + 1
    WHERE name = %s
"""


class Status(NamedTuple):
    """One projector: its live generation (None before the first) and how far that is behind the log.

    `lag_seconds` is the age of the oldest event not yet folded, 0 at the head. `parked` counts poison events.
    """

    name: str
    state: State
    generation: int | None
    position: int
    head: int
    lag_seconds: int
    events_per_second: int
    updated_at: datetime | None
    parked: int

    @property
    def lag_events(self) -> int:
        """How many events are not yet folded."""
        return self.head - self.position


def status(connection: psycopg.Connection[Any]) -> list[Status]:
    """Return the status of every projector."""
    building = {progress.projector for progress in rebuild.progress(connection)}
    parked = [one.projector for one in parking.parked(connection)]
    head = ledger.head(connection)
    answer = []
    for name in MODELS:
        row = connection.execute(STATUS, (name,)).fetchone() or (None, 0, 0, 0, None)
        generation, position, lag_seconds, rate, updated_at = row
        state: State = "live" if position >= head else "catching up"
        if not lease.is_taken(connection, f"run {name}"):
            state = "stopped"
        elif generation is None and name in building:
            state = "building"
        count = parked.count(name)
        answer.append(Status(name, state, generation, position, head, lag_seconds, rate, updated_at, count))
    return answer
