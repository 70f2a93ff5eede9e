"""What commands and observations both make: evidence, and the scores given for it."""

from typing import Final, NamedTuple

from domain.evidence.events import EvidenceSubmitted, ScoreGiven
from domain.framework.catalogue import Catalogue
from domain.framework.events import ScalePublished
from domain.kernel.envelope import Actor, Command
from domain.kernel.errors import Invalid, Refused
from domain.kernel.ids import Code, CompetencyId, EvidenceId, LearnerId, ScaleId, ScoreId
from domain.kernel.permissions import PROXIES
from domain.kernel.scores import from_micro

_ABOUT_WORK: Final = frozenset(EvidenceSubmitted.model_fields) - {"evidence_id", "competency_ids"}


class Valued(NamedTuple):
    """A value against a competency, by whom; on the framework's scale unless another one is named."""

    competency_id: CompetencyId
    value: int
    scale_id: ScaleId | None
    assessor: Actor


def score_id_of(evidence_id: EvidenceId, number: int) -> ScoreId:
    """Return the id of the n-th score of a piece of evidence, from 1; no two pieces share one."""
    return ScoreId(f"{evidence_id}.{number}")


def score_of(
    evidence: EvidenceSubmitted, number: int, attempt: int, valued: Valued, catalogue: Catalogue
) -> ScoreGiven:
    """Return the n-th score of a piece of evidence, given for one of its attempts.

    Raises:
        Refused: competency-unknown, scale-unknown, score-outside-scale.
    """
    framework = catalogue.home(valued.competency_id)
    scale = catalogue.scale(valued.scale_id or framework.scale_id)
    check_on_scale(valued.value, scale, evidence.task, evidence.learner_id)
    return ScoreGiven(
        score_id=score_id_of(evidence.evidence_id, number),
        evidence_id=evidence.evidence_id,
        learner_id=evidence.learner_id,
        competency_id=valued.competency_id,
        framework_id=framework.framework_id,
        scale_id=scale.scale_id,
        value_micro=valued.value,
        possible_micro=scale.highest_micro,
        kind=evidence.kind,
        task=evidence.task,
        attempt=attempt,
        purpose=evidence.purpose,
        assessor=valued.assessor,
    )


def submitted_as(said: Command, evidence_id: EvidenceId, competency_ids: tuple[CompetencyId, ...]) -> EvidenceSubmitted:
    """Return evidence as a command or an observation says it: what tells of the work has the event's names."""
    about = {name: getattr(said, name) for name in _ABOUT_WORK}
    return EvidenceSubmitted(evidence_id=evidence_id, competency_ids=competency_ids, **about)


def assessor_of(named: Actor | None, actor: Actor) -> Actor:
    """Return who assessed: the actor, or whom a service or import names.

    Raises:
        Invalid: server-sets-it, where a person names somebody.
    """
    if named is None:
        return actor
    if actor.role not in PROXIES:
        raise Invalid("server-sets-it", "assessor is the actor", actor=actor.id, role=actor.role)
    return named


def check_on_scale(value: int, scale: ScalePublished, task: Code | None, learner_id: LearnerId) -> None:
    """Refuse a value, in micro-units, that the scale does not reach.

    Raises:
        Refused: score-outside-scale.
    """
    if not scale.lowest_micro <= value <= scale.highest_micro:
        span = f"{from_micro(scale.lowest_micro)}..{from_micro(scale.highest_micro)}"
        fault = f"score {from_micro(value)} is outside {span}"
        raise Refused("score-outside-scale", fault, task=task, learner=learner_id)
