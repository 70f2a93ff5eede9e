"""Put a learner into a section of a school."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.roster.decider import INITIAL, EnrolLearner, decide, enrolment_stream, evolve
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = EnrolLearner
MAKES: Final = "enrolment_id"
LOCATION: Final = "/v1/learners/{learner_id}/profile"
EXAMPLE: Final[Mapping[str, object]] = {
    "learner_id": "l-91",
    "section_id": "math-4-b",
    "school_id": "river",
    "grade": "4",
    "course_id": "math-4",
}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION, MAKES)
    command = asked.command

    def decided(history: Sequence[Event], _facts: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command)

    return await desk.settle(asked, enrolment_stream(command.enrolment_id), Permission.KEEP_ROSTER, decided)
