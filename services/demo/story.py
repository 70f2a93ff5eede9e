"""The learner that the demo shows: how one level came about, and how one score was corrected."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from domain.evidence.decider import (
    CorrectScore,
    GiveFeedback,
    GiveScore,
    ResubmitEvidence,
    SubmitEvidence,
    stream_of,
)
from domain.evidence.events import Form
from domain.evidence.making import score_id_of
from domain.kernel.envelope import Actor, Reason
from domain.kernel.ids import CompetencyId, EvidenceId, FeedbackId, LearnerId, ScoreId
from services.demo.acts import Act
from services.demo.people import Learner, at_work, random, school_days, teacher

LEARNER: Final = LearnerId("l-0001")
"""The first learner, who is always in the middle school."""
COMPETENCY: Final = CompetencyId("MA.M.1")
_EVIDENCE: Final = tuple(EvidenceId(f"e-story-{name}") for name in ("test", "market", "talk", "exhibition"))
CORRECTED_SCORE: Final[ScoreId] = score_id_of(_EVIDENCE[1], 1)
"""Given as 2, corrected to 3 a week later by the teacher who gave it."""
_FEEDBACK: Final = FeedbackId("f-story-market")
_MISREAD: Final = Reason(code="wrong-criterion", text="I read the row of another criterion; the ratios were right")


def story(seed: int, learner: Learner, end_year: int) -> Iterator[Act]:
    """Yield the acts of the story: a weak test, a market stall scored too low and corrected, a talk, an exhibition."""
    chance, days = random(seed, "story"), school_days(end_year)
    moments = [at_work(chance, days[place]) for place in (20, 55, 80, 125)]
    first, second = learner.teacher("math"), teacher(learner.school, "science", 1)
    test, market, talk, exhibition = _EVIDENCE
    yield from _shown(learner, (test, "test", Form.TEST), "1.5", first, moments[0])
    again_at = moments[0] + timedelta(days=9)
    again = ResubmitEvidence(occurred_at=again_at, evidence_id=test, form=Form.TEST)
    yield Act(again_at, stream_of(test), learner.actor, again)
    yield _scored(test, "2.5", first, again_at)
    yield from _shown(learner, (market, "project", Form.PROJECT), "2", first, moments[1])
    right = CorrectScore(score_id=CORRECTED_SCORE, value="3", reason=_MISREAD)
    yield Act(moments[1] + timedelta(days=7), stream_of(market), first, right)
    words = GiveFeedback(
        evidence_id=market, feedback_id=_FEEDBACK, text="The prices stand; now show how you found them."
    )
    yield Act(moments[1] + timedelta(days=1), stream_of(market), first, words)
    yield from _shown(learner, (talk, "conversation", Form.CONVERSATION), "3.5", first, moments[2])
    yield from _shown(learner, (exhibition, "performance", Form.VIDEO), "4", second, moments[3])


def _shown(
    learner: Learner, work: tuple[EvidenceId, str, Form], value: str, assessor: Actor, at: datetime
) -> Iterator[Act]:
    evidence_id, kind, form = work
    submit = SubmitEvidence(
        occurred_at=at,
        evidence_id=evidence_id,
        learner_id=learner.id,
        competency_ids=(COMPETENCY,),
        kind=kind,
        form=form,
        task=evidence_id,
        section_id=learner.section_id("math", 1),
        context="prices and recipes for the school market",
        chosen_by="learner",
        purpose="assessment",
    )
    yield Act(at, stream_of(evidence_id), learner.actor, submit)
    yield _scored(evidence_id, value, assessor, at + timedelta(days=2))


def _scored(evidence_id: EvidenceId, value: str, assessor: Actor, at: datetime) -> Act:
    give = GiveScore(occurred_at=at, evidence_id=evidence_id, competency_id=COMPETENCY, value=value)
    return Act(at, stream_of(evidence_id), assessor, give)
