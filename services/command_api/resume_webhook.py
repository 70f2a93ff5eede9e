"""Send to a webhook again, at once."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.webhook.decider import INITIAL, ResumeWebhook, decide, evolve, stream_of
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = ResumeWebhook
MAKES: Final = None
LOCATION: Final = "/v1/webhooks/{webhook_id}/deliveries"
EXAMPLE: Final[Mapping[str, object]] = {}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION)
    command = asked.command

    def decided(history: Sequence[Event], _facts: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command)

    return await desk.settle(asked, stream_of(command.webhook_id), Permission.KEEP_WEBHOOKS, decided)
