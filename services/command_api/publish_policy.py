"""Have the approved revision of a policy put in force, now or on a date."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.permissions import Permission
from domain.policy.commands import PublishPolicy
from services.command_api.desk import Desk
from services.command_api.policy_life import settle

COMMAND: Final = PublishPolicy
MAKES: Final = None
LOCATION: Final = "/v1/policies/{policy_id}"
EXAMPLE: Final[Mapping[str, object]] = {
    "terms": {"reach": "all_evidence", "hold_harmless": "never_lower"},
    "effective_from": "2040-08-01T00:00:00-05:00",
    "reason": {"text": "board decision of 2 March"},
}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    return await settle(desk, await desk.receive(request, COMMAND, LOCATION), Permission.PUBLISH_POLICY)
