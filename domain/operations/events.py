"""Facts about the ledger's own machinery: an event that a projector was told to skip."""

from typing import ClassVar

from domain.kernel.event import Event
from domain.kernel.ids import LearnerId
from domain.kernel.privacy import Plain


class ProjectorEventSkipped(Event):
    """A person told a projector to go on without an event that it could not digest; the envelope has the reason."""

    type: ClassVar[str] = "projector.event_skipped.v1"
    projector: Plain[str]
    position_skipped: Plain[int]
    learner_id: LearnerId | None = None
