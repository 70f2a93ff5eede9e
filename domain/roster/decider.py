"""The rules of learners and enrolments. Streams: `learner-<learner_id>`, `enrolment-<enrolment_id>`."""

from dataclasses import dataclass
from typing import Annotated, Final, assert_never

from pydantic import Field

from domain.kernel.envelope import Command
from domain.kernel.errors import Refused, Unknown
from domain.kernel.ids import Code, CourseId, EnrolmentId, LearnerId, SchoolId, SectionId
from domain.roster.events import LearnerEnrolled, LearnerRegistered, LearnerWithdrawn, RosterEvent, SubgroupsChanged

Subgroups = Annotated[tuple[Code, ...], Field(max_length=100)]


class RegisterLearner(Command):
    """Make a learner known to the district."""

    learner_id: LearnerId
    display_name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    subgroups: Subgroups = ()


class ChangeSubgroups(Command):
    """Say which subgroups a learner belongs to now."""

    learner_id: LearnerId
    subgroups: Subgroups


class EnrolLearner(Command):
    """Put a learner into a section of a school."""

    enrolment_id: EnrolmentId
    learner_id: LearnerId
    section_id: SectionId
    school_id: SchoolId
    grade: Code | None = None
    course_id: CourseId | None = None


class WithdrawLearner(Command):
    """End an enrolment."""

    enrolment_id: EnrolmentId


RosterCommand = RegisterLearner | ChangeSubgroups | EnrolLearner | WithdrawLearner


@dataclass(frozen=True, slots=True)
class Absent:
    """Nobody is known under this id, nothing was opened."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A learner of the district, in these subgroups."""

    subgroups: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An open enrolment."""

    learner_id: LearnerId
    section_id: SectionId


@dataclass(frozen=True, slots=True)
class Left:
    """An enrolment that has ended."""


Membership = Absent | Registered | Enrolled | Left
INITIAL: Final[Membership] = Absent()


def enrolment_stream(enrolment_id: EnrolmentId) -> str:
    """Return the name of the stream of an enrolment."""
    return f"enrolment-{enrolment_id}"


def learner_stream(learner_id: LearnerId) -> str:
    """Return the name of the stream of a learner."""
    return f"learner-{learner_id}"


def evolve(_state: Membership, event: RosterEvent) -> Membership:
    """Return the state after an event."""
    match event:
        case LearnerRegistered() | SubgroupsChanged():
            return Registered(event.subgroups)
        case LearnerEnrolled():
            return Enrolled(event.learner_id, event.section_id)
        case LearnerWithdrawn():
            return Left()
        case _:
            assert_never(event)


def decide(state: Membership, command: RosterCommand) -> list[RosterEvent]:
    """Return what a command makes happen.

    Raises:
        Refused: learner-exists, enrolment-exists.
        Unknown: learner-unknown, enrolment-unknown.
    """
    match command:
        case RegisterLearner():
            return [_register(state, command)]
        case ChangeSubgroups():
            return _change(state, command)
        case EnrolLearner():
            return [_enrol(state, command)]
        case WithdrawLearner():
            return [_withdraw(state, command)]
        case _:
            assert_never(command)


def _register(state: Membership, command: RegisterLearner) -> LearnerRegistered:
    if not isinstance(state, Absent):
        raise Refused("learner-exists", f"learner {command.learner_id} is registered already")
    return LearnerRegistered(
        learner_id=command.learner_id, display_name=command.display_name, subgroups=_in_order(command.subgroups)
    )


def _change(state: Membership, command: ChangeSubgroups) -> list[RosterEvent]:
    if not isinstance(state, Registered):
        raise Unknown("learner-unknown", f"learner {command.learner_id} is not registered")
    subgroups = _in_order(command.subgroups)
    if subgroups == state.subgroups:
        return []
    return [SubgroupsChanged(learner_id=command.learner_id, subgroups=subgroups)]


def _enrol(state: Membership, command: EnrolLearner) -> LearnerEnrolled:
    if not isinstance(state, Absent):
        raise Refused("enrolment-exists", f"enrolment {command.enrolment_id} was opened already")
    return LearnerEnrolled(
        enrolment_id=command.enrolment_id,
        learner_id=command.learner_id,
        section_id=command.section_id,
        school_id=command.school_id,
        grade=command.grade,
        course_id=command.course_id,
    )


def _withdraw(state: Membership, command: WithdrawLearner) -> LearnerWithdrawn:
    if not isinstance(state, Enrolled):
        raise Unknown("enrolment-unknown", f"enrolment {command.enrolment_id} is not open")
    return LearnerWithdrawn(enrolment_id=command.enrolment_id, learner_id=state.learner_id, section_id=state.section_id)


def _in_order(subgroups: tuple[Code, ...]) -> tuple[Code, ...]:
    return tuple(sorted(set(subgroups)))
