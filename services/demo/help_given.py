"""What learners of the sandbox district are given to master something: supports, and words on their work."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from domain.evidence.decider import GiveFeedback
from domain.evidence.decider import stream_of as evidence_stream
from domain.kernel.envelope import Actor, Reason
from domain.kernel.ids import CompetencyId, EvidenceId, FeedbackId, SupportId
from domain.pathway.events import Because, BecauseKind
from domain.support.decider import EndSupport, StartSupport, stream_of
from services.demo.acts import Act
from services.demo.framework import lines_for
from services.demo.people import Learner, at_work, happens, later, random, school_days

_SUPPORTS: Final = (
    ("tutoring", "Twice a week before school, with a student of the high school"),
    ("small-group", "Four learners around one table, twenty minutes a day"),
    ("co-teaching", "A second teacher in the room on project days"),
)
_ENDED: Final = Reason(code="not-needed-any-more", text="Works alone now and explains it to others")
_WORDS: Final = (
    "The drawing shows it; now say it in numbers.",
    "You changed your mind halfway, and said why: that is what a good argument does.",
    "Two of three steps stand. Try the last one with other numbers.",
    "Read it aloud to somebody before the next version; you will hear what is missing.",
    "This would help a younger learner. Would you explain it to one?",
)


def supports(seed: int, learner: Learner, end_year: int) -> Iterator[Act]:
    """Yield the support that one learner in ten is given in the second year; half of them end."""
    chance = random(seed, "supports", learner.id)
    if not happens(chance, 0.1):
        return
    subject = chance.choice(("math", "ela"))
    kind, text = chance.choice(_SUPPORTS)
    begun_at = at_work(chance, chance.choice(school_days(end_year)[30:110]))
    support_id, teacher = SupportId(f"u-{learner.id}"), learner.teacher(subject)
    start = StartSupport(
        support_id=support_id,
        learner_id=learner.id,
        kind=kind,
        text=text,
        competency_id=CompetencyId(chance.choice(lines_for(subject, learner.school.band)).id),
        because=Because(kind=BecauseKind.MASTERY, text="Two tries, and still at the level of the autumn"),
    )
    yield Act(begun_at, stream_of(support_id), teacher, start)
    if happens(chance, 0.5):
        end = EndSupport(support_id=support_id, reason=_ENDED)
        yield Act(later(chance, begun_at, 20, 45), stream_of(support_id), teacher, end)


def feedback(seed: int, evidence_id: EvidenceId, teacher: Actor, entered_at: datetime) -> Iterator[Act]:
    """Yield what one learner in twelve is told of a piece of work, within two days."""
    chance = random(seed, "feedback", evidence_id)
    if happens(chance, 1 / 12):
        words = GiveFeedback(
            evidence_id=evidence_id, feedback_id=FeedbackId(f"f-{evidence_id}"), text=chance.choice(_WORDS)
        )
        told_at = entered_at + timedelta(minutes=chance.randint(30, 46 * 60))
        yield Act(told_at, evidence_stream(evidence_id), teacher, words)
