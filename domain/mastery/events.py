"""Facts about judgements: a person's decision over the computed level, with a reason; both are always shown."""

from typing import ClassVar

from domain.kernel.envelope import Day
from domain.kernel.event import Event
from domain.kernel.ids import CompetencyId, JudgementId, LearnerId, LevelCode
from domain.kernel.privacy import Plain


class JudgementRecorded(Event):
    """A person decided on a level for a learner x competency; it holds until lifted, or to its day."""

    type: ClassVar[str] = "judgement.recorded.v1"
    judgement_id: JudgementId
    learner_id: LearnerId
    competency_id: CompetencyId
    level: LevelCode
    expires_on: Plain[Day | None] = None
    """The last day on which it holds, in UTC."""


class JudgementLifted(Event):
    """The computed level stands alone again."""

    type: ClassVar[str] = "judgement.lifted.v1"
    judgement_id: JudgementId
    learner_id: LearnerId
    competency_id: CompetencyId


JudgementEvent = JudgementRecorded | JudgementLifted
