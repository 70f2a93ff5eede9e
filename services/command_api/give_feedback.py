"""Tell a learner what the work shows and what comes next."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.evidence.decider import INITIAL, GiveFeedback, decide, evolve, stream_of
from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = GiveFeedback
MAKES: Final = "feedback_id"
LOCATION: Final = "/v1/learners/{learner_id}/feedback"
EXAMPLE: Final[Mapping[str, object]] = {"text": "The drawing shows it; now say it in numbers."}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION, MAKES)
    command = asked.command

    def decided(history: Sequence[Event], facts: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command, asked.actor, facts.catalogue)

    return await desk.settle(asked, stream_of(command.evidence_id), Permission.SUPPORT, decided)
