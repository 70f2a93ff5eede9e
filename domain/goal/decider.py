"""The rules of a goal: set, signed by learner, guardian and teacher, revised, closed. Stream: `goal-<goal_id>`."""

from dataclasses import dataclass, replace
from typing import Annotated, Final, NamedTuple, assert_never

from pydantic import Field

from domain.framework.catalogue import Catalogue
from domain.goal.events import (
    GoalActivated,
    GoalClosed,
    GoalEvent,
    GoalProgressNoted,
    GoalRevised,
    GoalSet,
    GoalSigned,
    Horizon,
    Outcome,
)
from domain.kernel.envelope import Actor, Command, Day, Role, Text
from domain.kernel.errors import Forbidden, Refused, Unknown
from domain.kernel.ids import CompetencyId, GoalId, LearnerId, LevelCode

SIGNERS: Final = frozenset({Role.LEARNER, Role.GUARDIAN, Role.TEACHER})
"""A goal is active when each of them has signed it."""


class _GoalTerms(Command):
    goal_id: GoalId
    statement: Text
    horizon: Horizon
    competency_ids: Annotated[tuple[CompetencyId, ...], Field(max_length=100)] = ()
    target_level: LevelCode | None = None
    due_on: Day | None = None


class SetGoal(_GoalTerms):
    """Propose a goal to a learner, guardian and teacher."""

    learner_id: LearnerId


class ReviseGoal(_GoalTerms):
    """Say anew what the goal is; it has to be signed again."""


class SignGoal(Command):
    """Agree to the goal as it stands."""

    goal_id: GoalId


class NoteGoalProgress(Command):
    """Note progress toward the goal, in percent where that makes sense."""

    goal_id: GoalId
    note: Text
    percent: Annotated[int, Field(strict=True, ge=0, le=100)] | None = None


class CloseGoal(Command):
    """Say how the goal ended."""

    goal_id: GoalId
    outcome: Outcome


GoalCommand = SetGoal | SignGoal | ReviseGoal | NoteGoalProgress | CloseGoal


class Terms(NamedTuple):
    """What is agreed on."""

    statement: str
    horizon: Horizon
    competency_ids: tuple[CompetencyId, ...]
    target_level: LevelCode | None
    due_on: str | None


@dataclass(frozen=True, slots=True)
class NotSet:
    """No goal is set under this id."""


@dataclass(frozen=True, slots=True)
class Open:
    """A goal and who has signed it as it stands."""

    learner_id: LearnerId
    terms: Terms
    signed: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Closed:
    """A goal that takes no further act."""


Goal = NotSet | Open | Closed
INITIAL: Final[Goal] = NotSet()


def stream_of(goal_id: GoalId) -> str:
    """Return the name of the stream of a goal."""
    return f"goal-{goal_id}"


def evolve(state: Goal, event: GoalEvent) -> Goal:
    """Return the state after an event."""
    match event:
        case GoalSet() | GoalRevised():
            return Open(event.learner_id, _terms(event))
        case GoalSigned() if isinstance(state, Open):
            return replace(state, signed=state.signed | {event.signer.role})
        case GoalSigned() | GoalActivated() | GoalProgressNoted():
            return state
        case GoalClosed():
            return Closed()
        case _:
            assert_never(event)


def decide(state: Goal, command: GoalCommand, actor: Actor, catalogue: Catalogue) -> list[GoalEvent]:
    """Return what a command makes happen.

    Raises:
        Refused: goal-exists, goal-closed, goal-signed, goal-unchanged, competency-unknown, level-unknown.
        Unknown: goal-unknown.
        Forbidden: not-permitted, for a signature of another role.
    """
    if isinstance(command, SetGoal):
        return [_set(state, command, catalogue)]
    goal = _open(state, command.goal_id)
    match command:
        case SignGoal():
            return _sign(goal, command, actor)
        case ReviseGoal():
            return [_revise(goal, command, catalogue)]
        case NoteGoalProgress():
            return [
                GoalProgressNoted(
                    goal_id=command.goal_id,
                    learner_id=goal.learner_id,
                    note=command.note,
                    percent=command.percent,
                )
            ]
        case CloseGoal():
            return [GoalClosed(goal_id=command.goal_id, learner_id=goal.learner_id, outcome=command.outcome)]
        case _:
            assert_never(command)


def _open(state: Goal, goal_id: GoalId) -> Open:
    match state:
        case NotSet():
            raise Unknown("goal-unknown", f"goal {goal_id} is not set")
        case Closed():
            raise Refused("goal-closed", f"goal {goal_id} is closed")
        case Open():
            return state
        case _:
            assert_never(state)


def _terms(words: GoalSet | GoalRevised | _GoalTerms) -> Terms:
    return Terms(words.statement, words.horizon, words.competency_ids, words.target_level, words.due_on)


def _check(terms: Terms, catalogue: Catalogue) -> None:
    catalogue.check_held(terms.competency_ids)
    if terms.target_level is not None:
        for competency_id in terms.competency_ids:
            catalogue.check_level(competency_id, terms.target_level)


def _set(state: Goal, command: SetGoal, catalogue: Catalogue) -> GoalSet:
    if not isinstance(state, NotSet):
        raise Refused("goal-exists", f"goal {command.goal_id} is set already")
    terms = _terms(command)
    _check(terms, catalogue)
    return GoalSet(goal_id=command.goal_id, learner_id=command.learner_id, **terms._asdict())


def _revise(goal: Open, command: ReviseGoal, catalogue: Catalogue) -> GoalRevised:
    terms = _terms(command)
    if terms == goal.terms:
        raise Refused("goal-unchanged", f"goal {command.goal_id} reads so already")
    _check(terms, catalogue)
    return GoalRevised(goal_id=command.goal_id, learner_id=goal.learner_id, **terms._asdict())


def _sign(goal: Open, command: SignGoal, actor: Actor) -> list[GoalEvent]:
    if actor.role not in SIGNERS:
        raise Forbidden("not-permitted", f"role {actor.role} signs no goal", goal=command.goal_id)
    if actor.role in goal.signed:
        raise Refused("goal-signed", f"goal {command.goal_id} is signed by a {actor.role} already")
    signed = GoalSigned(goal_id=command.goal_id, learner_id=goal.learner_id, signer=actor)
    if goal.signed | {actor.role} < SIGNERS:
        return [signed]
    return [signed, GoalActivated(goal_id=command.goal_id, learner_id=goal.learner_id)]
