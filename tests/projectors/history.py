"""Histories for the projectors' tests: events of a few learners, appended as the command side would."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from domain.evidence.events import EvidenceWithdrawn, ScoreCorrected, ScoreGiven, ScoreVoided
from domain.kernel.envelope import Actor, Meta, Reason, Role
from domain.kernel.event import Event
from domain.kernel.ids import (
    ActorId,
    CompetencyId,
    EvidenceId,
    FrameworkId,
    JudgementId,
    LearnerId,
    LevelCode,
    PolicyId,
    PolicyVersion,
    ScaleId,
    ScoreId,
)
from domain.mastery.events import JudgementLifted, JudgementRecorded
from domain.policy.document import PolicyDocument
from domain.policy.events import PolicyActivated, PolicyDrafted, PolicyPublished, PolicyRolledBack, ScopedPolicy
from infra.postgres.event_store import Append

TEACHER = Actor(id=ActorId("t1"), role=Role.TEACHER)
META = Meta(actor=TEACHER, reason=Reason(code="test"))
START = datetime(2026, 9, 1, 8, tzinfo=UTC)


class Log:
    """Makes appends, keeping the version of each stream."""

    def __init__(self) -> None:
        self._versions: dict[str, int] = {}

    def append(self, stream: str, *events: Event, day: int = 0) -> Append:
        before = self._versions.get(stream, 0)
        self._versions[stream] = before + len(events)
        return Append(stream, before, events, START + timedelta(days=day), META)


def given(score: str, value: int, learner: str = "ann", competency: str = "c1", **fields: str | int) -> ScoreGiven:
    """A score of so many points of 4, on evidence of its own."""
    return ScoreGiven(
        score_id=ScoreId(score),
        evidence_id=EvidenceId(f"e-{score}"),
        learner_id=LearnerId(learner),
        competency_id=CompetencyId(competency),
        framework_id=FrameworkId(str(fields.get("framework", "f1"))),
        scale_id=ScaleId("s4"),
        value_micro=value * 1_000_000,
        possible_micro=4_000_000,
        kind=str(fields.get("kind", "quiz")),
        task=str(fields["task"]) if "task" in fields else None,
        assessor=TEACHER,
    )


def corrected(score: ScoreGiven, value: int, revision: int = 2) -> ScoreCorrected:
    return ScoreCorrected(
        score_id=score.score_id,
        evidence_id=score.evidence_id,
        learner_id=score.learner_id,
        competency_id=score.competency_id,
        revision=revision,
        before_micro=score.value_micro,
        value_micro=value * 1_000_000,
    )


def voided(score: ScoreGiven) -> ScoreVoided:
    return ScoreVoided(
        score_id=score.score_id,
        evidence_id=score.evidence_id,
        learner_id=score.learner_id,
        competency_id=score.competency_id,
        before_micro=score.value_micro,
    )


def withdrawn(*scores: ScoreGiven) -> EvidenceWithdrawn:
    ids = tuple(score.score_id for score in scores)
    return EvidenceWithdrawn(evidence_id=scores[0].evidence_id, learner_id=scores[0].learner_id, score_ids=ids)


def judged(name: str, level: str, learner: str = "ann", competency: str = "c1") -> JudgementRecorded:
    return JudgementRecorded(
        judgement_id=JudgementId(name),
        learner_id=LearnerId(learner),
        competency_id=CompetencyId(competency),
        level=LevelCode(level),
    )


def lifted(judgement: JudgementRecorded) -> JudgementLifted:
    return JudgementLifted(
        judgement_id=judgement.judgement_id, learner_id=judgement.learner_id, competency_id=judgement.competency_id
    )


def drafted(policy: str, document: PolicyDocument, framework: str | None = None, revision: int = 1) -> PolicyDrafted:
    return PolicyDrafted(
        policy_id=PolicyId(policy),
        revision=revision,
        version=PolicyVersion(document.version),
        framework_id=None if framework is None else FrameworkId(framework),
        document=document.model_dump(mode="json", exclude_none=True),
    )


def published(policy: str, document: PolicyDocument, framework: str | None = None) -> PolicyPublished:
    framework_id = None if framework is None else FrameworkId(framework)
    return PolicyPublished(
        policy_id=PolicyId(policy), version=PolicyVersion(document.version), framework_id=framework_id
    )


def scoped(policy: str, document: PolicyDocument, framework: str | None = None) -> ScopedPolicy:
    framework_id = None if framework is None else FrameworkId(framework)
    return ScopedPolicy(framework_id=framework_id, policy_id=PolicyId(policy), version=PolicyVersion(document.version))


def activated(policies: Sequence[ScopedPolicy]) -> PolicyActivated:
    return PolicyActivated(policy_id=policies[-1].policy_id, version=policies[-1].version, policies=tuple(policies))


def rolled_back(left: ScopedPolicy, policies: Sequence[ScopedPolicy]) -> PolicyRolledBack:
    return PolicyRolledBack(policy_id=left.policy_id, version=left.version, policies=tuple(policies))
