"""Facts about the ledger's own machinery: an event that a projector was told to skip, a day that has begun."""

from typing import ClassVar

from domain.kernel.envelope import Day
from domain.kernel.event import Event
from domain.kernel.ids import LearnerId
from domain.kernel.privacy import Plain


class ProjectorEventSkipped(Event):
    """A person told a projector to go on without an event that it could not digest; the envelope has the reason."""

    type: ClassVar[str] = "projector.event_skipped.v1"
    projector: Plain[str]
    position_skipped: Plain[int]
    learner_id: LearnerId | None = None


class DayBegun(Event):
    """A day has begun (UTC), on which levels may fall that hold for a time only: they are looked at as of its start."""

    type: ClassVar[str] = "calendar.day_begun.v1"
    day: Plain[Day]


OperationsEvent = ProjectorEventSkipped | DayBegun
