"""Grant an advancement that was asked for."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.permissions import Permission
from domain.progression.decider import INITIAL, Act, GrantAdvancement, Requested, evolve, grant, stream_of
from domain.progression.events import ProgressionEvent
from domain.progression.standing import Stood
from services.command_api.acts import About, settle_act
from services.command_api.desk import Desk
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
    if not isinstance(act, Requested):
        return await desk.settle(
            asked, stream_of(command.act_id), Permission.CERTIFY, lambda *_: grant(act, command, None)
        )
    about = About(command.act_id, act.learner_id, [act.competency_id])

    def decided(act: Act, stood: Stood, _facts: Facts) -> list[ProgressionEvent]:
        return grant(act, command, stood)

    return await settle_act(desk, asked, Permission.CERTIFY, about, decided)
