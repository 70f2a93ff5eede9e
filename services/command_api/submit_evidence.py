"""Put a learner's work, or an observation of it, on record."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.evidence.decider import INITIAL, SubmitEvidence, decide, evolve, stream_of
from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = SubmitEvidence
MAKES: Final = "evidence_id"
LOCATION: Final = "/v1/learners/{learner_id}/history"
EXAMPLE: Final[Mapping[str, object]] = {
    "learner_id": "l-91",
    "competency_ids": ["4.NF.1"],
    "kind": "project",
    "form": "video",
    "task": "fractions-kitchen",
    "context": "cooking for the school fair",
    "chosen_by": "learner",
    "occurred_at": "2026-03-02T10:15:00+01:00",
}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION, MAKES)
    command = asked.command

    def decided(history: Sequence[Event], facts: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command, asked.actor, facts.catalogue)

    return await desk.settle(asked, stream_of(command.evidence_id), Permission.SUBMIT_EVIDENCE, decided)
