"""The rules of a policy's life: drafted, published, rolled back. Stream: `policy-<policy_id>`.

What is in force is a fact about all policies: the `Succession`, which deciders are given.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self, assert_never

from domain.framework.catalogue import Catalogue
from domain.kernel.envelope import Command
from domain.kernel.errors import Refused, Unknown
from domain.kernel.ids import FrameworkId, PolicyId, PolicyVersion
from domain.policy.document import PolicyDocument, parse_policy
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
from domain.policy.lint import denied
from domain.policy.reach import setting_of


class DraftPolicy(Command):
    """Put a policy document, or a new revision of it, on record; for one framework, or for all others."""

    policy_id: PolicyId
    framework_id: FrameworkId | None = None
    document: dict[str, Any]


class PublishPolicy(Command):
    """Have a drafted version put in force: the last one, unless another is named."""

    policy_id: PolicyId
    version: PolicyVersion | None = None


class RollBackPolicy(Command):
    """Go back to the set of policies that was in force before this policy was activated."""

    policy_id: PolicyId


PolicyCommand = DraftPolicy | PublishPolicy | RollBackPolicy


@dataclass(frozen=True, slots=True)
class Succession:
    """The activations and retirements not rolled back, in order; none: the built-in policies are in force."""

    switches: tuple[PolicyActivated | PolicyRetired, ...] = ()

    def evolve(self, event: PolicyEvent) -> Self:
        """Return the succession after an event of any policy."""
        match event:
            case PolicyActivated() | PolicyRetired():
                return replace(self, switches=(*self.switches, event))
            case PolicyRolledBack():
                return replace(self, switches=self.switches[:-1])
            case PolicyDrafted() | PolicySimulated() | PolicyApproved() | PolicyPublished():
                return self
            case ReplayPaused() | ReplayResumed() | ReplayCancelled() | ReplayRefused():
                return self
            case _:
                assert_never(event)

    @property
    def policies(self) -> tuple[ScopedPolicy, ...]:
        """The set in force; the built-in policies hold for whatever it does not name."""
        return self.switches[-1].policies if self.switches else ()


@dataclass(frozen=True, slots=True)
class Undrafted:
    """No policy is on record under this id."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A policy with its versions, in the order of their last draft, and the version that is being put in force."""

    versions: Mapping[PolicyVersion, PolicyDrafted] = field(default_factory=dict)
    revision: int = 0
    awaited: PolicyVersion | None = None

    @property
    def last(self) -> PolicyDrafted:
        """The last draft."""
        return list(self.versions.values())[-1]


Policy = Undrafted | Drafted
INITIAL: Final[Policy] = Undrafted()


def evolve(state: Policy, event: PolicyEvent) -> Policy:
    """Return the state after an event."""
    policy = state if isinstance(state, Drafted) else Drafted()
    match event:
        case PolicyDrafted():
            others = {version: draft for version, draft in policy.versions.items() if version != event.version}
            versions = {**others, event.version: event}
            return replace(policy, versions=versions, revision=event.revision)
        case PolicyPublished():
            return replace(policy, awaited=event.version)
        case PolicyActivated() | PolicyRetired() | ReplayCancelled() | ReplayRefused():
            return replace(policy, awaited=None)
        case PolicySimulated() | PolicyApproved() | PolicyRolledBack() | ReplayPaused() | ReplayResumed():
            return policy
        case _:
            assert_never(event)


def decide(state: Policy, command: PolicyCommand, catalogue: Catalogue, succession: Succession) -> list[PolicyEvent]:
    """Return what a command makes happen.

    Raises:
        Invalid: policy-invalid.
        Refused: scale-unknown, level-unknown, policy-unchanged, policy-live, policy-denied-by-lint,
            nothing-to-roll-back.
        Unknown: policy-unknown, policy-version-unknown.
    """
    if isinstance(command, DraftPolicy):
        return [_draft(state, command, catalogue)]
    if isinstance(state, Undrafted):
        raise Unknown("policy-unknown", f"policy {command.policy_id} is not drafted")
    match command:
        case PublishPolicy():
            return [_publish(state, command, catalogue, succession)]
        case RollBackPolicy():
            return [_roll_back(command, succession)]
        case _:
            assert_never(command)


def _draft(state: Policy, command: DraftPolicy, catalogue: Catalogue) -> PolicyDrafted:
    document = parse_policy(command.document)
    _check_levels(document, catalogue)
    version = PolicyVersion(document.version)
    policy = state if isinstance(state, Drafted) else Drafted()
    if policy.versions and (policy.last.version, policy.last.framework_id) == (version, command.framework_id):
        raise Refused("policy-unchanged", f"policy {command.policy_id} reads so already", revision=policy.revision)
    return PolicyDrafted(
        policy_id=command.policy_id,
        revision=policy.revision + 1,
        version=version,
        framework_id=command.framework_id,
        document=json.loads(document.canonical_json),
    )


def _check_levels(document: PolicyDocument, catalogue: Catalogue) -> None:
    if document.scale is None:
        return
    known = {level.code for level in catalogue.scale(document.scale).levels}
    for code in document.level_codes:
        if code not in known:
            raise Refused("level-unknown", f"level {code} is not a level of scale {document.scale}")


def _publish(state: Drafted, command: PublishPolicy, catalogue: Catalogue, succession: Succession) -> PolicyPublished:
    version = command.version or state.last.version
    if version not in state.versions:
        raise Unknown("policy-version-unknown", f"version {version} is not drafted", policy=command.policy_id)
    draft = state.versions[version]
    scoped = ScopedPolicy(framework_id=draft.framework_id, policy_id=command.policy_id, version=version)
    if state.awaited == version or scoped in succession.policies:
        raise Refused("policy-live", f"version {version} is in force or awaited", policy=command.policy_id)
    _check_lint(draft, catalogue)
    return PolicyPublished(policy_id=command.policy_id, version=version, framework_id=draft.framework_id)


def _check_lint(draft: PolicyDrafted, catalogue: Catalogue) -> None:
    document = parse_policy(draft.document)
    for finding in denied(document, setting_of(document, catalogue, draft.framework_id, draft.competency_id)):
        raise Refused("policy-denied-by-lint", finding.reason, finding=finding.rule, place=finding.place)


def _roll_back(command: RollBackPolicy, succession: Succession) -> PolicyRolledBack:
    left = succession.switches[-1] if succession.switches else None
    if left is None or left.policy_id != command.policy_id:
        last = f"policy {left.policy_id}" if left else "no policy"
        fault = f"policy {command.policy_id} is not the last one activated, {last} is"
        raise Refused("nothing-to-roll-back", fault)
    earlier = Succession(succession.switches[:-1])
    return PolicyRolledBack(policy_id=command.policy_id, version=left.version, policies=earlier.policies)
