"""What is told of a simulation bit by bit: its progress as server-sent events, its movers as CSV."""

import asyncio
import csv
import io
import time
from collections.abc import AsyncIterator, Iterable
from functools import partial
from typing import Final

from domain.kernel.ids import SimulationId
from services.query_api.desk import Desk
from services.query_api.simulation_movers import Mover, read_lines
from services.query_api.simulations import ENDED, Simulation, read_simulation

TELL_EVERY_S: Final = 0.25
QUIET_S_MAX: Final = 10.0
"""A word is sent at least so often, so that nothing between takes the connection for dead."""
WATCHED_S_MAX: Final = 3600
TOLD: Final = {"state", "cells_done", "cells", "cells_per_second", "seconds_left", "at_position", "digest", "fault"}


async def progress(desk: Desk, simulation: Simulation) -> AsyncIterator[str]:
    """Tell how far a simulation is, whenever that changes, until it has ended."""
    given_up_at = time.monotonic() + WATCHED_S_MAX
    told, told_at_s = "", 0.0
    while time.monotonic() < given_up_at:
        words = simulation.model_dump_json(include=TOLD)
        if words != told:
            yield f"event: {simulation.state}\ndata: {words}\n\n"
        elif time.monotonic() - told_at_s > QUIET_S_MAX:
            yield ": still here\n\n"
        if words != told or time.monotonic() - told_at_s > QUIET_S_MAX:
            told, told_at_s = words, time.monotonic()
        if simulation.state in ENDED:
            return
        await asyncio.sleep(TELL_EVERY_S)
        simulation = await desk.ask(partial(read_simulation, simulation_id=SimulationId(simulation.simulation_id)))


async def movers_csv(desk: Desk, simulation_id: SimulationId) -> AsyncIterator[str]:
    """Tell all movers, a line each, after a line of names."""
    yield _lines([tuple(Mover.model_fields)])
    after = ("", "")
    while page := await desk.ask(partial(read_lines, simulation_id=simulation_id, after=after)):
        yield _lines(one.model_dump().values() for one in page)
        after = (page[-1].learner_id, page[-1].competency_id)


def _lines(lines: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()
