"""How far each revision of each policy has come in its life, as a fact about all policies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never, get_args

from domain.kernel.ids import PolicyId
from domain.policy.decider import INITIAL, Drafted, Policy, evolve
from domain.policy.events import (
    PolicyActivated,
    PolicyEvent,
    PolicyRetired,
    PolicyRolledBack,
    PolicySwitch,
    ReplayCancelled,
    ReplayRefused,
    ScopedPolicy,
)
from domain.policy.succession import Succession


class State(StrEnum):
    """How far a revision has come; the words that people at a district use."""

    DRAFTED = "drafted"
    SIMULATED = "simulated"
    """A what-if of it has finished, and too few people have approved it yet."""
    APPROVED = "approved"
    """By as many as the district demands; it may be published."""
    PUBLISHED = "published"
    """Its levels are being made, beside those in force."""
    SCHEDULED = "scheduled"
    """It was published with a day, and comes into force then."""
    IN_FORCE = "in-force"
    REPLACED = "replaced"
    """Another policy, or another revision, came into force in its place."""
    ROLLED_BACK = "rolled-back"
    RETIRED = "retired"
    CANCELLED = "cancelled"
    """Its publication was, before it came into force."""
    REFUSED = "refused"
    """Its levels were not those simulated, so it did not come into force."""
    SUPERSEDED = "superseded"
    """A later revision was drafted before it was published."""


Revisions = Mapping[int, State]


@dataclass(frozen=True, slots=True)
class States:
    """The state of every revision that was drafted, and of every policy."""

    of_revisions: Mapping[PolicyId, Revisions]

    def revision(self, policy_id: PolicyId, number: int) -> State:
        """Return the state of a revision."""
        return self.of_revisions[policy_id][number]

    def policy(self, policy_id: PolicyId) -> State:
        """Return the state of a policy: of the revision that is to come into force, or is, else of the last one."""
        states = self.of_revisions[policy_id]
        for state in (State.PUBLISHED, State.SCHEDULED, State.IN_FORCE):
            if state in states.values():
                return state
        return states[max(states)]


@dataclass
class _Fold:
    """All that was said so far; `ended` has what became of revisions that were published."""

    policies: dict[PolicyId, Policy] = field(default_factory=dict)
    succession: Succession = field(default_factory=Succession)
    published: dict[ScopedPolicy, int] = field(default_factory=dict)
    """The revision that was last published under a scope and on terms."""
    ended: dict[tuple[PolicyId, int], State] = field(default_factory=dict)

    def add(self, event: PolicyEvent) -> None:
        before, after = self.policies.get(event.policy_id, INITIAL), self.succession.evolve(event)
        if isinstance(event, get_args(PolicySwitch)):
            self._switch(event, before, after)
        elif isinstance(event, ReplayCancelled | ReplayRefused):
            self._end(before, State.CANCELLED if isinstance(event, ReplayCancelled) else State.REFUSED)
        self.policies[event.policy_id], self.succession = evolve(before, event), after
        state = self.policies[event.policy_id]
        if isinstance(state, Drafted) and state.awaited is not None:
            self.published[state.awaited.scoped] = _revision(state, state.awaited.scoped, state.awaited.revision)

    def _switch(self, event: PolicySwitch, before: Policy, after: Succession) -> None:
        """Say what became of those that are in force no more."""
        if isinstance(event, PolicyRetired) and not event.awaits:
            self._end(before, State.RETIRED)
        staying = set(after.policies)
        for one in self.succession.policies:
            if one not in staying:
                self.ended[one.policy_id, self._number(one)] = _leaving(event)

    def _end(self, state: Policy, how: State) -> None:
        if isinstance(state, Drafted) and state.awaited is not None:
            number = _revision(state, state.awaited.scoped, state.awaited.revision)
            self.ended[state.last.policy_id, number] = how

    def _number(self, one: ScopedPolicy) -> int:
        if one in self.published:
            return self.published[one]
        state = self.policies.get(one.policy_id, INITIAL)
        return _revision(state, one, None) if isinstance(state, Drafted) else 1

    def states(self, approvals_min: int) -> States:
        live = {(one.policy_id, self._number(one)) for one in self.succession.policies}
        return States(
            {
                policy_id: {
                    draft.revision: State.IN_FORCE
                    if (policy_id, draft.revision) in live
                    else self._state(state, draft.revision, approvals_min)
                    for draft in state.drafts
                }
                for policy_id, state in self.policies.items()
                if isinstance(state, Drafted)
            }
        )

    def _state(self, state: Drafted, number: int, approvals_min: int) -> State:
        """Return the state of a revision that is not in force."""
        awaited = state.awaited
        if awaited is not None and self.published[awaited.scoped] == number:
            return State.PUBLISHED if awaited.effective_from is None else State.SCHEDULED
        if number == state.last.revision and state.simulation is not None:
            return State.APPROVED if len(state.approvals) >= approvals_min else State.SIMULATED
        ended = self.ended.get((state.last.policy_id, number))
        if ended is not None:
            return ended
        return State.DRAFTED if number == state.last.revision else State.SUPERSEDED


def states_of(events: Iterable[PolicyEvent], approvals_min: int) -> States:
    """Return how far each revision has come after what happened to all policies, in order.

    Args:
        events: of all policies, in the order of the log.
        approvals_min: how many people a district demands to approve a revision.
    """
    fold = _Fold()
    for event in events:
        fold.add(event)
    return fold.states(approvals_min)


def _leaving(event: PolicySwitch) -> State:
    """Return what becomes of a policy that an event takes out of force."""
    match event:
        case PolicyActivated():
            return State.REPLACED
        case PolicyRolledBack():
            return State.ROLLED_BACK
        case PolicyRetired():
            return State.RETIRED
        case _:
            assert_never(event)


def _revision(state: Drafted, scoped: ScopedPolicy, named: int | None) -> int:
    """Return the revision that a publication names, or else the last one of its version and scope."""
    if named is not None:
        return named
    of_version = [draft for draft in state.drafts if draft.version == scoped.version]
    of_scope = [draft for draft in of_version if draft.scope == scoped.scope]
    return (of_scope or of_version or list(state.drafts))[-1].revision
