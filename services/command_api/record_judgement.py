"""Decide on a level for a learner x competency, over the computed one."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.mastery.decider import INITIAL, RecordJudgement, decide, evolve, stream_of
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = RecordJudgement
MAKES: Final = "judgement_id"
LOCATION: Final = "/v1/learners/{learner_id}/mastery"
EXAMPLE: Final[Mapping[str, object]] = {
    "competency_id": "4.NF.1",
    "level": "proficient",
    "expires_on": "2040-06-30",
    "reason": {"text": "explained it to a peer unaided"},
}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION, MAKES)
    command = asked.command

    def decided(history: Sequence[Event], facts: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command, facts.catalogue)

    return await desk.settle(asked, stream_of(command.learner_id, command.competency_id), Permission.JUDGE, decided)
