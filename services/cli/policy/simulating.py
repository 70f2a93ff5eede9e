"""What-ifs in this process: told of on stderr, put on record where the policy is drafted."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, NamedTuple, cast

import pyarrow as pa
import pyarrow.compute as pc

from domain.kernel.envelope import Meta
from domain.kernel.ids import SimulationId
from domain.mastery.equity import FLAG_RATIO
from domain.mastery.impact import NO_LEVEL
from domain.policy import decider as policies
from domain.policy.decider import stream_of
from domain.policy.document import PolicyDocument
from domain.policy.events import PolicyEvent, ScopedPolicy
from domain.simulation.decider import INITIAL, AskSimulation, ask
from domain.simulation.decider import stream_of as simulation_stream
from domain.simulation.events import SimulationAsked
from infra.identity import utc_now, uuid7
from infra.postgres.database import Database
from infra.postgres.event_store import Append, BlockingEventStore, blocking_event_store
from services.cli.output import progress_bar
from services.cli.policy.engines import Engine
from services.projectors import ledger
from services.projectors.what_if import Draft, simulate
from services.projectors.what_if.evaluate import Simulated, Watcher
from services.projectors.what_if.keeping import Keeper
from services.projectors.what_if.movers import Moved
from services.projectors.what_if.on_shards import on_ray
from services.projectors.what_if.recording import record


class Trial(NamedTuple):
    """What is tried; `revision` is that of the draft, if it is on record."""

    draft: Draft
    revision: int | None = None

    @property
    def scoped(self) -> ScopedPolicy:
        """Where it would decide, on which terms."""
        return self.draft.scoped

    @property
    def document(self) -> PolicyDocument:
        """What it says."""
        return self.draft.document


class Tried(NamedTuple):
    """What came of a trial; without ids where it is not on record."""

    trial: Trial
    simulated: Simulated
    simulation_id: SimulationId | None = None
    recorded_at: int | None = None

    def told(self) -> dict[str, Any]:
        """Return all that is known as plain data."""
        scoped, impact = self.trial.scoped, self.simulated.impact
        return {
            "policy_id": scoped.policy_id,
            "version": scoped.version,
            "revision": self.trial.revision,
            "scope": scoped.scope.model_dump(mode="json"),
            "terms": scoped.terms.model_dump(mode="json"),
            "simulation_id": self.simulation_id,
            "recorded_at_position": self.recorded_at,
            "position": self.simulated.at_position,
            "digest": self.simulated.digest.text,
            **impact.model_dump(mode="json"),
        }


class Watchers(Watcher):
    """Tells several of what happens."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers = watchers

    def started(self, position: int) -> None:
        """Tell each."""
        for one in self._watchers:
            one.started(position)

    def portion(self, moved: Moved) -> None:
        """Tell each."""
        for one in self._watchers:
            one.portion(moved)

    def progress(self, done: int, cells: int) -> None:
        """Tell each."""
        for one in self._watchers:
            one.progress(done, cells)


class Sample(Watcher):
    """Keeps the movers that fall and that rise farthest, among equals the first by learner and competency."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._falling: pa.Table | None = None
        self._rising: pa.Table | None = None

    def portion(self, moved: Moved) -> None:
        """Take those of a portion that go farther than the ones at hand."""
        levels = pa.array(moved.order)
        after, before = (
            pc.index_in(moved.movers.column(name).fill_null(NO_LEVEL), value_set=levels)
            for name in ("after_level", "before_level")
        )
        movers = moved.movers.append_column("steps", pc.subtract(after, before))
        self._falling = self._best(self._falling, movers.filter(pc.field("steps") < 0), "ascending")
        self._rising = self._best(self._rising, movers.filter(pc.field("steps") > 0), "descending")

    @property
    def movers(self) -> list[dict[str, Any]]:
        """The movers kept: first those that fall."""
        return [row for kept in (self._falling, self._rising) if kept is not None for row in kept.to_pylist()]

    def _best(self, kept: pa.Table | None, movers: pa.Table, order: str) -> pa.Table:
        every = movers if kept is None else pa.concat_tables([kept, movers])
        keys = [("steps", order), ("learner_id", "ascending"), ("competency_id", "ascending")]
        return every.sort_by(keys).slice(0, self._each)


class Kept(Watcher):
    """Keeps all movers in memory, to compare drafts."""

    def __init__(self) -> None:
        self.tables: list[pa.Table] = []

    def portion(self, moved: Moved) -> None:
        """Keep what is compared."""
        self.tables.append(moved.movers.select(["learner_id", "competency_id", "after_level"]))


class Progress(Watcher):
    """Shows how far it is, at which rate and how long it will take, where stderr is a terminal."""

    def __init__(self, advance: Callable[[int, int], None]) -> None:
        self._advance = advance

    def progress(self, done: int, cells: int) -> None:
        """Move the bar."""
        self._advance(done, cells)


def try_out(
    database: Database,
    trial: Trial,
    meta: Meta,
    at_position: int | None = None,
    *,
    flag_ratio: str = FLAG_RATIO,
    watchers: Sequence[Watcher] = (),
    engine: Engine = Engine.HERE,
) -> Tried:
    """Simulate a policy; put the outcome on record if it is a drafted revision.

    What is recorded is asked for in the log only when it is done, so that no other simulator takes it up.

    Raises:
        Unavailable: unavailable, if the projector has not come to the position.
        Misconfigured: configuration, if the engine is not installed.
        Unknown, Refused: as `domain.simulation.decider.ask`.
    """
    simulation_id, draft, is_drafted = SimulationId(str(uuid7())), trial.draft, trial.revision is not None
    with (
        ledger.connect(database.app) as connection,
        ledger.connect(database.app) as beside,
        progress_bar(f"trying {trial.scoped.policy_id}") as advance,
    ):
        keeper = Keeper(beside, simulation_id, trial.scoped.policy_id, trial.scoped.version)
        every = Watchers([*([keeper] if is_drafted else []), *watchers, Progress(advance)])
        try:
            simulated = simulate(
                connection,
                draft,
                at_position,
                flag_ratio=flag_ratio,
                watcher=every,
                cells=database.cells,
                engine=on_ray(database.app) if engine is Engine.RAY else None,
            )
        except BaseException:
            if is_drafted:
                keeper.forget()
            raise
        if not is_drafted:
            return Tried(trial, simulated)
        with blocking_event_store(database.app) as store:
            asked = _asked(store, trial, simulation_id, simulated)
            keeper.finish(simulated)
            store.append(Append(simulation_stream(simulation_id), 0, [asked], utc_now(), meta))
            recorded_at = record(store, asked, simulated, meta)
        keeper.recorded(recorded_at)
    return Tried(trial, simulated, simulation_id, recorded_at)


def _asked(
    store: BlockingEventStore, trial: Trial, simulation_id: SimulationId, simulated: Simulated
) -> SimulationAsked:
    scoped = trial.scoped
    command = AskSimulation(
        simulation_id=simulation_id,
        policy_id=scoped.policy_id,
        version=scoped.version,
        terms=scoped.terms,
        at_position=simulated.at_position,
        flag_ratio=simulated.impact.flag_ratio,
    )
    history = cast("list[PolicyEvent]", [one.event for one in store.load(stream_of(scoped.policy_id)).events])
    (event,) = ask(INITIAL, command, reduce(policies.evolve, history, policies.INITIAL), store.head())
    assert isinstance(event, SimulationAsked)
    return event
