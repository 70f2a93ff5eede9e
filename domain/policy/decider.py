"""The rules of a policy's life: drafted, simulated, approved, published, rolled back, retired.

Stream: `policy-<policy_id>`. What is in force is a fact about all policies: the `Succession`, which deciders are given.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, assert_never

from domain.framework.catalogue import Catalogue
from domain.kernel.envelope import FUTURE_TOLERANCE
from domain.kernel.errors import Invalid, Refused, Unknown
from domain.kernel.ids import PolicyId, PolicyVersion
from domain.policy.circles import check_circles
from domain.policy.commands import (
    ApprovePolicy,
    Circumstances,
    DraftPolicy,
    Limits,
    PolicyCommand,
    PublishPolicy,
    RecordSimulation,
    RetirePolicy,
    RollBackPolicy,
)
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
    Reach,
    ReplayCancelled,
    ReplayPaused,
    ReplayRefused,
    ReplayResumed,
    Scope,
    Terms,
)
from domain.policy.lint import denied
from domain.policy.locks import check_locks, check_scope, check_stages
from domain.policy.reach import setting_of
from domain.policy.succession import Succession


@dataclass(frozen=True, slots=True)
class Undrafted:
    """No policy is on record under this id."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A policy with its revisions, what was done for the publication of the last one, and the one that waits."""

    drafts: tuple[PolicyDrafted, ...] = ()
    simulation: PolicySimulated | None = None
    approvals: tuple[PolicyApproved, ...] = ()
    awaited: PolicyPublished | None = None

    @property
    def last(self) -> PolicyDrafted:
        """The last revision."""
        return self.drafts[-1]


Policy = Undrafted | Drafted
INITIAL: Final[Policy] = Undrafted()


def stream_of(policy_id: PolicyId) -> str:
    """Return the name of a policy's stream."""
    return f"policy-{policy_id}"


def evolve(state: Policy, event: PolicyEvent) -> Policy:
    """Return the state after an event."""
    policy = state if isinstance(state, Drafted) else Drafted()
    match event:
        case PolicyDrafted():
            return replace(policy, drafts=(*policy.drafts, event), simulation=None, approvals=())
        case PolicySimulated():
            return _simulated(policy, event)
        case PolicyApproved():
            return replace(policy, approvals=(*policy.approvals, event))
        case PolicyPublished():
            return replace(policy, simulation=None, approvals=(), awaited=event)
        case PolicyRetired() if event.awaits:
            return policy
        case PolicyActivated() | PolicyRetired() | ReplayCancelled() | ReplayRefused():
            return replace(policy, awaited=None)
        case PolicyRolledBack() | ReplayPaused() | ReplayResumed():
            return policy
        case _:
            assert_never(event)


def _simulated(policy: Drafted, event: PolicySimulated) -> Drafted:
    """Take in a simulation; those of earlier revisions are for comparison only.

    The same revision on the same terms may be simulated again, when time has passed: its approvals stand.
    """
    if event.revision != policy.last.revision:
        return policy
    stands = policy.simulation is not None and policy.simulation.terms == event.terms
    return replace(policy, simulation=event, approvals=policy.approvals if stands else ())


def decide(state: Policy, command: PolicyCommand, circumstances: Circumstances) -> list[PolicyEvent]:
    """Return what a command makes happen.

    Raises:
        Invalid: policy-invalid, stage-unknown, scope-without-framework, terms-invalid, reason-required,
            effective-dates.
        Refused: scale-unknown, level-unknown, framework-unknown, competency-unknown, stage-locked, policy-unchanged,
            policy-superseded, policy-not-simulated, simulation-too-old, terms-not-simulated, approval-by-author,
            approval-given, policy-not-approved, policy-live, policy-denied-by-lint, policies-circular,
            nothing-to-roll-back, policy-not-in-force.
        Unknown: policy-unknown, policy-version-unknown.
    """
    if isinstance(command, DraftPolicy):
        return [_draft(state, command, circumstances)]
    if isinstance(state, Undrafted):
        raise Unknown("policy-unknown", f"policy {command.policy_id} is not drafted")
    match command:
        case RecordSimulation():
            return [_simulate(state, command)]
        case ApprovePolicy():
            return [_approve(state, command, circumstances)]
        case PublishPolicy():
            return [_publish(state, command, circumstances)]
        case RollBackPolicy():
            return [_roll_back(command, circumstances.succession)]
        case RetirePolicy():
            return [_retire(state, command, circumstances.succession)]
        case _:
            assert_never(command)


def _draft(state: Policy, command: DraftPolicy, circumstances: Circumstances) -> PolicyDrafted:
    document = parse_policy(command.document)
    check_stages(command.locked)
    draft = PolicyDrafted(
        policy_id=command.policy_id,
        revision=state.last.revision + 1 if isinstance(state, Drafted) else 1,
        version=PolicyVersion(document.version),
        document=json.loads(document.canonical_json),
        locked=tuple(sorted(set(command.locked))),
        author=circumstances.actor,
        **command.model_dump(include=set(Scope.model_fields)),
    )
    if isinstance(state, Drafted) and _content(state.last) == _content(draft):
        raise Refused("policy-unchanged", f"policy {command.policy_id} reads so already", revision=state.last.revision)
    check_scope(draft.scope, circumstances.catalogue)
    _check_levels(document, circumstances.catalogue)
    _check_locks(draft, circumstances)
    return draft


def _content(draft: PolicyDrafted) -> tuple[object, ...]:
    return (draft.version, draft.scope, draft.locked)


def _check_levels(document: PolicyDocument, catalogue: Catalogue) -> None:
    if document.scale is None:
        return
    known = {level.code for level in catalogue.scale(document.scale).levels}
    for code in document.level_codes:
        if code not in known:
            raise Refused("level-unknown", f"level {code} is not a level of scale {document.scale}")


def _simulate(state: Drafted, command: RecordSimulation) -> PolicySimulated:
    check_terms(command.terms)
    drafts = {draft.revision: draft for draft in state.drafts}
    if command.revision not in drafts:
        raise Unknown("policy-version-unknown", f"revision {command.revision} is not drafted", policy=command.policy_id)
    draft = drafts[command.revision]
    words = command.model_dump(include={*PolicySimulated.model_fields} - {"terms"})
    return PolicySimulated(**words, version=draft.version, scope=draft.scope, terms=command.terms)


def check_terms(terms: Terms) -> None:
    """Refuse terms that contradict themselves.

    Raises:
        Invalid: terms-invalid.
    """
    if (terms.reach is Reach.EVIDENCE_SINCE) != (terms.evidence_since is not None):
        fault = f"reach {terms.reach} {'needs' if terms.evidence_since is None else 'does not take'} evidence_since"
        raise Invalid("terms-invalid", fault)


def _simulation_of(state: Drafted) -> PolicySimulated:
    if state.simulation is None:
        fault = f"revision {state.last.revision} has no finished simulation"
        raise Refused("policy-not-simulated", fault, policy=state.last.policy_id)
    return state.simulation


def _approve(state: Drafted, command: ApprovePolicy, circumstances: Circumstances) -> PolicyApproved:
    command.require_reason("an approval")
    last, approver = state.last, circumstances.actor
    if command.revision not in {None, last.revision}:
        fault = f"revision {command.revision} is not the last one, {last.revision} is"
        raise Refused("policy-superseded", fault, policy=last.policy_id)
    simulation = _simulation_of(state)
    authors = {draft.author.id for draft in state.drafts if draft.author and draft.version == last.version}
    if approver.id in authors:
        raise Refused("approval-by-author", f"{approver.id} wrote revision {last.revision}", policy=last.policy_id)
    if approver.id in {approval.approver.id for approval in state.approvals}:
        fault = f"{approver.id} has approved revision {last.revision} already"
        raise Refused("approval-given", fault, policy=last.policy_id)
    _check_lint(last, circumstances.catalogue)
    return PolicyApproved(
        policy_id=last.policy_id,
        version=last.version,
        revision=last.revision,
        simulation_id=simulation.simulation_id,
        approver=approver,
    )


def _publish(state: Drafted, command: PublishPolicy, circumstances: Circumstances) -> PolicyPublished:
    command.require_reason("a publication")
    draft = _to_publish(state, command)
    _check_dates(command, circumstances.now)
    simulated = state.simulation
    published = PolicyPublished(
        policy_id=draft.policy_id,
        version=draft.version,
        revision=draft.revision,
        terms=command.terms or (simulated.terms if simulated else Terms()),
        effective_from=command.effective_from,
        effective_to=command.effective_to,
        simulation_id=simulated.simulation_id if simulated else None,
        **draft.scope.model_dump(),
    )
    _check_new(state, published, circumstances.succession)
    _check_lint(draft, circumstances.catalogue)
    _check_locks(draft, circumstances)
    check_circles(published, draft, circumstances.succession, circumstances.catalogue)
    _check_simulation(_simulation_of(state), published.terms, circumstances)
    _check_approvals(state, circumstances.limits)
    return published


def _check_new(state: Drafted, published: PolicyPublished, succession: Succession) -> None:
    awaited = state.awaited
    if awaited and awaited.version == published.version and awaited.revision in {None, published.revision}:
        raise Refused("policy-live", f"version {published.version} is awaited", policy=published.policy_id)
    if published.scoped in succession.policies:
        raise Refused("policy-live", f"version {published.version} is in force", policy=published.policy_id)


def _check_locks(draft: PolicyDrafted, circumstances: Circumstances) -> None:
    document = parse_policy(draft.document)
    check_locks(document, draft.scope, circumstances.succession.revisions, circumstances.catalogue)


def _to_publish(state: Drafted, command: PublishPolicy) -> PolicyDrafted:
    """Return the last revision, if no other is named."""
    last = state.last
    if command.version in {None, last.version}:
        return last
    revisions = [draft.revision for draft in state.drafts if draft.version == command.version]
    if not revisions:
        raise Unknown("policy-version-unknown", f"version {command.version} is not drafted", policy=command.policy_id)
    fault = f"revision {revisions[-1]} is not the last one, {last.revision} is"
    raise Refused("policy-superseded", fault, policy=command.policy_id)


def _check_dates(command: PublishPolicy, now: datetime) -> None:
    begins = command.effective_from or now
    if begins < now - FUTURE_TOLERANCE:
        raise Invalid("effective-dates", f"effective_from {begins.isoformat()} has passed", now=now.isoformat())
    if command.effective_to is not None and command.effective_to <= max(begins, now):
        fault = f"effective_to {command.effective_to.isoformat()} is not after {max(begins, now).isoformat()}"
        raise Invalid("effective-dates", fault)


def _check_simulation(simulation: PolicySimulated, terms: Terms, circumstances: Circumstances) -> None:
    if terms != simulation.terms:
        raise Refused("terms-not-simulated", "the terms are not those simulated", simulation=simulation.simulation_id)
    age, age_max = circumstances.position - simulation.at_position, circumstances.limits.simulation_age_positions_max
    if age > age_max:
        fault = f"the simulation is {age} positions old, at most {age_max} are taken"
        raise Refused("simulation-too-old", fault, simulation=simulation.simulation_id)
    if simulation.at_position < circumstances.switched_at:
        fault = f"the simulation is of position {simulation.at_position}, the policies in force came after it"
        raise Refused("simulation-too-old", fault, simulation=simulation.simulation_id, since=circumstances.switched_at)


def _check_approvals(state: Drafted, limits: Limits) -> None:
    given = len(state.approvals)
    if given < limits.approvals_min:
        fault = f"revision {state.last.revision} has {given} of {limits.approvals_min} approvals"
        raise Refused("policy-not-approved", fault, policy=state.last.policy_id)


def _check_lint(draft: PolicyDrafted, catalogue: Catalogue) -> None:
    document = parse_policy(draft.document)
    for finding in denied(document, setting_of(document, catalogue, draft.framework_id, draft.competency_id)):
        raise Refused("policy-denied-by-lint", finding.reason, finding=finding.rule, place=finding.place)


def _roll_back(command: RollBackPolicy, succession: Succession) -> PolicyRolledBack:
    command.require_reason("a rollback")
    left = succession.switches[-1] if succession.switches else None
    if left is None or left.policy_id != command.policy_id:
        last = f"policy {left.policy_id}" if left else "no policy"
        fault = f"policy {command.policy_id} is not the last one activated or retired, {last} is"
        raise Refused("nothing-to-roll-back", fault)
    earlier = Succession(succession.switches[:-1])
    return PolicyRolledBack(policy_id=command.policy_id, version=left.version, policies=earlier.policies)


def _retire(state: Drafted, command: RetirePolicy, succession: Succession) -> PolicyRetired:
    command.require_reason("a retirement")
    policy_id, awaited = command.policy_id, state.awaited
    live = [one.version for one in succession.policies if one.policy_id == policy_id]
    if command.version is not None:
        if command.version not in live:
            raise Refused("policy-not-in-force", f"version {command.version} is not in force", policy=policy_id)
        rest = succession.without(policy_id, command.version)
        return PolicyRetired(policy_id=policy_id, version=command.version, policies=rest, awaits=awaited is not None)
    if not live and awaited is None:
        raise Refused("policy-not-in-force", f"policy {policy_id} is neither in force nor awaited")
    version = live[-1] if live or awaited is None else awaited.version
    return PolicyRetired(policy_id=policy_id, version=version, policies=succession.without(policy_id))
