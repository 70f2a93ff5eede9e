"""Words of a policy's life that its tests share: policy p1, whose author is the teacher, on 1 March 2026."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from domain.framework.events import Association, AssociationKind
from domain.kernel.envelope import Actor
from domain.kernel.ids import PolicyVersion
from domain.policy.commands import Circumstances, Limits, PolicyCommand
from domain.policy.decider import INITIAL, Policy, decide, evolve
from domain.policy.document import parse_policy
from domain.policy.events import (
    PolicyActivated,
    PolicyApproved,
    PolicyDrafted,
    PolicyEvent,
    PolicyPublished,
    PolicySimulated,
    ScopedPolicy,
    joined,
)
from domain.policy.succession import Succession
from tests.sample import CATALOGUE, FRAMEWORK, TEACHER, of
from tests.spec import Spec

ADA: Final = of(Actor, id="a-ada", role="administrator")
BEN: Final = of(Actor, id="a-ben", role="administrator")
NOW: Final = datetime(2026, 3, 1, tzinfo=UTC)
HEAD: Final = 500
"""The last position of the log; the simulations were at position 400."""
REASON: Final = {"text": "board decision"}
LATEST: Final[dict[str, Any]] = {
    "name": "Latest",
    "scale": "four-point",
    "combine": {"op": "latest"},
    "levels": [{"code": "beginning", "at": "0"}, {"code": "proficient", "at": "3"}],
}
HIGHEST: Final[dict[str, Any]] = LATEST | {"name": "Highest", "combine": {"op": "highest"}}
_PART = Association(kind=AssociationKind.IS_CHILD_OF, from_id="4.NF.2", to_id="4.NF.1")
FRACTIONS: Final = CATALOGUE.evolve(FRAMEWORK.model_copy(update={"associations": (_PART,)}))
"""The sample's catalogue, where 4.NF.2 is a part of 4.NF.1."""


def spec(
    *others: PolicyEvent,
    actor: Actor = TEACHER,
    now: datetime = NOW,
    limits: Limits | None = None,
    switched_at: int = 0,
) -> Spec[Policy, PolicyCommand, PolicyEvent]:
    """Return the decider for whoever acts, after what happened to all policies."""
    succession = Succession()
    for event in others:
        succession = succession.evolve(event)
    circumstances = Circumstances(FRACTIONS, succession, actor, now, HEAD, limits or Limits(), switched_at)
    return Spec(INITIAL, evolve, lambda state, command: decide(state, command, circumstances))


given = spec().given


def version(document: dict[str, Any]) -> PolicyVersion:
    """Return the version that a document has."""
    return PolicyVersion(parse_policy(document).version)


def drafted(
    revision: int, document: dict[str, Any], author: Actor | None = TEACHER, policy_id: str = "p1", **scope: Any
) -> PolicyDrafted:
    """Return a draft by the teacher."""
    read = parse_policy(document)
    words = {"policy_id": policy_id, "revision": revision, "version": read.version, "author": author, **scope}
    return of(PolicyDrafted, **words, document=read.model_dump(mode="json", exclude_none=True))


def simulated(document: dict[str, Any], revision: int = 1, **words: Any) -> PolicySimulated:
    """Return a finished simulation, on the usual terms unless others are given."""
    known = {"simulation_id": "sim-1", "at_position": 400, "digest": "1.00", "cells": 1, "moved": 0, "matrix": {}}
    return of(PolicySimulated, policy_id="p1", revision=revision, version=version(document), **{**known, **words})


def approved(document: dict[str, Any], approver: Actor, revision: int = 1, simulation: str = "sim-1") -> PolicyApproved:
    """Return an approval."""
    words = {"policy_id": "p1", "version": version(document), "revision": revision, "simulation_id": simulation}
    return of(PolicyApproved, **words, approver=approver)


def published(document: dict[str, Any], revision: int = 1, policy_id: str = "p1", **words: Any) -> PolicyPublished:
    """Return a publication after simulation sim-1."""
    known = {"policy_id": policy_id, "version": version(document), "revision": revision, "simulation_id": "sim-1"}
    return of(PolicyPublished, **{**known, **words})


def activated(
    policy_id: str, document: dict[str, Any], before: Iterable[ScopedPolicy] = (), **words: Any
) -> PolicyActivated:
    """Return the activation that puts a policy in force beside those before."""
    scoped = of(ScopedPolicy, policy_id=policy_id, version=version(document), **words)
    policies = joined(tuple(before), scoped)
    return of(PolicyActivated, policy_id=policy_id, version=version(document), policies=policies)
