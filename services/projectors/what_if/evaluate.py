"""All cells under the policies of a position, and under those with a draft among them: portion by portion."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import psycopg

from domain.kernel.errors import Unavailable
from domain.mastery.cells import Vocabulary
from domain.mastery.digest import Digest
from domain.mastery.equity import FLAG_RATIO
from domain.mastery.impact import Impact, LostActs, order_of_levels
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.events import PolicyDrafted, ScopedPolicy, Terms
from infra.ahead import ahead
from services.projectors import generations
from services.projectors.cells.all_cells import all_cells
from services.projectors.cells.points import CellFacts, Points
from services.projectors.cells.relations import web_of
from services.projectors.cells.states import WORKERS_MAX, Judge
from services.projectors.cells.tables import with_parents
from services.projectors.generations import Place
from services.projectors.mastery import NAME
from services.projectors.policies import Timeline, load_timeline
from services.projectors.what_if.compared import Compared, concerned
from services.projectors.what_if.movers import Acts, Moved, movers_of
from services.projectors.what_if.roster import SCHOOL, read_groupings
from services.projectors.what_if.tally import Counts, Tally

CELLS_AT_ONCE: Final = 32_768
"""Cells that are measured in one go: they stay in a processor's cache, and are enough for the kernel's strips."""
ABOUT: Final = "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)"
COUNT: Final = "SELECT count(*) FROM read_model.current_mastery WHERE generation = %s"


class Draft(NamedTuple):
    """A policy that might be put in force: where, under which terms, and what it says."""

    scoped: ScopedPolicy
    document: PolicyDocument
    locked: tuple[str, ...] = ()

    @classmethod
    def of(cls, drafted: PolicyDrafted, terms: Terms) -> "Draft":
        """Return a drafted revision on the terms on which it might be published."""
        scope = drafted.scope.model_dump()
        scoped = ScopedPolicy(policy_id=drafted.policy_id, version=drafted.version, terms=terms, **scope)
        return cls(scoped, parse_policy(drafted.document), drafted.locked)


class Simulated(NamedTuple):
    """What a draft would do, as the ledger stood at a position; `digest` is of the levels of all cells then."""

    at_position: int
    digest: Digest
    impact: Impact


class Measured(NamedTuple):
    """What came of some cells: how many, the digest of what there would be, the counts and the movers in scope."""

    cells: int
    digest: Digest
    counts: Counts
    moved: Moved


class Gauge(NamedTuple):
    """What cells are measured by, wherever that is done: all that it takes beside them, as it stood at a position."""

    draft: Draft
    position: int
    tally: Tally
    acts: Acts

    @classmethod
    def read(
        cls, connection: psycopg.Connection[Any], draft: Draft, position: int, timelines: tuple[Timeline, Timeline]
    ) -> "Gauge":
        """Read the learners' groups and the official acts; levels are ordered as the draft has them, then the rest."""
        now = [one.document for timeline in timelines[::-1] for one in timeline.at(position).rulings.all]
        past = [one.document for epoch in timelines[0].epochs for one in epoch.rulings.standings]
        order = order_of_levels([draft.document, *now, *past])
        return cls(draft, position, Tally(order, read_groupings(connection, position)), Acts.read(connection, position))

    def measure(self, compared: Compared) -> Measured:
        """Measure some cells, of whose learners they are all."""
        in_scope = compared.only(concerned(compared, self.draft.scoped.policy_id))
        movers = movers_of(in_scope, next((one for one in self.tally.groupings if one.name == SCHOOL), None))
        moved = Moved(movers, self.acts.lost(in_scope), self.tally.order)
        return Measured(len(compared), compared.digest(), self.tally.count(in_scope), moved)


class Work(NamedTuple):
    """What an engine goes through: all cells of facts on two timelines, from the shards in a folder if there is one."""

    connection: psycopg.Connection[Any]
    live: Place
    timelines: tuple[Timeline, Timeline]
    gauge: Gauge
    cells: Path | None


Engine = Callable[[Work], Iterator[Measured]]
"""Measures all cells, in parts, each with all cells of its learners, in their order."""


class Watcher:
    """Told of what happens on the way; what it raises ends the simulation. This one does nothing."""

    def started(self, position: int) -> None:
        """Take the position at which the cells are looked at."""

    def portion(self, moved: Moved) -> None:
        """Take the movers of a portion, and the acts that would lose their basis by them."""

    def progress(self, done: int, cells: int) -> None:
        """Take how many cells are done, of about how many."""


def simulate(
    connection: psycopg.Connection[Any],
    draft: Draft,
    at_position: int | None = None,
    *,
    flag_ratio: str = FLAG_RATIO,
    watcher: Watcher | None = None,
    cells: Path | None = None,
    engine: Engine | None = None,
) -> Simulated:
    """Evaluate all cells as they stood at a position (None: where the live levels are) with a draft in force.

    The cells are read from the shards in the folder `cells`, if there is one; `engine` None: in this process.

    Raises:
        Unavailable: unavailable, if the projector has not come to the position.
    """
    watcher = watcher or Watcher()
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        live = generations.live(connection, NAME)
        position = live.position if at_position is None else at_position
        if live.generation is None or position > live.position:
            raise Unavailable("unavailable", f"mastery has not come to position {position}", position=live.position)
        timeline = load_timeline(connection)
        timelines = timeline, timeline.with_draft(position, draft.scoped, draft.document, draft.locked)
        watcher.started(position)
        gauge = Gauge.read(connection, draft, position, timelines)
        work, about_cells = Work(connection, live.place, timelines, gauge, cells), about(connection, live.place)
        return _sum_up((engine or here)(work), gauge, watcher, flag_ratio, about_cells)


def _sum_up(measured: Iterator[Measured], gauge: Gauge, watcher: Watcher, flag_ratio: str, cells: int) -> Simulated:
    """Add up what came of all cells, of which there are about so many."""
    counts, lost_by_kind, digest, done = gauge.tally.nothing(), Counter[str](), Digest(), 0
    for one in measured:
        digest += one.digest
        counts += one.counts
        lost_by_kind.update({lost.act.act_id: lost.act.kind for lost in one.moved.lost}.values())
        watcher.portion(one.moved)
        done += one.cells
        watcher.progress(done, max(done, cells))
    impact = gauge.tally.impact(counts, flag_ratio)
    acts_lost = tuple(LostActs(kind=kind, acts=number) for kind, number in sorted(lost_by_kind.items()))
    return Simulated(gauge.position, digest, impact.model_copy(update={"acts": acts_lost}))


def here(work: Work) -> Iterator[Measured]:
    """Measure all cells in this process, portion by portion, as many at a time as there are processors."""
    words = Vocabulary()
    portions = all_cells(work.connection, work.live.facts_generation, words, work.cells, CELLS_AT_ONCE)

    def measured(one: tuple[CellFacts, Judge]) -> Measured:
        facts, judge = one
        return work.gauge.measure(compare(work.connection, judge, facts, work.timelines, work.gauge.position))

    yield from ahead(measured, ((facts, Judge(words)) for facts, _ in portions), WORKERS_MAX)


def compare(
    connection: psycopg.Connection[Any],
    judge: Judge,
    scored: CellFacts,
    timelines: tuple[Timeline, Timeline],
    position: int,
) -> Compared:
    """Evaluate the cells of a portion that were there at a position, or would be, on two timelines."""
    facts = with_parents(connection, scored, web_of(timelines[1], position - 1))
    points = Points.everywhere(len(facts), position)
    before, after = (judge.states(facts, points, timeline, marked=False) for timeline in timelines)
    return Compared(facts, points.cell, before, after).only(before.exists | after.exists)


def about(connection: psycopg.Connection[Any], live: Place) -> int:
    """Return about how many cells there are, as the database last counted."""
    for query, value in ((ABOUT, generations.partition("current_mastery", live.generation)), (COUNT, live.generation)):
        row = connection.execute(query.encode(), (value,)).fetchone()
        if row is not None and row[0] > 0:
            return int(row[0])
    return 0
