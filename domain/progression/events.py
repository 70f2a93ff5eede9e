"""Facts about official acts: advancement, credit, report cards, and the reviews of what they rest on.

An act names what justified it: policy version, level, evidence and the position at which all of that was so. A later
policy never rewrites it; where it no longer gives what the act rests on, a review opens, and a person settles it.
"""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from domain.framework.events import CompetencyKind
from domain.kernel.envelope import Part
from domain.kernel.event import Event
from domain.kernel.ids import (
    ActId,
    CompetencyId,
    CourseId,
    JudgementId,
    LearnerId,
    LevelCode,
    PolicyId,
    PolicyVersion,
    ScoreId,
)
from domain.kernel.privacy import Personal, Plain
from domain.kernel.scores import ScoreMicro


class ReviewOutcome(StrEnum):
    """What a person made of an act whose basis has changed."""

    UPHELD = "upheld"
    REVOKED = "revoked"


class Basis(Part):
    """What an act rests on for one competency: what the policy in force said, of which evidence.

    `level` is the one that holds, a judgement's (`judgement_id`) where one does; `mastered_level` the lowest one that
    the policy counts as mastered; `value_micro` the computed value.
    """

    competency_id: CompetencyId
    policy_id: PolicyId
    policy_version: PolicyVersion
    level: LevelCode | None = None
    mastered_level: LevelCode | None = None
    value_micro: Plain[ScoreMicro | None] = None
    judgement_id: JudgementId | None = None
    score_ids: Plain[tuple[ScoreId, ...]] = ()
    evidence_digest: Plain[str]
    """Of the scores in force, in hexadecimal."""


class ReportLine(Part):
    """What a report card says of one competency; `mark` is the level as the policy tells it elsewhere."""

    basis: Plain[Basis]
    kind: Plain[CompetencyKind] = CompetencyKind.SKILL
    mark: Plain[str | None] = None


class AdvancementRequested(Event):
    """A learner, or somebody for the learner, asked to move on from a competency."""

    type: ClassVar[str] = "advancement.requested.v1"
    act_id: ActId
    learner_id: LearnerId
    competency_id: CompetencyId


class AdvancementGranted(Event):
    """The learner moves on from a competency, which was mastered at `decided_position`."""

    type: ClassVar[str] = "advancement.granted.v1"
    act_id: ActId
    learner_id: LearnerId
    competency_id: CompetencyId
    basis: Plain[Basis]
    decided_position: Plain[int]


class AdvancementDeclined(Event):
    """An educator declined the request, with a reason."""

    type: ClassVar[str] = "advancement.declined.v1"
    act_id: ActId
    learner_id: LearnerId
    competency_id: CompetencyId


class CreditAwarded(Event):
    """A learner earned credit: all its competencies were mastered at `decided_position`."""

    type: ClassVar[str] = "credit.awarded.v1"
    act_id: ActId
    learner_id: LearnerId
    title: Plain[str]
    course_id: CourseId | None = None
    credits_micro: Plain[ScoreMicro]
    bases: Plain[Annotated[tuple[Basis, ...], Field(min_length=1)]]
    decided_position: Plain[int]


class CreditRevoked(Event):
    """The credit does not count any more, for a reason."""

    type: ClassVar[str] = "credit.revoked.v1"
    act_id: ActId
    learner_id: LearnerId


class ReportCardIssued(Event):
    """A report of levels by competency, as they were at `decided_position`."""

    type: ClassVar[str] = "report_card.issued.v1"
    act_id: ActId
    learner_id: LearnerId
    period: Plain[str]
    comment: Personal[str | None] = None
    lines: Plain[Annotated[tuple[ReportLine, ...], Field(min_length=1)]]
    decided_position: Plain[int]


class ReviewSettled(Event):
    """A person looked at an act whose basis had changed, and upheld or revoked it, with a reason."""

    type: ClassVar[str] = "review.settled.v1"
    act_id: ActId
    learner_id: LearnerId
    outcome: Plain[ReviewOutcome]
    cause_positions: Plain[tuple[int, ...]]
    """The changes that took the basis away; one that comes later opens a review again."""


ProgressionEvent = (
    AdvancementRequested
    | AdvancementGranted
    | AdvancementDeclined
    | CreditAwarded
    | CreditRevoked
    | ReportCardIssued
    | ReviewSettled
)
