"""Which policy decides on which framework: the rule behind live levels, rebuilds and explanations alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

from domain.kernel.errors import Unknown
from domain.kernel.ids import CompetencyId
from domain.policy.document import PolicyDocument
from domain.policy.events import ScopedPolicy
from domain.policy.starters import DEFAULT


class Ruling(NamedTuple):
    """The policy that decides on a cell."""

    policy_id: str
    version: str
    document: PolicyDocument
    competency_id: CompetencyId | None = None
    """The competency that the policy's scope names."""


BUILT_IN: Final = Ruling("default", DEFAULT.version, DEFAULT)
"""What decides where no policy does."""


@dataclass(frozen=True, slots=True)
class Rulings:
    """A policy set: the rulings by framework; None: for all others."""

    by_framework: Mapping[str | None, Ruling] = field(default_factory=dict)

    @property
    def all(self) -> tuple[Ruling, ...]:
        """Every ruling that may decide on some cell."""
        return (*self.by_framework.values(), BUILT_IN)

    def ruling(self, framework_id: str | None) -> Ruling:
        """Return what decides on the cells of a framework: the most specific policy, or what is built in."""
        return self.by_framework.get(framework_id) or self.by_framework.get(None, BUILT_IN)

    def put(self, framework_id: str | None, ruling: Ruling) -> Self:
        """Return the set with another ruling for a framework."""
        return type(self)({**self.by_framework, framework_id: ruling})


def rulings_of(policies: Iterable[ScopedPolicy], documents: Mapping[str, PolicyDocument]) -> Rulings:
    """Return the rulings of a policy set, given the drafted documents by version.

    Raises:
        Unknown: policy-version-unknown, if a policy of the set was never drafted.
    """
    rulings = Rulings()
    for one in policies:
        if one.version not in documents:
            raise Unknown("policy-version-unknown", f"version {one.version} is not drafted", policy=one.policy_id)
        ruling = Ruling(one.policy_id, one.version, documents[one.version], one.competency_id)
        rulings = rulings.put(one.framework_id, ruling)
    return rulings
