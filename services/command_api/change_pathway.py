"""Replace the steps of a pathway, because of what is named."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.pathway.decider import INITIAL, ChangePathway, decide, evolve, stream_of
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = ChangePathway
MAKES: Final = None
LOCATION: Final = "/v1/learners/{learner_id}/pathway"
EXAMPLE: Final[Mapping[str, object]] = {
    "because": {"kind": "mastery", "ref": "4.NF.1", "text": "is ahead of the group"},
    "steps": [{"step_id": "2", "competency_id": "4.NF.2", "modality": "project"}],
}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION)
    command = asked.command

    def decided(history: Sequence[Event], facts: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command, facts.catalogue)

    return await desk.settle(asked, stream_of(command.pathway_id), Permission.CHANGE_PATHWAY, decided)
