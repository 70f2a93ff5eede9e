"""The rules of a piece of evidence and its scores. One stream a piece: `evidence-<evidence_id>`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, assert_never

from pydantic import Field

from domain.evidence.events import (
    EvidenceAligned,
    EvidenceEvent,
    EvidenceResubmitted,
    EvidenceSubmitted,
    EvidenceWithdrawn,
    FeedbackGiven,
    Form,
    ScoreCorrected,
    ScoreGiven,
    ScoreVoided,
)
from domain.evidence.making import Valued, assessor_of, check_on_scale, score_of, submitted_as
from domain.framework.catalogue import Catalogue
from domain.framework.events import Depth
from domain.kernel.envelope import Actor, Command, Text
from domain.kernel.errors import Refused, Unknown
from domain.kernel.ids import Code, CompetencyId, EvidenceId, FeedbackId, LearnerId, ScaleId, ScoreId, SectionId
from domain.kernel.scores import ScoreInput, from_micro

CompetencyIds = Annotated[tuple[CompetencyId, ...], Field(min_length=1, max_length=100)]
NewEvidenceId = Annotated[EvidenceId, Field(max_length=190)]
"""Leaves room for the numbers of its scores."""


class SubmitEvidence(Command):
    """Put a learner's work, or an observation of it, on record."""

    evidence_id: NewEvidenceId
    learner_id: LearnerId
    competency_ids: CompetencyIds
    kind: Code
    form: Form = Form.OTHER
    task: Code | None = None
    section_id: SectionId | None = None
    context: Text | None = None
    chosen_by: Code | None = None
    content_uri: Text | None = None
    purpose: Code | None = None
    carried_over: bool = False
    outcome: Depth | None = None


class AlignEvidence(Command):
    """Say that evidence also shows other competencies."""

    evidence_id: EvidenceId
    competency_ids: CompetencyIds


class ResubmitEvidence(Command):
    """Put a further attempt on record."""

    evidence_id: EvidenceId
    form: Form = Form.OTHER
    content_uri: Text | None = None


class WithdrawEvidence(Command):
    """Take evidence and its scores out of account; needs a reason."""

    evidence_id: EvidenceId


class GiveScore(Command):
    """Give a value for evidence against a competency.

    The scale is the framework's unless another one is named. A service says who assessed.
    """

    evidence_id: EvidenceId
    competency_id: CompetencyId
    value: ScoreInput
    scale_id: ScaleId | None = None
    assessor: Actor | None = None


class GiveFeedback(Command):
    """Tell the learner what the work shows and what comes next."""

    evidence_id: EvidenceId
    feedback_id: FeedbackId
    text: Text


class _OfScore(Command):
    score_id: ScoreId

    @property
    def evidence_id(self) -> EvidenceId:
        """The evidence that the score was given for."""
        return EvidenceId(self.score_id.rpartition(".")[0])


class CorrectScore(_OfScore):
    """Replace a wrong value; needs a reason."""

    value: ScoreInput


class VoidScore(_OfScore):
    """Take a score out of account; needs a reason."""


EvidenceCommand = (
    SubmitEvidence
    | AlignEvidence
    | ResubmitEvidence
    | WithdrawEvidence
    | GiveScore
    | CorrectScore
    | VoidScore
    | GiveFeedback
)


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing is on record under this id."""


@dataclass(frozen=True, slots=True)
class Score:
    """A score as it stands; `is_voided` scores take no further act."""

    competency_id: CompetencyId
    scale_id: ScaleId
    value_micro: int
    revision: int = 1
    is_voided: bool = False


@dataclass(frozen=True, slots=True)
class OnRecord:
    """Evidence that takes scores."""

    submitted: EvidenceSubmitted
    competency_ids: frozenset[CompetencyId]
    attempt: int = 1
    scores: Mapping[ScoreId, Score] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Evidence that takes no further act."""


Evidence = Absent | OnRecord | Withdrawn
INITIAL: Final[Evidence] = Absent()


def stream_of(evidence_id: EvidenceId) -> str:
    """Return the name of the stream of a piece of evidence."""
    return f"evidence-{evidence_id}"


def evolve(state: Evidence, event: EvidenceEvent) -> Evidence:
    """Return the state after an event."""
    if isinstance(event, EvidenceSubmitted):
        return OnRecord(submitted=event, competency_ids=frozenset(event.competency_ids))
    if not isinstance(state, OnRecord):
        return state
    match event:
        case EvidenceAligned():
            return replace(state, competency_ids=state.competency_ids.union(event.competency_ids))
        case EvidenceResubmitted():
            return replace(state, attempt=event.attempt)
        case EvidenceWithdrawn():
            return Withdrawn()
        case ScoreGiven():
            given = Score(event.competency_id, event.scale_id, event.value_micro)
            return replace(state, scores={**state.scores, event.score_id: given})
        case ScoreCorrected():
            score = state.scores[event.score_id]
            score = replace(score, value_micro=event.value_micro, revision=event.revision)
            return replace(state, scores={**state.scores, event.score_id: score})
        case ScoreVoided():
            score = replace(state.scores[event.score_id], is_voided=True)
            return replace(state, scores={**state.scores, event.score_id: score})
        case FeedbackGiven():
            return state
        case _:
            assert_never(event)


def decide(state: Evidence, command: EvidenceCommand, actor: Actor, catalogue: Catalogue) -> list[EvidenceEvent]:
    """Return what a command makes happen.

    Raises:
        Unknown: evidence-unknown, score-unknown.
        Refused: evidence-exists, evidence-withdrawn, competency-unknown, competency-not-aligned, scale-unknown,
            score-outside-scale, score-voided, value-unchanged.
        Invalid: reason-required, server-sets-it.
    """
    if isinstance(command, SubmitEvidence):
        return [_submit(state, command, catalogue)]
    on_record = _on_record(state, command)
    match command:
        case AlignEvidence():
            return _align(on_record, command, catalogue)
        case ResubmitEvidence():
            return [_resubmit(on_record, command)]
        case WithdrawEvidence():
            return [_withdraw(on_record, command)]
        case GiveScore():
            return [_give(on_record, command, actor, catalogue)]
        case CorrectScore():
            return [_correct(on_record, command, catalogue)]
        case VoidScore():
            return [_void(on_record, command)]
        case GiveFeedback():
            return [_tell(on_record, command)]
        case _:
            assert_never(command)


def _on_record(state: Evidence, command: EvidenceCommand) -> OnRecord:
    match state:
        case Absent():
            raise Unknown("evidence-unknown", f"evidence {command.evidence_id} is not on record")
        case Withdrawn():
            raise Refused("evidence-withdrawn", f"evidence {command.evidence_id} is withdrawn")
        case OnRecord():
            return state
        case _:
            assert_never(state)


def _submit(state: Evidence, command: SubmitEvidence, catalogue: Catalogue) -> EvidenceSubmitted:
    if not isinstance(state, Absent):
        raise Refused("evidence-exists", f"evidence {command.evidence_id} is on record already")
    catalogue.check_held(command.competency_ids)
    return submitted_as(command, command.evidence_id, tuple(dict.fromkeys(command.competency_ids)))


def _align(state: OnRecord, command: AlignEvidence, catalogue: Catalogue) -> list[EvidenceEvent]:
    catalogue.check_held(command.competency_ids)
    added = tuple(key for key in dict.fromkeys(command.competency_ids) if key not in state.competency_ids)
    if not added:
        return []
    learner_id = state.submitted.learner_id
    return [EvidenceAligned(evidence_id=command.evidence_id, learner_id=learner_id, competency_ids=added)]


def _resubmit(state: OnRecord, command: ResubmitEvidence) -> EvidenceResubmitted:
    return EvidenceResubmitted(
        evidence_id=command.evidence_id,
        learner_id=state.submitted.learner_id,
        attempt=state.attempt + 1,
        form=command.form,
        content_uri=command.content_uri,
    )


def _withdraw(state: OnRecord, command: WithdrawEvidence) -> EvidenceWithdrawn:
    command.require_reason("a withdrawal")
    return EvidenceWithdrawn(
        evidence_id=command.evidence_id,
        learner_id=state.submitted.learner_id,
        score_ids=tuple(score_id for score_id, score in state.scores.items() if not score.is_voided),
    )


def _give(state: OnRecord, command: GiveScore, actor: Actor, catalogue: Catalogue) -> ScoreGiven:
    evidence = state.submitted
    valued = Valued(command.competency_id, command.value, command.scale_id, assessor_of(command.assessor, actor))
    if command.competency_id not in state.competency_ids:
        raise Refused(
            "competency-not-aligned",
            f"evidence {evidence.evidence_id} is not aligned to competency {command.competency_id}",
        )
    return score_of(evidence, len(state.scores) + 1, state.attempt, valued, catalogue)


def _correct(state: OnRecord, command: CorrectScore, catalogue: Catalogue) -> ScoreCorrected:
    command.require_reason("a correction")
    score = _standing(state, command.score_id)
    if command.value == score.value_micro:
        raise Refused("value-unchanged", f"score {command.score_id} is {from_micro(command.value)} already")
    evidence = state.submitted
    check_on_scale(command.value, catalogue.scale(score.scale_id), evidence.task, evidence.learner_id)
    return ScoreCorrected(
        score_id=command.score_id,
        evidence_id=evidence.evidence_id,
        learner_id=evidence.learner_id,
        competency_id=score.competency_id,
        revision=score.revision + 1,
        before_micro=score.value_micro,
        value_micro=command.value,
    )


def _void(state: OnRecord, command: VoidScore) -> ScoreVoided:
    command.require_reason("a void")
    score = _standing(state, command.score_id)
    return ScoreVoided(
        score_id=command.score_id,
        evidence_id=state.submitted.evidence_id,
        learner_id=state.submitted.learner_id,
        competency_id=score.competency_id,
        before_micro=score.value_micro,
    )


def _tell(state: OnRecord, command: GiveFeedback) -> FeedbackGiven:
    return FeedbackGiven(
        feedback_id=command.feedback_id,
        evidence_id=command.evidence_id,
        learner_id=state.submitted.learner_id,
        attempt=state.attempt,
        text=command.text,
    )


def _standing(state: OnRecord, score_id: ScoreId) -> Score:
    score = state.scores.get(score_id)
    if score is None:
        raise Unknown("score-unknown", f"score {score_id} was not given", evidence=state.submitted.evidence_id)
    if score.is_voided:
        raise Refused("score-voided", f"score {score_id} is voided")
    return score
