"""Put a mastery policy, or a new revision of it, on record."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.permissions import Permission
from domain.policy.commands import DraftPolicy
from services.command_api.desk import Desk
from services.command_api.policy_life import settle

COMMAND: Final = DraftPolicy
MAKES: Final = None
LOCATION: Final = "/v1/policies/{policy_id}"
EXAMPLE: Final[Mapping[str, object]] = {
    "policy_id": "latest-of-two",
    "school_id": "north",
    "locked": ["combine"],
    "document": {
        "name": "Latest, from two kinds",
        "scale": "four-point",
        "combine": {"op": "latest"},
        "require": [{"kinds_at_least": 2}],
        "levels": [{"code": "beginning", "at": "0"}, {"code": "proficient", "at": "3"}],
    },
}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    return await settle(desk, await desk.receive(request, COMMAND, LOCATION), Permission.DRAFT_POLICY)
