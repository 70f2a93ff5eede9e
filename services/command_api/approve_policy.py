"""Approve the last revision of a policy, having seen what it does."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.permissions import Permission
from domain.policy.commands import ApprovePolicy
from services.command_api.desk import Desk
from services.command_api.policy_life import settle

COMMAND: Final = ApprovePolicy
MAKES: Final = None
LOCATION: Final = "/v1/policies/{policy_id}"
EXAMPLE: Final[Mapping[str, object]] = {"revision": 1, "reason": {"text": "the moves are those that we want"}}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    return await settle(desk, await desk.receive(request, COMMAND, LOCATION), Permission.APPROVE_POLICY)
