"""An observation: evidence and maybe its score in one sentence, as batches and files bring them."""

import hashlib
from typing import Annotated

from pydantic import Field

from domain.evidence.decider import NewEvidenceId
from domain.evidence.events import EvidenceSubmitted, Form, ScoreGiven
from domain.evidence.making import Valued, assessor_of, score_of, submitted_as
from domain.framework.catalogue import Catalogue
from domain.framework.events import Depth
from domain.kernel.envelope import Actor, Command, OccurredAt, Text
from domain.kernel.ids import Code, CompetencyId, EvidenceId, LearnerId, ScaleId, SectionId
from domain.kernel.scores import ScoreInput


class Observation(Command):
    """One line: a learner's work was seen at a time, and perhaps valued.

    `evidence_id` is the source's own name of it; without one, what the line says is its name. Either way the
    same line again adds nothing.
    """

    occurred_at: OccurredAt
    evidence_id: NewEvidenceId | None = None
    learner_id: LearnerId
    competency_id: CompetencyId
    kind: Code
    value: ScoreInput | None = None
    scale_id: ScaleId | None = None
    assessor: Actor | None = None
    form: Form = Form.OTHER
    task: Code | None = None
    attempt: Annotated[int, Field(ge=1, le=10_000)] = 1
    section_id: SectionId | None = None
    context: Text | None = None
    chosen_by: Code | None = None
    content_uri: Text | None = None
    purpose: Code | None = None
    carried_over: bool = False
    outcome: Depth | None = None


def name_of(observation: Observation) -> EvidenceId:
    """Return the id of the evidence: the source's own, or 32 hexadecimal digits of what the observation says."""
    if observation.evidence_id is not None:
        return observation.evidence_id
    said = observation.model_dump_json(exclude_defaults=True, exclude={"source"})
    return EvidenceId(hashlib.sha256(said.encode()).hexdigest()[:32])


def observe(command: Observation, actor: Actor, catalogue: Catalogue) -> list[EvidenceSubmitted | ScoreGiven]:
    """Return the evidence, and its score if it was valued: the first events of a new stream.

    Raises:
        Refused: competency-unknown, scale-unknown, score-outside-scale.
        Invalid: server-sets-it.
    """
    submitted = submitted_as(command, name_of(command), (command.competency_id,))
    if command.value is None:
        catalogue.check_held([command.competency_id])
        return [submitted]
    assessor = assessor_of(command.assessor, actor)
    valued = Valued(command.competency_id, command.value, command.scale_id, assessor)
    return [submitted, score_of(submitted, 1, command.attempt, valued, catalogue)]
