"""When an act loses its basis: a later rule, a change of the evidence that it rested on, or time takes it away.

Fresh evidence never opens a review: who had mastered something and does worse later had mastered it all the same.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from domain.mastery.cause import CauseKind, kind_of

FRESH: Final = frozenset({"score.given.v1", "judgement.recorded.v1"})
"""Events that say something new; the others that change a level take it back, or let it lapse."""


class Change(NamedTuple):
    """A change of a level after the act: `event_type` is null where a policy switch made it.

    `holds` says whether what the act rests on was given after it.
    """

    position: int
    event_type: str | None
    level: str | None
    policy_version: str
    holds: bool

    @property
    def why(self) -> CauseKind:
        """What made it."""
        return CauseKind.RULE if self.event_type is None else kind_of(self.event_type)


def loss(changes: Iterable[Change], settled_position: int | None = None) -> Change | None:
    """Return the change that took an act's basis away, if it is away now and nobody has settled that.

    `changes` are those of one competency after the act, in order.
    """
    held, lost = True, None
    for change in changes:
        if change.holds:
            lost = None
        elif held and change.event_type not in FRESH:
            lost = change
        held = change.holds
    return lost if lost is not None and lost.position > (settled_position or 0) else None


class OpenReview(NamedTuple):
    """An act that waits for a person, with the change that took each competency's basis away."""

    position: int
    act_id: str
    learner_id: str
    losses: dict[str, Change]
