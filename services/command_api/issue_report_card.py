"""Report a learner's levels by competency, as they are."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.permissions import Permission, require
from domain.progression.decider import Act, IssueReportCard, give
from domain.progression.events import ProgressionEvent
from domain.progression.standing import Stood
from services.command_api.acts import About, settle_act
from services.command_api.desk import Desk
from services.command_api.published import Facts

COMMAND: Final = IssueReportCard
MAKES: Final = "act_id"
LOCATION: Final = "/v1/learners/{learner_id}/report-cards/{act_id}"
EXAMPLE: Final[Mapping[str, object]] = {"period": "spring 2026", "comment": "Explains fractions with ease."}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, see where the learner stands, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION, MAKES)
    command = asked.command
    require(asked.principal, Permission.CERTIFY, command.learner_id)
    about = About(command.act_id, command.learner_id, command.competency_ids)

    def decided(act: Act, stood: Stood, facts: Facts) -> list[ProgressionEvent]:
        return give(act, command, asked.actor, stood, facts.catalogue)

    return await settle_act(desk, asked, Permission.CERTIFY, about, decided)
