"""The rules of a learner's pathway: each change because of something. Stream: `pathway-<pathway_id>`."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Annotated, Final, assert_never

from pydantic import Field

from domain.framework.catalogue import Catalogue
from domain.kernel.envelope import Command, Reason
from domain.kernel.errors import Invalid, Refused, Unknown
from domain.kernel.ids import LearnerId, PathwayId, StepId
from domain.pathway.events import (
    Because,
    Excepted,
    PathwayApproved,
    PathwayChanged,
    PathwayEvent,
    PathwayStepCompleted,
    PathwayStepStarted,
    Step,
)
from domain.pathway.expectations import below_minimum, uncovered

Steps = Annotated[tuple[Step, ...], Field(min_length=1, max_length=500)]


class ApprovePathway(Command):
    """Approve a pathway for a learner: its steps, in order."""

    pathway_id: PathwayId
    learner_id: LearnerId
    title: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    steps: Steps


class ChangePathway(Command):
    """Replace the steps of a pathway, because of what is named: a kind, and a reference or a text."""

    pathway_id: PathwayId
    steps: Steps
    because: Because | None = None


class StartStep(Command):
    """Begin to work on a step."""

    pathway_id: PathwayId
    step_id: StepId


class CompleteStep(Command):
    """Be done with a step."""

    pathway_id: PathwayId
    step_id: StepId


PathwayCommand = ApprovePathway | ChangePathway | StartStep | CompleteStep


class Progress(Enum):
    """How far the learner is with a step."""

    WAITING = "waiting"
    STARTED = "started"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class NotApproved:
    """No pathway is approved under this id."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A pathway in force; steps without progress are waiting."""

    learner_id: LearnerId
    steps: tuple[Step, ...]
    progress: Mapping[StepId, Progress] = field(default_factory=dict)


Pathway = NotApproved | Approved
INITIAL: Final[Pathway] = NotApproved()


def stream_of(pathway_id: PathwayId) -> str:
    """Return the name of the stream of a pathway."""
    return f"pathway-{pathway_id}"


def evolve(state: Pathway, event: PathwayEvent) -> Pathway:
    """Return the state after an event."""
    if isinstance(event, PathwayApproved):
        return Approved(event.learner_id, event.steps)
    if isinstance(state, NotApproved):
        return state
    match event:
        case PathwayChanged():
            return replace(state, steps=event.steps)
        case PathwayStepStarted():
            return replace(state, progress={**state.progress, event.step_id: Progress.STARTED})
        case PathwayStepCompleted():
            return replace(state, progress={**state.progress, event.step_id: Progress.COMPLETED})
        case _:
            assert_never(event)


def decide(state: Pathway, command: PathwayCommand, catalogue: Catalogue) -> list[PathwayEvent]:
    """Return what a command makes happen.

    Raises:
        Refused: pathway-exists, pathway-unchanged, competency-unknown, step-not-open, standard-uncovered,
            below-minimum-expectation, level-unknown.
        Unknown: pathway-unknown, step-unknown.
        Invalid: because-required, malformed.
    """
    if isinstance(command, ApprovePathway):
        return [_approve(state, command, catalogue)]
    if isinstance(state, NotApproved):
        raise Unknown("pathway-unknown", f"pathway {command.pathway_id} is not approved")
    match command:
        case ChangePathway():
            return [_change(state, command, catalogue)]
        case StartStep():
            step = _step(state, command.step_id, Progress.WAITING)
            return [PathwayStepStarted(pathway_id=command.pathway_id, learner_id=state.learner_id, **step)]
        case CompleteStep():
            step = _step(state, command.step_id, Progress.STARTED)
            return [PathwayStepCompleted(pathway_id=command.pathway_id, learner_id=state.learner_id, **step)]
        case _:
            assert_never(command)


def _approve(state: Pathway, command: ApprovePathway, catalogue: Catalogue) -> PathwayApproved:
    if not isinstance(state, NotApproved):
        raise Refused("pathway-exists", f"pathway {command.pathway_id} is approved already")
    return PathwayApproved(
        pathway_id=command.pathway_id,
        learner_id=command.learner_id,
        title=command.title,
        steps=command.steps,
        excepted=_check(command.steps, catalogue, command.reason),
    )


def _change(state: Approved, command: ChangePathway, catalogue: Catalogue) -> PathwayChanged:
    because = command.because
    if because is None or not because.is_given():
        fault = f"change of pathway {command.pathway_id} does not say because of what it is made"
        raise Invalid("because-required", fault)
    if command.steps == state.steps:
        raise Refused("pathway-unchanged", f"pathway {command.pathway_id} has these steps already")
    return PathwayChanged(
        pathway_id=command.pathway_id,
        learner_id=state.learner_id,
        because=because,
        steps=command.steps,
        excepted=_check(command.steps, catalogue, command.reason),
    )


def _check(steps: tuple[Step, ...], catalogue: Catalogue, reason: Reason | None) -> Excepted | None:
    """Refuse steps that can't be; return what they leave of the district's expectations, which takes a reason."""
    catalogue.check_held(step.competency_id for step in steps)
    step_id, count = Counter(step.step_id for step in steps).most_common(1)[0]
    if count > 1:
        raise Invalid("malformed", f"step {step_id} is listed {count} times")
    excepted = Excepted(uncovered=uncovered(steps, catalogue), below_minimum=below_minimum(steps, catalogue))
    if excepted == Excepted():
        return None
    if reason is None or not reason.is_given():
        if excepted.uncovered:
            fault = f"no step leads to {', '.join(excepted.uncovered)}, and no reason is given"
            raise Refused("standard-uncovered", fault)
        fault = f"the aim for {', '.join(excepted.below_minimum)} is below the minimum, and no reason is given"
        raise Refused("below-minimum-expectation", fault)
    return excepted


def _step(state: Approved, step_id: StepId, expected: Progress) -> dict[str, str]:
    step = next((step for step in state.steps if step.step_id == step_id), None)
    if step is None:
        raise Unknown("step-unknown", f"step {step_id} is not part of the pathway")
    progress = state.progress.get(step_id, Progress.WAITING)
    if progress is not expected:
        raise Refused("step-not-open", f"step {step_id} is {progress.value}, not {expected.value}")
    return {"step_id": step_id, "competency_id": step.competency_id}
