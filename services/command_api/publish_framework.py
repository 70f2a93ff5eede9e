"""Adopt a framework of competencies, or a new edition of it."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.framework.decider import INITIAL, PublishFramework, decide, evolve, framework_stream
from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from services.command_api.desk import Desk, fold
from services.command_api.published import Facts

COMMAND: Final = PublishFramework
MAKES: Final = None
LOCATION: Final = "/v1/frameworks/{framework_id}"
EXAMPLE: Final[Mapping[str, object]] = {
    "framework_id": "math-4",
    "title": "Mathematics, grade 4",
    "edition": "2026",
    "scale_id": "four-point",
    "competencies": [
        {"competency_id": "4.NF.1", "code": "4.NF.A.1", "statement": "Explains why fractions are equivalent"},
        {"competency_id": "4.NF.2", "statement": "Compares two fractions"},
    ],
    "associations": [{"kind": "precedes", "from_id": "4.NF.1", "to_id": "4.NF.2"}],
}


async def respond(desk: Desk, request: Request) -> Response:
    """Receive the command, decide on it, append what happens, answer."""
    asked = await desk.receive(request, COMMAND, LOCATION)
    command = asked.command

    def decided(history: Sequence[Event], facts: Facts) -> Sequence[Event]:
        return decide(fold(evolve, INITIAL, history), command, facts.catalogue)

    return await desk.settle(asked, framework_stream(command.framework_id), Permission.PUBLISH_FRAMEWORK, decided)
