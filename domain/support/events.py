"""Facts about supports: help or a service that a learner is given, for a competency, because of something."""

from typing import ClassVar

from domain.kernel.event import Event
from domain.kernel.ids import Code, CompetencyId, LearnerId, SupportId
from domain.kernel.privacy import Personal, Plain
from domain.pathway.events import Because


class SupportStarted(Event):
    """A learner is given a support from `occurred_at` on, because of what is named."""

    type: ClassVar[str] = "support.started.v1"
    support_id: SupportId
    learner_id: LearnerId
    kind: Plain[Code]
    text: Personal[str | None] = None
    competency_id: CompetencyId | None = None
    because: Plain[Because]


class SupportEnded(Event):
    """The support ended at `occurred_at`, for a reason."""

    type: ClassVar[str] = "support.ended.v1"
    support_id: SupportId
    learner_id: LearnerId


SupportEvent = SupportStarted | SupportEnded
