"""Mastery policies: every drafted revision, how far each has come in its life, and the events that made it so."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from typing import Any, Final, NamedTuple, cast, get_args

from domain.kernel.errors import Unknown
from domain.policy.decider import INITIAL, Drafted, evolve
from domain.policy.events import (
    PolicyDrafted,
    PolicyEvent,
    PolicyPublished,
    PolicySimulated,
    ScopedPolicy,
    Terms,
)
from domain.policy.states import State, States, states_of
from domain.policy.succession import Succession
from schemas.registry import decode
from services.query_api.answers import Answer, Connection, Part, rows

POLICY_EVENTS: Final = """
    SELECT position, type, meta->'actor'->>'id' AS actor_id, meta->>'on_behalf_of' AS on_behalf_of,
           meta->'authority' AS authority, meta->'reason' AS reason, data::text AS data, recorded_at
      FROM ledger.event
     WHERE learner_id IS NULL
       AND type = ANY(%(types)s)
     ORDER BY position
"""
_TYPES: Final = [event.type for event in get_args(PolicyEvent)]


class PolicyFact(NamedTuple):
    """One event in the life of a policy: where it lies, who did it, when, why, and what."""

    position: int
    actor_id: str
    recorded_at: datetime
    event: PolicyEvent
    on_behalf_of: str | None = None
    authority: dict[str, Any] | None = None
    reason: dict[str, Any] | None = None


class Revision(Part):
    """One revision of a policy: where it would decide, what it locks; `version` is the hash of what it says."""

    revision: int
    state: State
    version: str
    framework_id: str | None
    school_id: str | None
    course_id: str | None
    competency_id: str | None
    locked: tuple[str, ...]
    drafted_by: str
    drafted_at: datetime
    document: dict[str, Any]


class Simulation(Part):
    """What a revision would have done to the cells of its scope at a position."""

    simulation_id: str
    at_position: int
    cells: int
    moved: int
    matrix: dict[str, dict[str, int]]
    digest: str


class Stage(Part):
    """A step in a policy's life: simulated, approved, published, activated, rolled back or retired; by whom, why."""

    position: int
    type: str
    version: str
    revision: int | None
    by: str
    on_behalf_of: str | None
    authority: dict[str, Any] | None
    reason: dict[str, Any] | None
    at: datetime
    terms: Terms | None
    effective_from: datetime | None
    effective_to: datetime | None
    simulation: Simulation | None
    """Of a what-if, for those who may read what policies would do: behind its numbers may stand few learners."""


class Policy(Part):
    """A policy and its life, oldest first.

    Its state is that of the revision that is to come into force, or is in force, else of the last one.
    `simulation_id` and `approved_by` are of the last revision, as far as they hold for its publication.
    """

    policy_id: str
    state: State
    in_force: str | None
    """The version in force, if one is."""
    simulation_id: str | None
    approved_by: tuple[str, ...]
    revisions: tuple[Revision, ...]
    life: tuple[Stage, ...]


class Policies(Answer):
    """All policies, and the set in force; the built-in policy holds for whatever the set does not name."""

    in_force: tuple[ScopedPolicy, ...]
    policies: tuple[Policy, ...]


async def read_policies(connection: Connection, approvals_min: int, *, simulations: bool = True) -> Policies:
    """Return all policies, in the order of their first draft; so many approvals make a revision approved.

    Without `simulations` their lives do not tell what they would have done to learners.
    """
    facts = await read_policy_facts(connection)
    states = states_of((fact.event for fact in facts), approvals_min)
    policies: dict[str, list[PolicyFact]] = {}
    for fact in facts:
        policies.setdefault(fact.event.policy_id, []).append(fact)
    in_force = succession(facts).policies
    told = tuple(_policy(life, in_force, states) for life in policies.values())
    return Policies(in_force=in_force, policies=told if simulations else tuple(map(_without_numbers, told)))


async def read_policy_life(
    connection: Connection, policy_id: str, approvals_min: int, *, simulations: bool = True
) -> Policy:
    """Return one policy; `simulations` as for all.

    Raises:
        Unknown: policy-unknown.
    """
    for policy in (await read_policies(connection, approvals_min, simulations=simulations)).policies:
        if policy.policy_id == policy_id:
            return policy
    raise Unknown("policy-unknown", f"policy {policy_id} is not drafted")


async def read_policy_facts(connection: Connection) -> list[PolicyFact]:
    """Return what happened to all policies in order."""
    found = await rows(connection, POLICY_EVENTS, {"types": _TYPES})
    return [
        PolicyFact(
            row["position"],
            row["actor_id"],
            row["recorded_at"],
            cast("PolicyEvent", decode(row["type"], row["data"])),
            row["on_behalf_of"],
            row["authority"],
            row["reason"],
        )
        for row in found
    ]


def succession(facts: Sequence[PolicyFact]) -> Succession:
    """Return which policies are in force after all that happened."""
    current = Succession()
    for fact in facts:
        current = current.evolve(fact.event)
    return current


def _policy(facts: Sequence[PolicyFact], in_force: Sequence[ScopedPolicy], states: States) -> Policy:
    policy_id = facts[0].event.policy_id
    live = [scoped.version for scoped in in_force if scoped.policy_id == policy_id]
    folded = reduce(evolve, [fact.event for fact in facts], INITIAL)
    assert isinstance(folded, Drafted)
    drafts = [(fact, fact.event) for fact in facts if isinstance(fact.event, PolicyDrafted)]
    return Policy(
        policy_id=policy_id,
        state=states.policy(policy_id),
        in_force=live[-1] if live else None,
        simulation_id=folded.simulation.simulation_id if folded.simulation else None,
        approved_by=tuple(approval.approver.id for approval in folded.approvals),
        revisions=tuple(_revision(fact, draft, states.revision(policy_id, draft.revision)) for fact, draft in drafts),
        life=tuple(_stage(fact, fact.event) for fact in facts if not isinstance(fact.event, PolicyDrafted)),
    )


def _without_numbers(policy: Policy) -> Policy:
    life = tuple(stage.model_copy(update={"simulation": None}) for stage in policy.life)
    return policy.model_copy(update={"life": life})


def _revision(fact: PolicyFact, draft: PolicyDrafted, state: State) -> Revision:
    return Revision(
        revision=draft.revision,
        state=state,
        version=draft.version,
        locked=draft.locked,
        drafted_by=draft.author.id if draft.author else fact.actor_id,
        drafted_at=fact.recorded_at,
        document=draft.document,
        **draft.scope.model_dump(),
    )


def _stage(fact: PolicyFact, event: PolicyEvent) -> Stage:
    published = event if isinstance(event, PolicyPublished) else None
    simulated = event if isinstance(event, PolicySimulated) else None
    return Stage(
        position=fact.position,
        type=event.type,
        version=event.version,
        revision=getattr(event, "revision", None),
        by=fact.actor_id,
        on_behalf_of=fact.on_behalf_of,
        authority=fact.authority,
        reason=fact.reason,
        at=fact.recorded_at,
        terms=event.terms if isinstance(event, PolicyPublished | PolicySimulated) else None,
        effective_from=published and published.effective_from,
        effective_to=published and published.effective_to,
        simulation=simulated and Simulation(**simulated.model_dump(include=set(Simulation.model_fields))),
    )
