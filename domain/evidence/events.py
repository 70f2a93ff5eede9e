"""Facts about a learner's work and what assessors made of it.

A score event repeats learner, kind and task of its evidence, so that every reader can use it alone.
"""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from domain.framework.events import Depth
from domain.kernel.envelope import Actor
from domain.kernel.event import Event
from domain.kernel.ids import (
    Code,
    CompetencyId,
    EvidenceId,
    FeedbackId,
    FrameworkId,
    LearnerId,
    ScaleId,
    ScoreId,
    SectionId,
)
from domain.kernel.privacy import Personal, Plain
from domain.kernel.scores import ScoreMicro


class Form(StrEnum):
    """The form in which a learner chose to show mastery."""

    TEXT = "text"
    AUDIO = "audio"
    VIDEO = "video"
    IMAGE = "image"
    PERFORMANCE = "performance"
    PROJECT = "project"
    CONVERSATION = "conversation"
    OBSERVATION = "observation"
    LINK = "link"
    TEST = "test"
    STANDARDIZED_TEST = "standardized_test"
    OTHER = "other"


class EvidenceSubmitted(Event):
    """A learner's work, or an observation of it, is on record, aligned to one or more competencies."""

    type: ClassVar[str] = "evidence.submitted.v1"
    evidence_id: EvidenceId
    learner_id: LearnerId
    competency_ids: Plain[Annotated[tuple[CompetencyId, ...], Field(min_length=1)]]
    kind: Plain[Code]
    form: Plain[Form] = Form.OTHER
    task: Plain[Code | None] = None
    section_id: SectionId | None = None
    context: Personal[str | None] = None
    """Where it was shown, in words: "a retail internship"."""
    chosen_by: Plain[Code | None] = None
    """Who chose this way of showing it: learner, teacher ..."""
    content_uri: Personal[str | None] = None
    purpose: Plain[Code | None] = None
    """Why it was made: practice, assessment ..."""
    carried_over: Plain[bool] = False
    """The work was done before, elsewhere or in an earlier term, and is counted again here."""
    outcome: Plain[Depth | None] = None
    """How deep it goes: recall, apply or create."""


class EvidenceAligned(Event):
    """The evidence also shows these competencies."""

    type: ClassVar[str] = "evidence.aligned.v1"
    evidence_id: EvidenceId
    learner_id: LearnerId
    competency_ids: Plain[Annotated[tuple[CompetencyId, ...], Field(min_length=1)]]


class EvidenceResubmitted(Event):
    """The learner tried again; earlier attempts and their scores stay on record."""

    type: ClassVar[str] = "evidence.resubmitted.v1"
    evidence_id: EvidenceId
    learner_id: LearnerId
    attempt: Plain[Annotated[int, Field(ge=2)]]
    form: Plain[Form] = Form.OTHER
    content_uri: Personal[str | None] = None


class EvidenceWithdrawn(Event):
    """The evidence, and the scores named, count no more; all stay on record."""

    type: ClassVar[str] = "evidence.withdrawn.v1"
    evidence_id: EvidenceId
    learner_id: LearnerId
    score_ids: Plain[tuple[ScoreId, ...]] = ()


class ScoreGiven(Event):
    """An assessor gave a value on a scale for evidence against a competency."""

    type: ClassVar[str] = "score.given.v1"
    score_id: ScoreId
    evidence_id: EvidenceId
    learner_id: LearnerId
    competency_id: CompetencyId
    framework_id: FrameworkId
    scale_id: ScaleId
    value_micro: Plain[ScoreMicro]
    possible_micro: Plain[ScoreMicro]
    kind: Plain[Code]
    task: Plain[Code | None] = None
    attempt: Plain[Annotated[int, Field(ge=1)]] = 1
    purpose: Plain[Code | None] = None
    assessor: Actor


class ScoreCorrected(Event):
    """The value of a score was wrong; from here on the score has this one. Its time of occurrence stays."""

    type: ClassVar[str] = "score.corrected.v1"
    score_id: ScoreId
    evidence_id: EvidenceId
    learner_id: LearnerId
    competency_id: CompetencyId
    revision: Plain[Annotated[int, Field(ge=2)]]
    before_micro: Plain[ScoreMicro]
    value_micro: Plain[ScoreMicro]


class ScoreVoided(Event):
    """The score counts no more."""

    type: ClassVar[str] = "score.voided.v1"
    score_id: ScoreId
    evidence_id: EvidenceId
    learner_id: LearnerId
    competency_id: CompetencyId
    before_micro: Plain[ScoreMicro]


class FeedbackGiven(Event):
    """Somebody told the learner what the work shows and what comes next; the last attempt before it is meant."""

    type: ClassVar[str] = "feedback.given.v1"
    feedback_id: FeedbackId
    evidence_id: EvidenceId
    learner_id: LearnerId
    attempt: Plain[Annotated[int, Field(ge=1)]] = 1
    text: Personal[str]


EvidenceEvent = (
    EvidenceSubmitted
    | EvidenceAligned
    | EvidenceResubmitted
    | EvidenceWithdrawn
    | ScoreGiven
    | ScoreCorrected
    | ScoreVoided
    | FeedbackGiven
)
