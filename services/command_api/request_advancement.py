"""Ask to move on from a mastered competency."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.permissions import Permission, require
from domain.progression.decider import Act, RequestAdvancement, give
from domain.progression.events import ProgressionEvent
from domain.progression.standing import Stood
from services.command_api.acts import About, settle_act
from services.command_api.desk import Desk
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
    about = About(command.act_id, command.learner_id, [command.competency_id])

    def decided(act: Act, stood: Stood, facts: Facts) -> list[ProgressionEvent]:
        return give(act, command, asked.actor, stood, facts.catalogue)

    return await settle_act(desk, asked, Permission.REQUEST_ADVANCEMENT, about, decided)
