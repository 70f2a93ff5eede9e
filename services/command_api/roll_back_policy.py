"""Go back to the policies that were in force before this one."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.permissions import Permission
from domain.policy.commands import RollBackPolicy
from services.command_api.desk import Desk
from services.command_api.policy_life import settle

COMMAND: Final = RollBackPolicy
MAKES: Final = None
LOCATION: Final = "/v1/policies/{policy_id}"
EXAMPLE: Final[Mapping[str, object]] = {"reason": {"text": "too many learners moved"}}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    return await settle(desk, await desk.receive(request, COMMAND, LOCATION), Permission.PUBLISH_POLICY)
