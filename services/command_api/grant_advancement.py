"""Grant an advancement that was asked for."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.progression.decider import INITIAL, GrantAdvancement, Requested, evolve, grant, stream_of
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = GrantAdvancement
MAKES: Final = None
LOCATION: Final = "/v1/learners/{learner_id}/credits"
EXAMPLE: Final[Mapping[str, object]] = {}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, see where the learner stands, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION)
    command = asked.command
    act = await desk.look(asked, stream_of(command.act_id), Permission.CERTIFY, evolve, INITIAL)
    stood = await desk.standings.of(act.learner_id, [act.competency_id]) if isinstance(act, Requested) else None

    def decided(history: Sequence[Event], _facts: Facts) -> Sequence[Event]:
        return grant(fold(evolve, INITIAL, history), command, stood)

    return await desk.settle(asked, stream_of(command.act_id), Permission.CERTIFY, decided)
