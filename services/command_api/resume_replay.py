"""Have the levels of a publication made further."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.policy.decider import stream_of
from domain.policy.replay import INITIAL, ResumeReplay, decide, evolve
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = ResumeReplay
MAKES: Final = None
LOCATION: Final = "/v1/policies/{policy_id}"
EXAMPLE: Final[Mapping[str, object]] = {"reason": {"text": "exams are over"}}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION)
    command = asked.command

    def decided(history: Sequence[Event], _: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command)

    return await desk.settle(asked, stream_of(command.policy_id), Permission.PUBLISH_POLICY, decided)
