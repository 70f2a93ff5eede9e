"""Decline an advancement that was asked for."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.progression.decider import INITIAL, DeclineAdvancement, decline, evolve, stream_of
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = DeclineAdvancement
MAKES: Final = None
LOCATION: Final = "/v1/learners/{learner_id}/credits"
EXAMPLE: Final[Mapping[str, object]] = {"reason": {"text": "one more piece, with a drawing"}}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION)
    command = asked.command

    def decided(history: Sequence[Event], _facts: Facts) -> Sequence[Event]:
        return decline(fold(evolve, INITIAL, history), command)

    return await desk.settle(asked, stream_of(command.act_id), Permission.CERTIFY, decided)
