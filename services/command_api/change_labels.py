"""Call terms by the district's own words."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.glossary.decider import INITIAL, STREAM, ChangeLabels, decide, evolve
from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = ChangeLabels
MAKES: Final = None
LOCATION: Final = "/v1/glossary"
EXAMPLE: Final[Mapping[str, object]] = {"lang": "en", "labels": {"competency": "Learning target"}}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION)
    command = asked.command

    def decided(history: Sequence[Event], _facts: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command)

    return await desk.settle(asked, STREAM, Permission.CHANGE_LABELS, decided)
