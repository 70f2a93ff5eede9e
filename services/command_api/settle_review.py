"""Uphold or revoke an act whose basis has changed."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.progression.decider import INITIAL, Given, SettleReview, evolve, settle, stream_of
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = SettleReview
MAKES: Final = None
LOCATION: Final = "/v1/reviews"
EXAMPLE: Final[Mapping[str, object]] = {"outcome": "upheld", "reason": {"text": "seen in class, on other work"}}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, see what took the basis away, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION)
    command = asked.command
    act = await desk.look(asked, stream_of(command.act_id), Permission.CERTIFY, evolve, INITIAL)
    causes = await desk.standings.causes(act.learner_id, command.act_id) if isinstance(act, Given) else []

    def decided(history: Sequence[Event], _facts: Facts) -> Sequence[Event]:
        return settle(fold(evolve, INITIAL, history), command, causes)

    return await desk.settle(asked, stream_of(command.act_id), Permission.CERTIFY, decided)
