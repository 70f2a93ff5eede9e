"""Facts about a what-if: asked for, cancelled. What came of it is a fact about the policy: `PolicySimulated`."""

from typing import ClassVar

from domain.kernel.event import Event
from domain.kernel.ids import PolicyId, PolicyVersion, SimulationId
from domain.kernel.privacy import Plain
from domain.policy.events import Scope, Terms


class SimulationAsked(Event):
    """A drafted revision shall be tried on all cells of its scope, as they stood at a position."""

    type: ClassVar[str] = "simulation.asked.v1"
    simulation_id: SimulationId
    policy_id: PolicyId
    version: PolicyVersion
    revision: Plain[int]
    scope: Scope = Scope()
    terms: Terms = Terms()
    at_position: Plain[int | None] = None
    """Absent: the position of this event."""
    flag_ratio: Plain[str]
    """How many times as often as the rest a group may fall; decimal text."""


class SimulationCancelled(Event):
    """Nobody waits for the what-if any more; it ends where it is."""

    type: ClassVar[str] = "simulation.cancelled.v1"
    simulation_id: SimulationId


SimulationEvent = SimulationAsked | SimulationCancelled
