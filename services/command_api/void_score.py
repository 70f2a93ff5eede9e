"""Take a score out of account."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.evidence.decider import INITIAL, VoidScore, decide, evolve, stream_of
from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = VoidScore
MAKES: Final = None
LOCATION: Final = "/v1/scores/{score_id}/chain"
EXAMPLE: Final[Mapping[str, object]] = {"reason": {"code": "wrong-learner"}}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION)
    command = asked.command

    def decided(history: Sequence[Event], facts: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command, asked.actor, facts.catalogue)

    return await desk.settle(asked, stream_of(command.evidence_id), Permission.SCORE, decided)
