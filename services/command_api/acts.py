"""How commands of official acts are settled: upon where the learner stands, which is read before each decision."""

from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

from starlette.responses import Response

from domain.kernel.event import Event
from domain.kernel.ids import ActId, CompetencyId, LearnerId
from domain.kernel.parsing import C
from domain.kernel.permissions import Permission
from domain.progression.decider import INITIAL, Act, evolve, stream_of
from domain.progression.events import AdvancementGranted, AdvancementRequested, CreditAwarded, ProgressionEvent
from domain.progression.standing import Stood
from infra.postgres.event_store import Guard
from services.command_api.desk import Asked, Desk, fold
from services.command_api.published import Facts

GIVEN_ONCE: Final = frozenset({AdvancementRequested.type, AdvancementGranted.type, CreditAwarded.type})
"""What a learner is given once: whether it was, is decided on what is known of all before."""
DecideAct = Callable[[Act, Stood, Facts], Sequence[ProgressionEvent]]
"""From the act as it is, where the learner stands and what is published to what happens."""


class About(NamedTuple):
    """What an act rests on: a learner's standing in some competencies, or in all with evidence."""

    act_id: ActId
    learner_id: LearnerId
    competency_ids: Collection[CompetencyId] | None


async def settle_act(desk: Desk, asked: Asked[C], permission: Permission, about: About, decide: DecideAct) -> Response:
    """See where the learner stands, decide, append what happens and answer; anew if something else was given.

    Raises:
        LedgerError: whatever the command is refused for.
    """
    stood: Stood | None = None

    async def look() -> Guard:
        nonlocal stood
        stood = await desk.standings.of(about.learner_id, about.competency_ids)
        return Guard(GIVEN_ONCE, stood.acts_position, about.learner_id)

    def decided(history: Sequence[Event], facts: Facts) -> Sequence[Event]:
        assert stood is not None, "it was looked at"
        return decide(fold(evolve, INITIAL, history), stood, facts)

    return await desk.settle(asked, stream_of(about.act_id), permission, decided, look)
