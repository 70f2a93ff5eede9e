"""Facts about who learns where. Source: 1EdTech OneRoster 1.2 (user, enrollment, class, org)."""

from typing import ClassVar

from domain.kernel.event import Event
from domain.kernel.ids import Code, CourseId, EnrolmentId, LearnerId, SchoolId, SectionId
from domain.kernel.privacy import Personal, Plain


class LearnerRegistered(Event):
    """The district knows a learner; the name stays in the ledger, the stream carries the id."""

    type: ClassVar[str] = "learner.registered.v1"
    learner_id: LearnerId
    display_name: Personal[str | None] = None
    subgroups: Personal[tuple[Code, ...]] = ()


class SubgroupsChanged(Event):
    """The subgroups of a learner are now these (sorted codes such as `disability:Y`), for equity slices."""

    type: ClassVar[str] = "learner.subgroups_changed.v1"
    learner_id: LearnerId
    subgroups: Personal[tuple[Code, ...]]


class LearnerEnrolled(Event):
    """A learner belongs to a section of a school from `occurred_at` on."""

    type: ClassVar[str] = "enrolment.opened.v1"
    enrolment_id: EnrolmentId
    learner_id: LearnerId
    section_id: SectionId
    school_id: SchoolId
    grade: Plain[Code | None] = None
    course_id: CourseId | None = None
    """The course that the section teaches, for policies of a course."""


class LearnerWithdrawn(Event):
    """The enrolment ended at `occurred_at`."""

    type: ClassVar[str] = "enrolment.closed.v1"
    enrolment_id: EnrolmentId
    learner_id: LearnerId
    section_id: SectionId


RosterEvent = LearnerRegistered | SubgroupsChanged | LearnerEnrolled | LearnerWithdrawn
