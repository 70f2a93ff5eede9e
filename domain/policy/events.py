"""Facts about a mastery policy's life: drafted, simulated, approved, published, in force, rolled back, retired.

The policy set in force at a position follows from the switches alone: `PolicyActivated`, `PolicyRolledBack` and
`PolicyRetired`. A read model at position P was computed under the set that the last of them at or before P names.
"""

from enum import StrEnum
from typing import Any, ClassVar, Final, get_args

from domain.kernel.envelope import Actor, Day, OccurredAt, Part
from domain.kernel.event import Event
from domain.kernel.ids import CompetencyId, CourseId, FrameworkId, PolicyId, PolicyVersion, SchoolId, SimulationId
from domain.kernel.privacy import Plain


class Scope(Part):
    """Where a policy decides; a part that is absent does not narrow it, with none it is the whole district.

    A competency stands for itself and for all that are its parts; it is one of the framework's.
    """

    school_id: SchoolId | None = None
    course_id: CourseId | None = None
    framework_id: FrameworkId | None = None
    competency_id: CompetencyId | None = None


class Reach(StrEnum):
    """Which evidence a policy decides on, of the cells in its scope."""

    ALL_EVIDENCE = "all_evidence"
    EVIDENCE_SINCE = "evidence_since"
    NEW_LEARNERS = "new_learners"


class HoldHarmless(StrEnum):
    """What becomes of a level that would fall when a policy comes into force."""

    NONE = "none"
    NEVER_LOWER = "never_lower"
    AFTER_NEXT_EVIDENCE = "after_next_evidence"
    LOWER_WITH_NOTICE = "lower_with_notice"


class Terms(Part):
    """What a publication adds to the document: its reach, and whom it must not harm."""

    reach: Plain[Reach] = Reach.ALL_EVIDENCE
    evidence_since: Plain[Day | None] = None
    """The first day that counts, where the reach is evidence since a day."""
    hold_harmless: Plain[HoldHarmless] = HoldHarmless.NONE


class ScopedPolicy(Part):
    """One policy of a set in force: where it decides, and under which terms."""

    framework_id: FrameworkId | None = None
    policy_id: PolicyId
    version: PolicyVersion
    school_id: SchoolId | None = None
    course_id: CourseId | None = None
    competency_id: CompetencyId | None = None
    terms: Terms = Terms()

    @property
    def scope(self) -> Scope:
        """Where the policy decides."""
        return scope_of(self)


class PolicyDrafted(Event):
    """A policy document, or a new revision of it, is on record. It decides nothing yet."""

    type: ClassVar[str] = "policy.drafted.v1"
    policy_id: PolicyId
    revision: Plain[int]
    version: PolicyVersion
    framework_id: FrameworkId | None = None
    document: Plain[dict[str, Any]]
    school_id: SchoolId | None = None
    course_id: CourseId | None = None
    competency_id: CompetencyId | None = None
    locked: Plain[tuple[str, ...]] = ()
    """The stages of the document that a more specific policy may not change."""
    author: Actor | None = None
    """Who drafted it, and so can't approve it; unknown of drafts from before approvals."""

    @property
    def scope(self) -> Scope:
        """Where the policy would decide."""
        return scope_of(self)


class PolicySimulated(Event):
    """A revision was tried on all cells of its scope as they stood at a position; nothing live was written."""

    type: ClassVar[str] = "policy.simulated.v1"
    policy_id: PolicyId
    version: PolicyVersion
    revision: Plain[int]
    simulation_id: SimulationId
    at_position: Plain[int]
    terms: Terms = Terms()
    scope: Scope = Scope()
    digest: Plain[str]
    """Of the levels that the revision would give; a replay at that position has the same."""
    cells: Plain[int]
    moved: Plain[int]
    matrix: Plain[dict[str, dict[str, int]]]
    """Level before -> level after -> cells."""


class PolicyApproved(Event):
    """A person who did not write the revision agreed to it, having seen what it does."""

    type: ClassVar[str] = "policy.approved.v1"
    policy_id: PolicyId
    version: PolicyVersion
    revision: Plain[int]
    simulation_id: SimulationId
    approver: Actor


class PolicyPublished(Event):
    """The version shall be in force; a generation of current mastery is built under it, beside the live one."""

    type: ClassVar[str] = "policy.published.v1"
    policy_id: PolicyId
    version: PolicyVersion
    framework_id: FrameworkId | None = None
    school_id: SchoolId | None = None
    course_id: CourseId | None = None
    competency_id: CompetencyId | None = None
    revision: Plain[int | None] = None
    terms: Terms = Terms()
    effective_from: Plain[OccurredAt | None] = None
    """When it comes into force; absent: as soon as the levels are built."""
    effective_to: Plain[OccurredAt | None] = None
    """When it is retired; absent: it holds until somebody ends it."""
    simulation_id: SimulationId | None = None

    @property
    def scoped(self) -> ScopedPolicy:
        """The policy as a member of a policy set."""
        return ScopedPolicy(
            policy_id=self.policy_id, version=self.version, terms=self.terms, **scope_of(self).model_dump()
        )


class PolicyActivated(Event):
    """From this position on the levels of the ledger are those of the set `policies`."""

    type: ClassVar[str] = "policy.activated.v1"
    policy_id: PolicyId
    version: PolicyVersion
    policies: Plain[tuple[ScopedPolicy, ...]]


class PolicyRolledBack(Event):
    """From this position on the levels are those of the earlier set `policies` again."""

    type: ClassVar[str] = "policy.rolled_back.v1"
    policy_id: PolicyId
    version: PolicyVersion
    """The version that was left."""
    policies: Plain[tuple[ScopedPolicy, ...]]


class PolicyRetired(Event):
    """From this position on the policy is in force no more; the levels are those of the set `policies`."""

    type: ClassVar[str] = "policy.retired.v1"
    policy_id: PolicyId
    version: PolicyVersion
    policies: Plain[tuple[ScopedPolicy, ...]]
    awaits: Plain[bool] = False
    """Whether a later publication of the policy goes on waiting for its date."""


class ReplayPaused(Event):
    """The levels of the publication that is awaited are not made any further for now."""

    type: ClassVar[str] = "policy.replay_paused.v1"
    policy_id: PolicyId
    version: PolicyVersion


class ReplayResumed(Event):
    """The levels of the publication that is awaited are made further."""

    type: ClassVar[str] = "policy.replay_resumed.v1"
    policy_id: PolicyId
    version: PolicyVersion


class ReplayCancelled(Event):
    """The publication is awaited no more; what was made of its levels is thrown away."""

    type: ClassVar[str] = "policy.replay_cancelled.v1"
    policy_id: PolicyId
    version: PolicyVersion


class ReplayRefused(Event):
    """The levels made are not those that were simulated, so the publication does not come into force."""

    type: ClassVar[str] = "policy.replay_refused.v1"
    policy_id: PolicyId
    version: PolicyVersion
    simulation_id: SimulationId
    digest_simulated: Plain[str]
    digest_found: Plain[str]
    """Both at the position of the simulation."""


PolicySwitch = PolicyActivated | PolicyRolledBack | PolicyRetired
SWITCHES: Final = frozenset(event.type for event in get_args(PolicySwitch))
ReplayStep = ReplayPaused | ReplayResumed | ReplayCancelled | ReplayRefused
PolicyEvent = PolicyDrafted | PolicySimulated | PolicyApproved | PolicyPublished | PolicySwitch | ReplayStep


def scope_of(words: ScopedPolicy | PolicyDrafted | PolicyPublished) -> Scope:
    """Return the scope that the fields of an event or of a member of a set name."""
    return Scope(
        school_id=words.school_id,
        course_id=words.course_id,
        framework_id=words.framework_id,
        competency_id=words.competency_id,
    )


def joined(policies: tuple[ScopedPolicy, ...], added: ScopedPolicy) -> tuple[ScopedPolicy, ...]:
    """Return a set with one more policy; where several of one scope reach a cell, the last of them decides.

    It takes the place of its own version elsewhere, and of what holds in its scope: unless it does not reach all
    evidence, for then what it does not reach stays with those before it.
    """
    if added.terms.reach is Reach.ALL_EVIDENCE:
        others = [one for one in policies if added.scope != one.scope and added.policy_id != one.policy_id]
    else:
        others = [one for one in policies if added.scope == one.scope or added.policy_id != one.policy_id]
    return (*others, added)
