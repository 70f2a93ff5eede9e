"""End a what-if that nobody waits for any more."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.simulation.decider import INITIAL, CancelSimulation, cancel, evolve, stream_of
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = CancelSimulation
MAKES: Final = None
LOCATION: Final = "/v1/simulations/{simulation_id}"
EXAMPLE: Final[Mapping[str, object]] = {"reason": {"text": "the draft has a slip"}}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION)
    command = asked.command

    def decided(history: Sequence[Event], _facts: Facts) -> Sequence[Event]:
        return cancel(fold(evolve, INITIAL, history), command)

    return await desk.settle(asked, stream_of(command.simulation_id), Permission.SIMULATE_POLICY, decided)
