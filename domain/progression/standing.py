"""What official acts are decided on: where a learner stood, at one position of the log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.kernel.errors import Refused
from domain.kernel.ids import ActId, CompetencyId, LearnerId
from domain.mastery.rollup import mark_of
from domain.policy.document import PolicyDocument
from domain.progression.events import Basis


class Standing(NamedTuple):
    """What the policy in force says of one competency, and of which evidence."""

    basis: Basis
    policy: PolicyDocument

    @property
    def is_mastered(self) -> bool:
        """Whether the level that holds counts as mastered."""
        return self.policy.is_at_least(self.basis.level, self.basis.mastered_level)

    @property
    def mark(self) -> str | None:
        """How the policy has the value told elsewhere."""
        value = self.basis.value_micro
        return None if value is None or self.basis.level is None else mark_of(self.policy, value)


class Advancement(NamedTuple):
    """An advancement that counts, or that waits for an answer."""

    act_id: ActId
    waits: bool


@dataclass(frozen=True, slots=True)
class Stood:
    """Where a learner stood at `position`; what is not there has no evidence."""

    learner_id: LearnerId
    position: int
    standings: Mapping[CompetencyId, Standing]
    acts_position: int = 0
    """Up to which `advanced` and `credited` are known."""
    advanced: Mapping[CompetencyId, Advancement] = field(default_factory=dict)
    credited: Mapping[str, ActId] = field(default_factory=dict)
    """The credits that count, each by its title."""

    def require_first(self, competency_id: CompetencyId, answers: ActId | None = None) -> None:
        """Refuse a second advancement; one that `answers` a request is not a second one beside it.

        Raises:
            Refused: advancement-exists.
        """
        known = self.advanced.get(competency_id)
        if known is None or (known.waits and known.act_id == answers):
            return
        raise Refused(
            "advancement-exists",
            f"advancement {known.act_id} {'waits for an answer' if known.waits else 'counts already'}",
            learner=self.learner_id,
            competency=competency_id,
        )

    def require_new_title(self, title: str) -> None:
        """Refuse a second credit of a title, however it is spaced and capitalised.

        Raises:
            Refused: credit-exists.
        """
        known = {_plain(one): act_id for one, act_id in self.credited.items()}.get(_plain(title))
        if known is not None:
            raise Refused("credit-exists", f"credit {known} counts already", learner=self.learner_id, title=title)

    def mastered(self, competency_id: CompetencyId) -> Basis:
        """Return what an act on a mastered competency rests on.

        Raises:
            Refused: not-mastered.
        """
        standing = self.standings.get(competency_id)
        if standing is None:
            raise Refused("not-mastered", "there is no evidence yet", learner=self.learner_id, competency=competency_id)
        if not standing.is_mastered:
            basis = standing.basis
            raise Refused(
                "not-mastered",
                f"level is {basis.level or 'not determined'}, mastered is {basis.mastered_level or 'no level'}",
                learner=self.learner_id,
                competency=competency_id,
                policy=basis.policy_id,
                position=self.position,
            )
        return standing.basis


def _plain(title: str) -> str:
    return " ".join(title.casefold().split())
