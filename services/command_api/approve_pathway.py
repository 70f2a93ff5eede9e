"""Approve a learner's pathway: its steps, in order."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.pathway.decider import INITIAL, ApprovePathway, decide, evolve, stream_of
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = ApprovePathway
MAKES: Final = "pathway_id"
LOCATION: Final = "/v1/learners/{learner_id}/pathway"
EXAMPLE: Final[Mapping[str, object]] = {
    "learner_id": "l-91",
    "title": "Fractions",
    "steps": [
        {"step_id": "1", "competency_id": "4.NF.1", "modality": "small_group"},
        {"step_id": "2", "competency_id": "4.NF.2", "modality": "independent", "target_on": "2026-06-30"},
    ],
}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION, MAKES)
    command = asked.command

    def decided(history: Sequence[Event], facts: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command, facts.catalogue)

    return await desk.settle(asked, stream_of(command.pathway_id), Permission.CHANGE_PATHWAY, decided)
