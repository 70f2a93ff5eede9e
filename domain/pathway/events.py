"""Facts about a learner's pathway."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from domain.kernel.envelope import Day, Part
from domain.kernel.event import Event
from domain.kernel.ids import CompetencyId, LearnerId, LevelCode, PathwayId, StepId
from domain.kernel.privacy import Personal, Plain


class Modality(StrEnum):
    """How a learner works on a step."""

    SMALL_GROUP = "small_group"
    INDEPENDENT = "independent"
    TUTORING = "tutoring"
    PROJECT = "project"
    INTERNSHIP = "internship"
    ONLINE = "online"
    BLENDED = "blended"
    WHOLE_CLASS = "whole_class"


class BecauseKind(StrEnum):
    """What a pathway change rests on."""

    EVIDENCE = "evidence"
    SCORE = "score"
    GOAL = "goal"
    PROFILE_ENTRY = "profile_entry"
    MASTERY = "mastery"
    LEARNER_CHOICE = "learner_choice"
    FAMILY_REQUEST = "family_request"
    TEACHER_OBSERVATION = "teacher_observation"
    PACE = "pace"


class Because(Part):
    """Because of what: the kind, the id of the thing where there is one, and words."""

    kind: Plain[BecauseKind]
    ref: Plain[Annotated[str, Field(max_length=200)] | None] = None
    text: Personal[Annotated[str, Field(max_length=2000)] | None] = None

    def is_given(self) -> bool:
        """Say whether it says anything but its kind."""
        return bool((self.ref and self.ref.strip()) or (self.text and self.text.strip()))


class Step(Part):
    """One step: a competency, how it is worked on, and until when."""

    step_id: StepId
    competency_id: CompetencyId
    modality: Plain[Modality] = Modality.INDEPENDENT
    target_on: Plain[Day | None] = None
    because: Plain[Because | None] = None
    target_level: LevelCode | None = None
    """The level that is aimed at."""


class Excepted(Part):
    """What a pathway leaves of the district's expectations, with the reason that the envelope says."""

    uncovered: Plain[tuple[CompetencyId, ...]] = ()
    """Required standards that no step leads to."""
    below_minimum: Plain[tuple[CompetencyId, ...]] = ()
    """Competencies whose step aims below the minimum level."""


class PathwayApproved(Event):
    """An educator approved a learner's pathway: its steps, in order."""

    type: ClassVar[str] = "pathway.approved.v1"
    pathway_id: PathwayId
    learner_id: LearnerId
    title: Personal[str | None] = None
    steps: Plain[Annotated[tuple[Step, ...], Field(min_length=1)]]
    excepted: Plain[Excepted | None] = None


class PathwayChanged(Event):
    """The pathway's steps are now these, because of what is named. v1 had a bare text as its because."""

    type: ClassVar[str] = "pathway.changed.v2"
    pathway_id: PathwayId
    learner_id: LearnerId
    because: Plain[Because]
    steps: Plain[Annotated[tuple[Step, ...], Field(min_length=1)]]
    excepted: Plain[Excepted | None] = None


class PathwayStepStarted(Event):
    """The learner works on the step."""

    type: ClassVar[str] = "pathway.step_started.v1"
    pathway_id: PathwayId
    learner_id: LearnerId
    step_id: StepId
    competency_id: CompetencyId


class PathwayStepCompleted(Event):
    """The learner is done with the step."""

    type: ClassVar[str] = "pathway.step_completed.v1"
    pathway_id: PathwayId
    learner_id: LearnerId
    step_id: StepId
    competency_id: CompetencyId


PathwayEvent = PathwayApproved | PathwayChanged | PathwayStepStarted | PathwayStepCompleted
