"""Who may do what: one table from role to permissions, and for whom. What it does not name is denied."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from domain.kernel.envelope import Actor, Role
from domain.kernel.errors import Forbidden
from domain.kernel.ids import LearnerId


class Permission(StrEnum):
    """A group of acts or questions that is granted as one; the value reads after "may not"."""

    PUBLISH_FRAMEWORK = "publish frameworks and scales"
    KEEP_ROSTER = "register and enrol learners"
    SUBMIT_EVIDENCE = "submit evidence"
    ALIGN_EVIDENCE = "align or withdraw evidence"
    SCORE = "give, correct or void scores"
    OBSERVE = "record observations in bulk"
    JUDGE = "record or lift judgements"
    SET_GOAL = "set, revise, progress or close goals"
    SIGN_GOAL = "sign goals"
    CHANGE_PATHWAY = "approve or change pathways"
    TAKE_STEP = "start or complete steps"
    NOTE_PROFILE = "note or retire profile entries"
    CHANGE_LABELS = "change the labels of the glossary"
    SUPPORT = "give feedback, begin or end supports"
    REQUEST_ADVANCEMENT = "request advancement"
    CERTIFY = "grant advancement, award credit, issue report cards or settle reviews"
    DRAFT_POLICY = "draft policies"
    SIMULATE_POLICY = "ask what policies would do"
    APPROVE_POLICY = "approve policies"
    PUBLISH_POLICY = "publish, roll back or retire policies"
    READ_LEARNER = "read about learners"
    READ_AUDIT = "search the audit trail"
    READ_EQUITY = "read how groups of learners do"
    READ_REVIEWS = "read the review list"
    READ_POLICY = "read policies and frameworks"
    READ_SIMULATION = "read what policies would do"
    READ_NOTICES = "read the notices of all learners"
    READ_STATUS = "read the state of the projectors"
    READ_STREAM = "read the stream of all events"
    KEEP_WEBHOOKS = "keep webhooks"


P = Permission
_READS: Final = frozenset(
    {
        P.READ_LEARNER,
        P.READ_AUDIT,
        P.READ_EQUITY,
        P.READ_REVIEWS,
        P.READ_POLICY,
        P.READ_SIMULATION,
        P.READ_NOTICES,
        P.READ_STATUS,
        P.READ_STREAM,
    }
)
_OWN: Final = frozenset({P.SET_GOAL, P.SIGN_GOAL, P.NOTE_PROFILE, P.READ_LEARNER, P.READ_POLICY})
_TEACHING: Final = _OWN | {
    P.SUBMIT_EVIDENCE,
    P.ALIGN_EVIDENCE,
    P.SCORE,
    P.OBSERVE,
    P.JUDGE,
    P.CHANGE_PATHWAY,
    P.TAKE_STEP,
    P.SUPPORT,
    P.REQUEST_ADVANCEMENT,
    P.CERTIFY,
    P.READ_REVIEWS,
    P.READ_EQUITY,
    P.DRAFT_POLICY,
    P.SIMULATE_POLICY,
    P.READ_SIMULATION,
    P.READ_STATUS,
}
_SERVING: Final = frozenset(
    {P.KEEP_ROSTER, P.PUBLISH_FRAMEWORK, P.SUBMIT_EVIDENCE, P.ALIGN_EVIDENCE, P.SCORE, P.OBSERVE, P.NOTE_PROFILE}
)
GRANTS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.LEARNER: _OWN | {P.SUBMIT_EVIDENCE, P.TAKE_STEP, P.REQUEST_ADVANCEMENT},
    Role.GUARDIAN: frozenset({P.REQUEST_ADVANCEMENT, P.SIGN_GOAL, P.NOTE_PROFILE, P.READ_LEARNER, P.READ_POLICY}),
    Role.TEACHER: _TEACHING,
    Role.ADMINISTRATOR: frozenset(Permission) - {P.SIGN_GOAL},
    Role.AUDITOR: _READS,
    Role.SERVICE: _SERVING | {P.READ_LEARNER, P.READ_POLICY, P.READ_STATUS, P.READ_STREAM, P.READ_NOTICES},
    Role.SYSTEM: frozenset(Permission) - {P.SIGN_GOAL, P.APPROVE_POLICY},
}
"""Role -> what it may do. A signature is given by learner, guardian or teacher, an approval by a person."""
FAMILY: Final = frozenset({Role.LEARNER, Role.GUARDIAN})
"""Roles that act and read for named learners only: themselves, or those that the token links to them."""
PROXIES: Final = frozenset({Role.SERVICE, Role.SYSTEM})
"""Roles that may say for whom they act and who assessed."""
FOR_NO_LEARNER: Final = frozenset({P.READ_POLICY})
"""What a family member may do without naming a learner."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who sends a request: the actor, and the learners linked to a guardian."""

    actor: Actor
    learners: frozenset[LearnerId] = field(default_factory=frozenset)

    def is_close_to(self, learner_id: LearnerId | None) -> bool:
        """Say whether a family member asks for itself or for its own learner."""
        own = LearnerId(self.actor.id) if self.actor.role is Role.LEARNER else None
        return learner_id is not None and (learner_id == own or learner_id in self.learners)


def require(principal: Principal, permission: Permission, learner_id: LearnerId | None = None) -> None:
    """Refuse what the role does not permit, or does not permit for this learner.

    Raises:
        Forbidden: not-permitted.
    """
    actor = principal.actor
    if permission not in GRANTS[actor.role]:
        raise Forbidden("not-permitted", f"role {actor.role} may not {permission}", actor=actor.id)
    if actor.role in FAMILY and permission not in FOR_NO_LEARNER and not principal.is_close_to(learner_id):
        whose = "itself" if actor.role is Role.LEARNER else "learners linked to it"
        raise Forbidden("not-permitted", f"role {actor.role} may {permission}, but for {whose} only", actor=actor.id)
