"""Which policies are in force, as a fact about all policies that deciders are given."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Self, assert_never

from domain.kernel.ids import PolicyId, PolicyVersion
from domain.policy.events import (
    PolicyActivated,
    PolicyApproved,
    PolicyDrafted,
    PolicyEvent,
    PolicyPublished,
    PolicyRetired,
    PolicyRolledBack,
    PolicySimulated,
    ReplayCancelled,
    ReplayPaused,
    ReplayRefused,
    ReplayResumed,
    ScopedPolicy,
)


@dataclass(frozen=True, slots=True)
class Succession:
    """The activations and retirements not rolled back, in order; none: the built-in policies are in force."""

    switches: tuple[PolicyActivated | PolicyRetired, ...] = ()
    drafts: Mapping[PolicyId, tuple[PolicyDrafted, ...]] = field(default_factory=dict)
    published: Mapping[tuple[PolicyId, PolicyVersion], PolicyDrafted] = field(default_factory=dict)
    """The revision that was last published of each version."""
    awaited: Mapping[PolicyId, PolicyPublished] = field(default_factory=dict)
    """The publication of each policy that is to come into force."""

    def evolve(self, event: PolicyEvent) -> Self:
        """Return the succession after an event of any policy."""
        match event:
            case PolicyRetired() if event.awaits:
                return replace(self, switches=(*self.switches, event))
            case PolicyActivated() | PolicyRetired():
                return replace(self._awaiting(event.policy_id), switches=(*self.switches, event))
            case PolicyRolledBack():
                return replace(self, switches=self.switches[:-1])
            case PolicyDrafted():
                drafts = (*self.drafts.get(event.policy_id, ()), event)
                return replace(self, drafts={**self.drafts, event.policy_id: drafts})
            case PolicyPublished():
                return self._published(event)
            case PolicySimulated() | PolicyApproved():
                return self
            case ReplayCancelled() | ReplayRefused():
                return self._awaiting(event.policy_id)
            case ReplayPaused() | ReplayResumed():
                return self
            case _:
                assert_never(event)

    def _awaiting(self, policy_id: PolicyId) -> Self:
        """Return the succession without the publication of a policy that is awaited."""
        return replace(self, awaited={key: one for key, one in self.awaited.items() if key != policy_id})

    def _published(self, event: PolicyPublished) -> Self:
        awaited = {**self.awaited, event.policy_id: event}
        drafts = self.drafts.get(event.policy_id, ())
        named = [draft for draft in drafts if draft.version == event.version]
        named = [draft for draft in named if draft.revision == event.revision] or named
        if not named:
            return replace(self, awaited=awaited)
        published = {**self.published, (event.policy_id, event.version): named[-1]}
        return replace(self, published=published, awaited=awaited)

    @property
    def policies(self) -> tuple[ScopedPolicy, ...]:
        """The set in force; the built-in policies hold for whatever it does not name."""
        return self.switches[-1].policies if self.switches else ()

    @property
    def revisions(self) -> Iterator[PolicyDrafted]:
        """The revisions in force, in the order of the set."""
        for one in self.policies:
            if (one.policy_id, one.version) in self.published:
                yield self.published[one.policy_id, one.version]

    def without(self, policy_id: PolicyId, version: PolicyVersion | None = None) -> tuple[ScopedPolicy, ...]:
        """Return the set in force without a policy, or without one version of it."""
        return tuple(one for one in self.policies if one.policy_id != policy_id or version not in {None, one.version})
