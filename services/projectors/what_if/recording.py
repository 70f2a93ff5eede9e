"""Putting on record what a simulation came to, as an event of the policy."""

from datetime import UTC, datetime
from functools import reduce
from typing import Final, cast

from domain.framework.catalogue import EMPTY
from domain.kernel.envelope import Meta
from domain.kernel.errors import Conflict
from domain.policy.commands import Circumstances, RecordSimulation
from domain.policy.decider import INITIAL, decide, evolve, stream_of
from domain.policy.events import PolicyEvent
from domain.policy.succession import Succession
from domain.simulation.events import SimulationAsked
from infra.postgres.event_store import Append, BlockingEventStore
from schemas.canonical import canonical_model
from services.projectors.what_if.evaluate import Simulated

ATTEMPTS_MAX: Final = 4
"""How often the event is appended anew because the policy's stream has moved on meanwhile."""


def record(store: BlockingEventStore, asked: SimulationAsked, simulated: Simulated, meta: Meta) -> int:
    """Append the event in the name of whoever asked, once for each simulation; return its position.

    Raises:
        Unknown, Invalid: as `domain.policy.decider.decide`.
        Conflict: version-conflict; key-reused, if the simulation came to something else before.
    """
    stream, command = stream_of(asked.policy_id), _command(asked, simulated)
    envelope = meta.model_copy(update={"idempotency_key": f"simulator:{asked.simulation_id}"})
    for _ in range(ATTEMPTS_MAX):
        history, now = store.load(stream), datetime.now(UTC)
        state = reduce(evolve, cast("list[PolicyEvent]", [one.event for one in history.events]), INITIAL)
        circumstances = Circumstances(EMPTY, Succession(), meta.actor, now, simulated.at_position)
        (event,) = decide(state, command, circumstances)
        try:
            append = Append(stream, history.version, [event], now, envelope, canonical_model(event))
            return store.append(append).last_position
        except Conflict as conflict:
            if conflict.rule != "version-conflict":
                raise
    raise Conflict("version-conflict", f"stream moved on {ATTEMPTS_MAX} times", stream=stream)


def _command(asked: SimulationAsked, simulated: Simulated) -> RecordSimulation:
    impact = simulated.impact
    return RecordSimulation(
        policy_id=asked.policy_id,
        revision=asked.revision,
        simulation_id=asked.simulation_id,
        at_position=simulated.at_position,
        terms=asked.terms,
        digest=simulated.digest.text,
        cells=impact.cells,
        moved=impact.moved,
        matrix=impact.matrix,
    )
