"""The rules of goals."""

from typing import Any, Final

import pytest

from domain.goal.decider import (
    INITIAL,
    CloseGoal,
    Goal,
    GoalCommand,
    NoteGoalProgress,
    ReviseGoal,
    SetGoal,
    SignGoal,
    decide,
    evolve,
)
from domain.goal.events import GoalActivated, GoalClosed, GoalEvent, GoalProgressNoted, GoalRevised, GoalSet, GoalSigned
from domain.kernel.envelope import Actor
from tests.sample import CATALOGUE, GUARDIAN, LEARNER, SERVICE, TEACHER, of
from tests.spec import Spec


def spec(actor: Actor) -> Spec[Goal, GoalCommand, GoalEvent]:
    return Spec(INITIAL, evolve, lambda state, command: decide(state, command, actor, CATALOGUE))


given = spec(TEACHER).given
ABOUT: Final = {"goal_id": "g1", "learner_id": "l-91"}
TERMS: Final[dict[str, Any]] = {
    "statement": "I can compare any two fractions",
    "horizon": "short_term",
    "competency_ids": ["4.NF.2"],
    "target_level": "proficient",
    "due_on": "2026-06-30",
}
SET: Final = of(GoalSet, **ABOUT, **TERMS)
REVISED: Final = of(GoalRevised, **ABOUT, **TERMS | {"horizon": "long_term"})
ACTIVATED: Final = of(GoalActivated, **ABOUT)
CLOSED: Final = of(GoalClosed, **ABOUT, outcome="achieved")
SIGN: Final = of(SignGoal, goal_id="g1")
REVISE: Final = of(ReviseGoal, goal_id="g1", **TERMS | {"horizon": "long_term"})
NOTE: Final = of(NoteGoalProgress, goal_id="g1", note="compares like denominators", percent=40)
CLOSE: Final = of(CloseGoal, goal_id="g1", outcome="achieved")


def signed(actor: Actor) -> GoalSigned:
    return of(GoalSigned, **ABOUT, signer=actor)


def test_a_goal_is_set_once() -> None:
    given().when(of(SetGoal, **ABOUT, **TERMS)).then(SET)
    given(SET).when(of(SetGoal, **ABOUT, **TERMS)).refused("goal-exists")


@pytest.mark.parametrize(
    ("words", "rule"),
    [({"competency_ids": ["4.NF.9"]}, "competency-unknown"), ({"target_level": "great"}, "level-unknown")],
)
def test_a_goal_is_about_what_is_published(words: dict[str, Any], rule: str) -> None:
    given().when(of(SetGoal, **ABOUT, **TERMS | words)).refused(rule)
    given(SET).when(of(ReviseGoal, goal_id="g1", **TERMS | words)).refused(rule)


def test_the_third_signature_makes_a_goal_active() -> None:
    given(SET).when(SIGN).then(signed(TEACHER))
    spec(GUARDIAN).given(SET, signed(TEACHER)).when(SIGN).then(signed(GUARDIAN))
    spec(LEARNER).given(SET, signed(TEACHER), signed(GUARDIAN)).when(SIGN).then(signed(LEARNER), ACTIVATED)


def test_a_role_signs_once_for_each_revision() -> None:
    given(SET, signed(TEACHER)).when(SIGN).refused("goal-signed", "goal g1 is signed by a teacher already")
    given(SET, signed(TEACHER), REVISED).when(SIGN).then(signed(TEACHER))


def test_other_roles_sign_no_goal() -> None:
    spec(SERVICE).given(SET).when(SIGN).refused("not-permitted")


def test_a_revision_clears_the_signatures() -> None:
    everybody = (signed(TEACHER), signed(GUARDIAN), signed(LEARNER), ACTIVATED)
    given(SET, *everybody).when(REVISE).then(REVISED)
    spec(LEARNER).given(SET, *everybody, REVISED).when(SIGN).then(signed(LEARNER))


def test_a_revision_changes_the_goal() -> None:
    given(SET).when(of(ReviseGoal, goal_id="g1", **TERMS)).refused("goal-unchanged", "goal g1 reads so already")


def test_progress_is_noted() -> None:
    noted = of(GoalProgressNoted, **ABOUT, note="compares like denominators", percent=40)
    given(SET).when(NOTE).then(noted)


def test_a_goal_is_closed_with_its_outcome() -> None:
    given(SET).when(CLOSE).then(CLOSED)


@pytest.mark.parametrize("command", [SIGN, REVISE, NOTE, CLOSE])
def test_a_closed_goal_takes_no_further_act(command: GoalCommand) -> None:
    given(SET, CLOSED).when(command).refused("goal-closed", "goal g1 is closed")


@pytest.mark.parametrize("command", [SIGN, REVISE, NOTE, CLOSE])
def test_a_goal_that_was_not_set_takes_no_act(command: GoalCommand) -> None:
    given().when(command).refused("goal-unknown", "goal g1 is not set")


def test_a_closed_goal_is_not_set_again() -> None:
    given(SET, CLOSED).when(of(SetGoal, **ABOUT, **TERMS)).refused("goal-exists")
