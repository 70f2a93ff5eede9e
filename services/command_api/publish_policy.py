"""Have a drafted policy put in force."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.policy.decider import INITIAL, PublishPolicy, decide, evolve
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = PublishPolicy
MAKES: Final = None
LOCATION: Final = "/v1/policies/{policy_id}"
EXAMPLE: Final[Mapping[str, object]] = {"reason": {"text": "board decision of 2 March"}}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION)
    command = asked.command

    def decided(history: Sequence[Event], facts: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command, facts.catalogue, facts.succession)

    return await desk.settle(asked, f"policy-{command.policy_id}", Permission.PUBLISH_POLICY, decided)
