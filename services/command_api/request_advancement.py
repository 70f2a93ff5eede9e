"""Ask to move on from a mastered competency."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission, require
from domain.progression.decider import INITIAL, RequestAdvancement, evolve, give, stream_of
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = RequestAdvancement
MAKES: Final = "act_id"
LOCATION: Final = "/v1/learners/{learner_id}/credits"
EXAMPLE: Final[Mapping[str, object]] = {"competency_id": "4.NF.1"}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, see where the learner stands, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION, MAKES)
    command = asked.command
    require(asked.principal, Permission.REQUEST_ADVANCEMENT, command.learner_id)
    stood = await desk.standings.of(command.learner_id, [command.competency_id])

    def decided(history: Sequence[Event], facts: Facts) -> Sequence[Event]:
        return give(fold(evolve, INITIAL, history), command, asked.actor, stood, facts.catalogue)

    return await desk.settle(asked, stream_of(command.act_id), Permission.REQUEST_ADVANCEMENT, decided)
