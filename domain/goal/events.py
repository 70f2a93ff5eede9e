"""Facts about a learner's goal."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from domain.kernel.envelope import Actor, Day
from domain.kernel.event import Event
from domain.kernel.ids import CompetencyId, GoalId, LearnerId, LevelCode
from domain.kernel.privacy import Personal, Plain


class Horizon(StrEnum):
    """How far a goal reaches."""

    SHORT_TERM = "short_term"
    LONG_TERM = "long_term"


class Outcome(StrEnum):
    """How a goal ended."""

    ACHIEVED = "achieved"
    ABANDONED = "abandoned"


class _Worded(Event):
    goal_id: GoalId
    learner_id: LearnerId
    statement: Personal[str]
    horizon: Plain[Horizon]
    competency_ids: Plain[tuple[CompetencyId, ...]] = ()
    target_level: LevelCode | None = None
    due_on: Plain[Day | None] = None


class GoalSet(_Worded):
    """A goal is proposed; it becomes active when learner, guardian and teacher have signed it."""

    type: ClassVar[str] = "goal.set.v1"


class GoalSigned(Event):
    """One of the three roles agreed to the goal as it stands."""

    type: ClassVar[str] = "goal.signed.v1"
    goal_id: GoalId
    learner_id: LearnerId
    signer: Actor


class GoalActivated(Event):
    """The last of the three signatures is there."""

    type: ClassVar[str] = "goal.activated.v1"
    goal_id: GoalId
    learner_id: LearnerId


class GoalRevised(_Worded):
    """The goal now reads so; signatures have to be given again."""

    type: ClassVar[str] = "goal.revised.v1"


class GoalProgressNoted(Event):
    """Somebody saw progress toward the goal."""

    type: ClassVar[str] = "goal.progress_noted.v1"
    goal_id: GoalId
    learner_id: LearnerId
    note: Personal[str]
    percent: Plain[Annotated[int, Field(ge=0, le=100)] | None] = None


class GoalClosed(Event):
    """The goal was achieved or given up."""

    type: ClassVar[str] = "goal.closed.v1"
    goal_id: GoalId
    learner_id: LearnerId
    outcome: Plain[Outcome]


GoalEvent = GoalSet | GoalSigned | GoalActivated | GoalRevised | GoalProgressNoted | GoalClosed
