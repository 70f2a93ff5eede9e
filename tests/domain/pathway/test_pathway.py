"""The rules of pathways."""

from typing import Any, Final

import pytest

from domain.pathway.decider import (
    INITIAL,
    ApprovePathway,
    ChangePathway,
    CompleteStep,
    Pathway,
    PathwayCommand,
    StartStep,
    decide,
    evolve,
)
from domain.pathway.events import (
    PathwayApproved,
    PathwayChanged,
    PathwayEvent,
    PathwayStepCompleted,
    PathwayStepStarted,
)
from tests.sample import CATALOGUE, of
from tests.spec import Spec

SPEC: Spec[Pathway, PathwayCommand, PathwayEvent] = Spec(
    INITIAL, evolve, lambda state, command: decide(state, command, CATALOGUE)
)
given = SPEC.given
ABOUT: Final = {"pathway_id": "p1", "learner_id": "l-91"}
FIRST: Final = {"step_id": "1", "competency_id": "4.NF.1"}
SECOND: Final = {"step_id": "2", "competency_id": "4.NF.2", "modality": "project"}
BECAUSE: Final = {"kind": "mastery", "ref": "4.NF.1"}
APPROVED: Final = of(PathwayApproved, **ABOUT, steps=[FIRST, SECOND])
CHANGED: Final = of(PathwayChanged, **ABOUT, because=BECAUSE, steps=[SECOND])
STARTED: Final = of(PathwayStepStarted, **ABOUT, **FIRST)
COMPLETED: Final = of(PathwayStepCompleted, **ABOUT, **FIRST)
APPROVE: Final = of(ApprovePathway, **ABOUT, steps=[FIRST, SECOND])
CHANGE: Final = of(ChangePathway, pathway_id="p1", because=BECAUSE, steps=[SECOND])
START: Final = of(StartStep, pathway_id="p1", step_id="1")
COMPLETE: Final = of(CompleteStep, pathway_id="p1", step_id="1")


def test_a_pathway_is_approved_once() -> None:
    given().when(APPROVE).then(APPROVED)
    given(APPROVED).when(APPROVE).refused("pathway-exists")


def test_steps_lead_to_competencies_that_a_framework_holds() -> None:
    unheld = [FIRST | {"competency_id": "4.NF.9"}]
    given().when(of(ApprovePathway, **ABOUT, steps=unheld)).refused("competency-unknown")
    given(APPROVED).when(CHANGE.model_copy(update={"steps": of(ApprovePathway, **ABOUT, steps=unheld).steps})).refused(
        "competency-unknown"
    )


def test_a_step_is_listed_once() -> None:
    twice = of(ApprovePathway, **ABOUT, steps=[FIRST, FIRST])
    given().when(twice).refused("malformed", "step 1 is listed 2 times")


def test_a_change_says_because_of_what() -> None:
    given(APPROVED).when(CHANGE).then(CHANGED)


@pytest.mark.parametrize("because", [None, {"kind": "pace"}, {"kind": "pace", "ref": "", "text": " "}])
def test_a_change_without_a_because_is_refused(because: dict[str, Any] | None) -> None:
    change = of(ChangePathway, pathway_id="p1", because=because, steps=[SECOND])
    given(APPROVED).when(change).refused("because-required")


def test_a_change_alters_the_steps() -> None:
    same = of(ChangePathway, pathway_id="p1", because=BECAUSE, steps=[FIRST, SECOND])
    given(APPROVED).when(same).refused("pathway-unchanged")
    given(APPROVED, CHANGED).when(CHANGE).refused("pathway-unchanged")


@pytest.mark.parametrize("command", [CHANGE, START, COMPLETE])
def test_a_pathway_that_was_not_approved_takes_no_act(command: PathwayCommand) -> None:
    given().when(command).refused("pathway-unknown", "pathway p1 is not approved")


def test_a_step_is_started_then_completed() -> None:
    given(APPROVED).when(START).then(STARTED)
    given(APPROVED, STARTED).when(COMPLETE).then(COMPLETED)


def test_a_step_is_started_once_and_completed_once_in_this_order() -> None:
    given(APPROVED).when(COMPLETE).refused("step-not-open", "step 1 is waiting, not started")
    given(APPROVED, STARTED).when(START).refused("step-not-open", "step 1 is started, not waiting")
    given(APPROVED, STARTED, COMPLETED).when(COMPLETE).refused("step-not-open")
    given(APPROVED, STARTED, COMPLETED).when(START).refused("step-not-open")


def test_a_step_that_a_change_left_out_is_unknown() -> None:
    given(APPROVED, CHANGED).when(START).refused("step-unknown", "step 1 is not part of the pathway")


def test_a_change_keeps_the_progress_of_the_steps_that_stay() -> None:
    again = CHANGED.model_copy(update={"steps": APPROVED.steps[::-1]})
    given(APPROVED, STARTED, again).when(COMPLETE).then(COMPLETED)
