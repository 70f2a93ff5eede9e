"""Try a drafted policy on all cells of its scope."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.policy import decider as policies
from domain.simulation.decider import INITIAL, AskSimulation, ask, evolve, stream_of
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = AskSimulation
MAKES: Final = "simulation_id"
LOCATION: Final = "/v1/simulations/{simulation_id}"
EXAMPLE: Final[Mapping[str, object]] = {"terms": {"hold_harmless": "never_lower"}, "flag_ratio": "1.25"}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION, MAKES)
    command = asked.command
    drafts = await desk.store.load(policies.stream_of(command.policy_id))
    policy = fold(policies.evolve, policies.INITIAL, [recorded.event for recorded in drafts.events])
    head = await desk.store.head()

    def decided(history: Sequence[Event], _facts: Facts) -> Sequence[Event]:
        return ask(fold(evolve, INITIAL, history), command, policy, head)

    return await desk.settle(asked, stream_of(command.simulation_id), Permission.SIMULATE_POLICY, decided)
