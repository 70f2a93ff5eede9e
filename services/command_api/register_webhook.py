"""Have events sent to an address."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.webhook.decider import INITIAL, RegisterWebhook, decide, evolve, stream_of
from infra.postgres.published import stored_types
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = RegisterWebhook
MAKES: Final = "webhook_id"
LOCATION: Final = "/v1/webhooks/{webhook_id}/deliveries"
EXAMPLE: Final[Mapping[str, object]] = {"url": "https://hooks.example.org/mastery", "types": ["score.given.v1"]}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer.

    Raises:
        Invalid: malformed, for a type that no event has.
    """
    asked = await desk.receive(request, COMMAND, LOCATION, MAKES)
    command = asked.command
    stored_types(command.types)

    def decided(history: Sequence[Event], _facts: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command)

    return await desk.settle(asked, stream_of(command.webhook_id), Permission.KEEP_WEBHOOKS, decided)
