"""Mastery policies: every drafted revision, which is awaited and which in force, and the events that made it so."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, cast, get_args

from domain.kernel.errors import Unknown
from domain.policy.decider import Succession
from domain.policy.events import PolicyDrafted, PolicyEvent, PolicyPublished, ScopedPolicy
from schemas.registry import decode
from services.query_api.answers import Answer, Connection, Part, rows

POLICY_EVENTS: Final = """
    SELECT position, type, meta->'actor'->>'id' AS actor_id, data::text AS data, recorded_at
      FROM ledger.event
     WHERE learner_id IS NULL
       AND type = ANY(%(types)s)
     ORDER BY position
"""
_TYPES: Final = [event.type for event in get_args(PolicyEvent)]


class PolicyFact(NamedTuple):
    """One event in the life of a policy: where it lies, who did it, when, and what."""

    position: int
    actor_id: str
    recorded_at: datetime
    event: PolicyEvent


class Revision(Part):
    """One revision of a policy; `version` is the hash of what it says."""

    revision: int
    version: str
    framework_id: str | None
    drafted_by: str
    drafted_at: datetime
    document: dict[str, Any]


class Stage(Part):
    """A step in a policy's life: published, activated or rolled back; which version, by whom, when."""

    position: int
    type: str
    version: str
    by: str
    at: datetime


class Policy(Answer):
    """A policy: drafted, awaited (published, its levels are being computed) or in-force; its life, oldest first."""

    policy_id: str
    state: str
    in_force: str | None
    """The version in force, if one is."""
    revisions: tuple[Revision, ...]
    life: tuple[Stage, ...]


class Policies(Answer):
    """All policies, and the set in force; the built-in policy holds for whatever the set does not name."""

    in_force: tuple[ScopedPolicy, ...]
    policies: tuple[Policy, ...]


async def read_policies(connection: Connection) -> Policies:
    """Return all policies, in the order of their first draft."""
    facts = await read_policy_facts(connection)
    policies: dict[str, list[PolicyFact]] = {}
    for fact in facts:
        policies.setdefault(fact.event.policy_id, []).append(fact)
    in_force = succession(facts).policies
    return Policies(in_force=in_force, policies=tuple(_policy(life, in_force) for life in policies.values()))


async def read_policy_life(connection: Connection, policy_id: str) -> Policy:
    """Return one policy.

    Raises:
        Unknown: policy-unknown.
    """
    for policy in (await read_policies(connection)).policies:
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
        )
        for row in found
    ]


def succession(facts: Sequence[PolicyFact]) -> Succession:
    """Return which policies are in force after all that happened."""
    current = Succession()
    for fact in facts:
        current = current.evolve(fact.event)
    return current


def _policy(facts: Sequence[PolicyFact], in_force: Sequence[ScopedPolicy]) -> Policy:
    policy_id, last = facts[0].event.policy_id, facts[-1].event
    live = [scoped.version for scoped in in_force if scoped.policy_id == policy_id]
    state = "awaited" if isinstance(last, PolicyPublished) else "in-force" if live else "drafted"
    return Policy(
        policy_id=policy_id,
        state=state,
        in_force=live[0] if live else None,
        revisions=tuple(_revision(fact, fact.event) for fact in facts if isinstance(fact.event, PolicyDrafted)),
        life=tuple(_stage(fact) for fact in facts if not isinstance(fact.event, PolicyDrafted)),
    )


def _revision(fact: PolicyFact, draft: PolicyDrafted) -> Revision:
    return Revision(
        revision=draft.revision,
        version=draft.version,
        framework_id=draft.framework_id,
        drafted_by=fact.actor_id,
        drafted_at=fact.recorded_at,
        document=draft.document,
    )


def _stage(fact: PolicyFact) -> Stage:
    event = fact.event
    return Stage(position=fact.position, type=event.type, version=event.version, by=fact.actor_id, at=fact.recorded_at)
