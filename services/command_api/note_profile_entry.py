"""Note something about a learner: a strength, a need, an interest."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.profile.decider import INITIAL, NoteProfileEntry, decide, evolve, stream_of
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = NoteProfileEntry
MAKES: Final = "entry_id"
LOCATION: Final = "/v1/learners/{learner_id}/profile"
EXAMPLE: Final[Mapping[str, object]] = {"kind": "strength", "text": "explains ideas by drawing", "area": "academic"}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION, MAKES)
    command = asked.command

    def decided(history: Sequence[Event], _facts: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command)

    return await desk.settle(asked, stream_of(command.learner_id), Permission.NOTE_PROFILE, decided)
