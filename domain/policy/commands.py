"""What can be asked of a policy in its life, and what the answer depends on."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from domain.framework.catalogue import Catalogue
from domain.kernel.envelope import Actor, Command, OccurredAt
from domain.kernel.ids import CompetencyId, CourseId, FrameworkId, PolicyId, PolicyVersion, SchoolId, SimulationId
from domain.policy.events import Terms
from domain.policy.succession import Succession


class DraftPolicy(Command):
    """Put a policy document, or a new revision of it, on record, for a scope; with none, for the whole district."""

    policy_id: PolicyId
    school_id: SchoolId | None = None
    course_id: CourseId | None = None
    framework_id: FrameworkId | None = None
    competency_id: CompetencyId | None = None
    document: dict[str, Any]
    locked: tuple[str, ...] = ()


class RecordSimulation(Command):
    """Say what a revision would do to all cells of its scope as they stood at a position. Given by the simulator."""

    policy_id: PolicyId
    revision: int
    simulation_id: SimulationId
    at_position: int
    terms: Terms = Terms()
    digest: str
    cells: int
    moved: int
    matrix: dict[str, dict[str, int]]


class ApprovePolicy(Command):
    """Agree to the last revision, having seen what it does; needs a reason, and is not for its author."""

    policy_id: PolicyId
    revision: int | None = None
    """The revision that is meant; with none: the last."""


class PublishPolicy(Command):
    """Have the last revision put in force, on the terms that were simulated; needs a reason."""

    policy_id: PolicyId
    version: PolicyVersion | None = None
    terms: Terms | None = None
    effective_from: OccurredAt | None = None
    effective_to: OccurredAt | None = None


class RollBackPolicy(Command):
    """Go back to the set of policies that was in force before this policy was activated or retired; needs a reason."""

    policy_id: PolicyId


class RetirePolicy(Command):
    """End a policy: it is in force no more, nor waits to be; or one version of it only. Needs a reason."""

    policy_id: PolicyId
    version: PolicyVersion | None = None
    """The version in force that ends, while a later publication goes on waiting for its date."""


PolicyCommand = DraftPolicy | RecordSimulation | ApprovePolicy | PublishPolicy | RollBackPolicy | RetirePolicy


class Limits(NamedTuple):
    """What a district demands before a policy is published."""

    approvals_min: int = 2
    simulation_age_positions_max: int = 100_000


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a decision about a policy depends on beside its own past: who decides, when, and on what ledger."""

    catalogue: Catalogue
    succession: Succession
    actor: Actor
    now: datetime
    position: int
    """The last position of the log."""
    limits: Limits = field(default_factory=Limits)
    switched_at: int = 0
    """The position of the last event that put a policy set in force; 0: none did."""
