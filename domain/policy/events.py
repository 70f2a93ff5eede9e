"""Facts about a mastery policy's life: drafted, published, in force, rolled back.

The policy set in force at a position follows from `PolicyActivated` and `PolicyRolledBack` alone: a read model
at position P was computed under the set that the last of them at or before P names.
"""

from typing import Any, ClassVar

from domain.kernel.envelope import Part
from domain.kernel.event import Event
from domain.kernel.ids import FrameworkId, PolicyId, PolicyVersion
from domain.kernel.privacy import Plain


class ScopedPolicy(Part):
    """One policy of a set in force: for one framework, or (`framework_id` null) for all others."""

    framework_id: FrameworkId | None = None
    policy_id: PolicyId
    version: PolicyVersion


class PolicyDrafted(Event):
    """A policy document, or a new revision of it, is on record. It decides nothing yet."""

    type: ClassVar[str] = "policy.drafted.v1"
    policy_id: PolicyId
    revision: Plain[int]
    version: PolicyVersion
    framework_id: FrameworkId | None = None
    document: Plain[dict[str, Any]]


class PolicyPublished(Event):
    """The version shall be in force; a generation of current mastery is built under it, beside the live one."""

    type: ClassVar[str] = "policy.published.v1"
    policy_id: PolicyId
    version: PolicyVersion
    framework_id: FrameworkId | None = None


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


PolicyEvent = PolicyDrafted | PolicyPublished | PolicyActivated | PolicyRolledBack
