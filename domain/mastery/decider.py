"""The rules of judgements: a person's decision over the computed level.

One stream a learner x competency, `judgement-<learner_id>/<competency_id>`, so that at most one is in force.
"""

from dataclasses import dataclass
from typing import Final, assert_never

from domain.framework.catalogue import Catalogue
from domain.kernel.envelope import Command, Day
from domain.kernel.errors import Refused, Unknown
from domain.kernel.ids import CompetencyId, JudgementId, LearnerId, LevelCode
from domain.mastery.events import JudgementEvent, JudgementLifted, JudgementRecorded


class RecordJudgement(Command):
    """Decide on a level for a learner x competency; needs a reason."""

    judgement_id: JudgementId
    learner_id: LearnerId
    competency_id: CompetencyId
    level: LevelCode
    expires_on: Day | None = None
    """The last day on which it holds, in UTC; then it is lifted unless it was before."""


class LiftJudgement(Command):
    """Let the computed level stand alone again; needs a reason."""

    learner_id: LearnerId
    competency_id: CompetencyId


JudgementCommand = RecordJudgement | LiftJudgement


@dataclass(frozen=True, slots=True)
class Computed:
    """No judgement is in force: the computed level stands."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement is in force."""

    judgement_id: JudgementId


Standing = Computed | Judged
INITIAL: Final[Standing] = Computed()


def stream_of(learner_id: LearnerId, competency_id: CompetencyId) -> str:
    """Return the name of the stream of a learner x competency; no id holds a slash."""
    return f"judgement-{learner_id}/{competency_id}"


def evolve(_state: Standing, event: JudgementEvent) -> Standing:
    """Return the state after an event."""
    match event:
        case JudgementRecorded():
            return Judged(event.judgement_id)
        case JudgementLifted():
            return Computed()
        case _:
            assert_never(event)


def decide(state: Standing, command: JudgementCommand, catalogue: Catalogue) -> list[JudgementEvent]:
    """Return what a command makes happen.

    Raises:
        Invalid: reason-required.
        Refused: competency-unknown, level-unknown, judgement-active.
        Unknown: judgement-unknown.
    """
    command.require_reason("a judgement")
    match command:
        case RecordJudgement():
            return [_record(state, command, catalogue)]
        case LiftJudgement():
            return [_lift(state, command)]
        case _:
            assert_never(command)


def _record(state: Standing, command: RecordJudgement, catalogue: Catalogue) -> JudgementRecorded:
    catalogue.check_level(command.competency_id, command.level)
    if isinstance(state, Judged):
        fault = f"judgement {state.judgement_id} is in force"
        raise Refused("judgement-active", fault, learner=command.learner_id, competency=command.competency_id)
    return JudgementRecorded(
        judgement_id=command.judgement_id,
        learner_id=command.learner_id,
        competency_id=command.competency_id,
        level=command.level,
        expires_on=command.expires_on,
    )


def _lift(state: Standing, command: LiftJudgement) -> JudgementLifted:
    if not isinstance(state, Judged):
        fault = "no judgement is in force"
        raise Unknown("judgement-unknown", fault, learner=command.learner_id, competency=command.competency_id)
    return JudgementLifted(
        judgement_id=state.judgement_id, learner_id=command.learner_id, competency_id=command.competency_id
    )
