"""All cells under the policies of a position, and under those with a draft among them: portion by portion."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import psycopg

from domain.kernel.errors import Unavailable
from domain.mastery.digest import Digest
from domain.mastery.equity import FLAG_RATIO
from domain.mastery.impact import Impact, LostActs
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.events import PolicyDrafted, ScopedPolicy, Terms
from services.projectors import generations
from services.projectors.all_cells import all_cells
from services.projectors.generations import Place
from services.projectors.mastery import NAME
from services.projectors.mastery_points import CellFacts, Points
from services.projectors.mastery_relations import web_of
from services.projectors.mastery_states import Judge
from services.projectors.mastery_tables import with_parents
from services.projectors.policies import Timeline, load_timeline
from services.projectors.what_if.compared import Compared, decided_by
from services.projectors.what_if.movers import Acts, Moved, movers_of
from services.projectors.what_if.roster import SCHOOL, read_groupings
from services.projectors.what_if.tally import Tally

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


class Asked(NamedTuple):
    """What is simulated, at which position, with which flags, who is told, and where the cells are."""

    draft: Draft
    position: int
    flag_ratio: str
    watcher: "Watcher"
    cells: Path | None


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
) -> Simulated:
    """Evaluate all cells as they stood at a position (None: where the live levels are) with a draft in force.

    The cells are read from the shards in the folder `cells`, if there is one.

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
        drafted = timeline.with_draft(position, draft.scoped, draft.document, draft.locked)
        watcher.started(position)
        return _go_through(
            connection, live.place, (timeline, drafted), Asked(draft, position, flag_ratio, watcher, cells)
        )


def _go_through(
    connection: psycopg.Connection[Any], live: Place, timelines: tuple[Timeline, Timeline], asked: Asked
) -> Simulated:
    position, watcher = asked.position, asked.watcher
    groupings, acts = read_groupings(connection, position), Acts.read(connection, position)
    schools = next((one for one in groupings if one.name == SCHOOL), None)
    tally, lost_by_kind = Tally(asked.draft.document, groupings), Counter[str]()
    digest, done, cells = Digest(), 0, about(connection, live)
    for compared in _compare(connection, live, timelines, asked):
        digest += compared.digest()
        in_scope = compared.only(decided_by(compared.after, asked.draft.scoped.policy_id))
        tally.add(in_scope)
        movers = movers_of(in_scope, schools)
        lost = acts.lost(movers, tally.order)
        lost_by_kind.update(one.act.kind for one in lost)
        watcher.portion(Moved(movers, lost, tally.order))
        done += len(compared)
        watcher.progress(done, max(done, cells))
    impact = tally.impact(asked.flag_ratio)
    acts_lost = tuple(LostActs(kind=kind, acts=number) for kind, number in sorted(lost_by_kind.items()))
    return Simulated(position, digest, impact.model_copy(update={"acts": acts_lost}))


def _compare(
    connection: psycopg.Connection[Any], live: Place, timelines: tuple[Timeline, Timeline], asked: Asked
) -> Iterator[Compared]:
    """Evaluate all cells, portion by portion."""
    judge, position = Judge(), asked.position
    for facts, _ in all_cells(connection, live.facts_generation, judge.vocabulary(), asked.cells):
        yield compare(connection, judge, facts, timelines, position)


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
    before, after = (judge.states(facts, points, timeline) for timeline in timelines)
    return Compared(facts, points.cell, before, after).only(before.exists | after.exists)


def about(connection: psycopg.Connection[Any], live: Place) -> int:
    """Return about how many cells there are, as the database last counted."""
    for query, value in ((ABOUT, generations.partition("current_mastery", live.generation)), (COUNT, live.generation)):
        row = connection.execute(query.encode(), (value,)).fetchone()
        if row is not None and row[0] > 0:
            return int(row[0])
    return 0
