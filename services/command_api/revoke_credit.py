"""Take credit back."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.progression.decider import INITIAL, RevokeCredit, evolve, revoke, stream_of
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = RevokeCredit
MAKES: Final = None
LOCATION: Final = "/v1/learners/{learner_id}/credits"
EXAMPLE: Final[Mapping[str, object]] = {"reason": {"text": "awarded for another learner"}}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION)
    command = asked.command

    def decided(history: Sequence[Event], _facts: Facts) -> Sequence[Event]:
        return revoke(fold(evolve, INITIAL, history), command)

    return await desk.settle(asked, stream_of(command.act_id), Permission.CERTIFY, decided)
