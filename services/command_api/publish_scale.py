"""Publish a proficiency scale."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.framework.decider import INITIAL, PublishScale, decide, evolve, scale_stream
from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = PublishScale
MAKES: Final = None
LOCATION: Final = "/v1/audit?type=scale.published.v1"
EXAMPLE: Final[Mapping[str, object]] = {
    "scale_id": "four-point",
    "title": "Four levels",
    "lowest": "0",
    "highest": "4",
    "levels": [
        {"code": "beginning", "label": "Beginning", "at": "0"},
        {"code": "developing", "label": "Developing", "at": "2"},
        {"code": "proficient", "label": "Proficient", "at": "3"},
        {"code": "advanced", "label": "Advanced", "at": "3.5"},
    ],
}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION)
    command = asked.command

    def decided(history: Sequence[Event], facts: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command, facts.catalogue)

    return await desk.settle(asked, scale_stream(command.scale_id), Permission.PUBLISH_FRAMEWORK, decided)
