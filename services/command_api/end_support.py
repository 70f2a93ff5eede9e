"""End a support."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.support.decider import INITIAL, EndSupport, decide, evolve, stream_of
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = EndSupport
MAKES: Final = None
LOCATION: Final = "/v1/learners/{learner_id}/supports"
EXAMPLE: Final[Mapping[str, object]] = {"reason": {"text": "works alone now"}}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION)
    command = asked.command

    def decided(history: Sequence[Event], facts: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command, facts.catalogue)

    return await desk.settle(asked, stream_of(command.support_id), Permission.SUPPORT, decided)
