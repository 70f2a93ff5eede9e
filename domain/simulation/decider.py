"""The rules of asking for a what-if. Stream: `simulation-<simulation_id>`."""

from enum import Enum, auto
from typing import Annotated, Final, assert_never

from pydantic import Field, StringConstraints

from domain.kernel.envelope import Command
from domain.kernel.errors import Refused, Unknown
from domain.kernel.ids import PolicyId, PolicyVersion, SimulationId
from domain.mastery.equity import FLAG_RATIO
from domain.policy.decider import Drafted, Policy, check_terms
from domain.policy.events import Terms
from domain.simulation.events import SimulationAsked, SimulationCancelled, SimulationEvent

Ratio = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,2}(\.\d{1,4})?$")]
"""How many times as often: decimal text, from 1 on."""


class AskSimulation(Command):
    """Try a drafted version of a policy (the last one, unless another is named) on all cells of its scope.

    Nothing live is written. The cells are looked at as they stood at `at_position`, absent: as they stand now.
    """

    simulation_id: SimulationId
    policy_id: PolicyId
    version: PolicyVersion | None = None
    terms: Terms = Terms()
    at_position: Annotated[int, Field(ge=1)] | None = None
    flag_ratio: Ratio = FLAG_RATIO


class CancelSimulation(Command):
    """End a what-if that nobody waits for any more."""

    simulation_id: SimulationId


class State(Enum):
    """How far a what-if is known to the log."""

    UNASKED = auto()
    ASKED = auto()
    CANCELLED = auto()


INITIAL: Final = State.UNASKED


def stream_of(simulation_id: SimulationId) -> str:
    """Return the name of the stream of a what-if."""
    return f"simulation-{simulation_id}"


def evolve(_state: State, event: SimulationEvent) -> State:
    """Return the state after an event."""
    match event:
        case SimulationAsked():
            return State.ASKED
        case SimulationCancelled():
            return State.CANCELLED
        case _:
            assert_never(event)


def ask(state: State, command: AskSimulation, policy: Policy, head: int) -> list[SimulationEvent]:
    """Return what asking makes happen; `head` is the position of the last event.

    Raises:
        Unknown: policy-unknown, policy-version-unknown.
        Invalid: terms-invalid.
        Refused: simulation-exists, position-not-reached.
    """
    if state is not State.UNASKED:
        raise Refused("simulation-exists", f"simulation {command.simulation_id} has been asked for")
    if not isinstance(policy, Drafted):
        raise Unknown("policy-unknown", f"policy {command.policy_id} is not drafted")
    version = command.version or policy.last.version
    drafts = [draft for draft in policy.drafts if draft.version == version]
    if not drafts:
        raise Unknown("policy-version-unknown", f"version {version} is not drafted", policy=command.policy_id)
    if command.at_position is not None and command.at_position > head:
        raise Refused("position-not-reached", f"position {command.at_position} is beyond the last event", head=head)
    draft = drafts[-1]
    check_terms(command.terms)
    asked = SimulationAsked(
        simulation_id=command.simulation_id,
        policy_id=command.policy_id,
        version=version,
        revision=draft.revision,
        scope=draft.scope,
        terms=command.terms,
        at_position=command.at_position,
        flag_ratio=command.flag_ratio,
    )
    return [asked]


def cancel(state: State, command: CancelSimulation) -> list[SimulationEvent]:
    """Return what cancelling makes happen: nothing the second time.

    Raises:
        Unknown: simulation-unknown.
    """
    match state:
        case State.UNASKED:
            raise Unknown("simulation-unknown", f"simulation {command.simulation_id} has not been asked for")
        case State.ASKED:
            return [SimulationCancelled(simulation_id=command.simulation_id)]
        case State.CANCELLED:
            return []
        case _:
            assert_never(state)
