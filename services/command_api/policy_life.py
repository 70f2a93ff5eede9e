"""What all commands in the life of a policy share: the circumstances that they are decided in."""

from collections.abc import Sequence

from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.permissions import Permission
from domain.policy.commands import Circumstances, PolicyCommand
from domain.policy.decider import INITIAL, decide, evolve, stream_of
from infra.identity import utc_now
from services.command_api.desk import Asked, Desk, fold
from services.command_api.published import Facts


async def settle(desk: Desk, asked: Asked[PolicyCommand], permission: Permission) -> Response:
    """Decide on a command about a policy, append what happens, answer.

    Raises:
        LedgerError: whatever the command is refused for.
    """
    position, now = await desk.store.head(), utc_now()

    def decided(history: Sequence[Event], facts: Facts) -> Sequence[Event]:
        catalogue, succession = facts.catalogue, facts.succession
        circumstances = Circumstances(catalogue, succession, asked.actor, now, position, desk.limits, facts.switched_at)
        return decide(fold(evolve, INITIAL, history), asked.command, circumstances)

    return await desk.settle(asked, stream_of(asked.command.policy_id), permission, decided)
