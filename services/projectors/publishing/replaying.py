"""The replay of one publication: its levels, made beside the live ones at one position, portion by portion.

Each portion is committed with the learner it ends at and the digests so far, so a kill loses one portion. The digest
of all must be that of the simulation, less the cells of learners who were touched since as they were then, plus the
same as they were made: so the levels that will be live are those simulated and what has happened since.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from domain.kernel.errors import Unavailable
from domain.mastery.cells import Vocabulary
from domain.policy.decider import stream_of
from domain.policy.events import PolicyPublished, PolicySimulated
from infra.ahead import ahead
from infra.postgres.all_scores import address
from schemas.registry import decode
from services.projectors import generations, ledger
from services.projectors.cells.all_cells import Portion, all_cells
from services.projectors.cells.points import CellFacts, Int64s, Points
from services.projectors.cells.relations import web_of
from services.projectors.cells.states import Judge
from services.projectors.cells.tables import with_parents
from services.projectors.cells.writer import MasteryWriter
from services.projectors.generations import Live, Place, partition
from services.projectors.mastery import NAME, PREPARED, SET_POLICIES, SET_POSITION, Mastery, bring_up, policies_text
from services.projectors.policies import Timeline, with_policy
from services.projectors.publishing import replays
from services.projectors.publishing.replays import Delta, Row
from services.projectors.what_if.compared import Compared
from services.projectors.what_if.evaluate import about

NEAR_EVENTS_MAX: Final = 1_000
"""How near to the live levels the new ones have come before the projector is asked to switch."""
SIMULATED: Final = """
    SELECT position, data::text FROM ledger.event WHERE stream = %s AND type = 'policy.simulated.v1' AND
        data->>'simulation_id' = %s ORDER BY version DESC LIMIT 1
"""
LOCK: Final = """
    SELECT generation, facts_generation, state, position FROM read_model.generation
    WHERE projector = 'mastery' AND generation = %s FOR UPDATE
"""
TOUCHED_SINCE: Final = """
    SELECT learner_id FROM read_model.score
    WHERE generation = %(generation)s AND (position > %(position)s OR ended_position > %(position)s)
    UNION
    SELECT learner_id FROM read_model.judgement
    WHERE generation = %(generation)s AND (position > %(position)s OR lifted_position > %(position)s)
    UNION
    SELECT learner_id FROM read_model.learner_place
    WHERE generation = %(generation)s AND (position > %(position)s OR closed_position > %(position)s)
    UNION
    SELECT learner_id FROM read_model.late_learner WHERE generation = %(generation)s AND position >= %(position)s
"""
FOLDED_LATE: Final = """
    SELECT learner_id, min(since) FROM read_model.late_fold
    WHERE generation = %(generation)s AND head >= %(recorded_at)s
    GROUP BY learner_id HAVING min(since) <= %(position)s
"""
"""Whose events a simulation did not meet, though they lie before its position: those from a position on."""
NOT_BEYOND: Final = """
    UPDATE read_model.generation SET position = least(position, %s) WHERE projector = 'mastery' AND generation = %s
"""
IS_MADE: Final = """
    SELECT policies IS NOT NULL FROM read_model.generation WHERE projector = 'mastery' AND generation = %s
"""
IsWanted = Callable[[], bool]


class Publication(NamedTuple):
    """A policy that was published, the position of that event, and what its simulation said, and where in the log."""

    position: int
    event: PolicyPublished
    simulated: PolicySimulated | None
    simulated_at: int

    @classmethod
    def read(cls, connection: psycopg.Connection[Any], position: int, published: PolicyPublished) -> "Publication":
        """Read the simulation that it rests on; those from before simulations were asked for have none."""
        asked = (stream_of(published.policy_id), published.simulation_id)
        row = connection.execute(SIMULATED, asked).fetchone()
        if row is None:
            return cls(position, published, None, 0)
        simulated = decode(PolicySimulated.type, row[1])
        assert isinstance(simulated, PolicySimulated)
        return cls(position, published, simulated, row[0])


class Scene(NamedTuple):
    """What a replay is made upon: the live levels and the policies in force along the log, of one moment."""

    live: Live
    timeline: Timeline


class Replay:
    """Makes the levels of a publication; a step that was taken before, perhaps by a killed process, is not repeated."""

    def __init__(self, connection: psycopg.Connection[Any], publication: Publication, scene: Scene) -> None:
        self._connection = connection
        self._publication = publication
        self._scene = scene
        self._row = self._find() or self._begin()

    @property
    def position(self) -> int:
        """Where the publication lies."""
        return self._publication.position

    @property
    def target(self) -> Timeline:
        """The policies along the log, as they go on with the published one."""
        return self._with_policy(self._scene.live.position)

    def _with_policy(self, position: int) -> Timeline:
        scoped = self._publication.event.scoped
        return with_policy(self._connection, self._scene.timeline, position, scoped)

    def _find(self) -> Row | None:
        """Return what was begun, unless other policies, facts or competencies are in force since."""
        row, (live, timeline) = replays.find(self._connection, self.position), self._scene
        if row is None:
            return None
        stands_upon = (timeline.epochs[-1].position, live.facts_generation)
        if (row.upon, row.facts_generation) == stands_upon and row.at_position >= timeline.regrown(live.position):
            return row
        discard(self._connection, row)
        return None

    def _begin(self) -> Row:
        """Begin with the levels of the same policies that are there, or with none."""
        (live, timeline), simulated = self._scene, self._publication.simulated
        target = self.target
        key = (live.facts_generation, policies_text(target.epochs[-1]), timeline.regrown(live.position))
        with self._connection.transaction():
            found = self._connection.execute(PREPARED, key).fetchone()
            if found is None:
                number = generations.add(self._connection, NAME, "ready", live.facts_generation, live.position)
                generations.create_table(self._connection, "current_mastery", number)
            else:
                number = Place(*found).generation
            begun_now = replays.Begun(
                position=self.position,
                published=self._publication.event,
                upon=timeline.epochs[-1].position,
                generation=number,
                facts_generation=live.place.facts_generation,
                at_position=live.position,
                cells=about(self._connection, live.place),
                digest_simulated=simulated.digest if simulated else None,
            )
            replays.begin(self._connection, begun_now)
        row = replays.find(self._connection, self.position)
        assert row is not None
        return row

    def compute(self, cells: Path | None, is_wanted: IsWanted) -> bool:
        """Make the levels that are not made yet; say whether all are. `is_wanted` is asked before each portion.

        Raises:
            Unavailable: the cells have not come to the position of the simulation.
        """
        if self._row.is_computed:
            return True
        replays.enter(self._connection, self.position, "computing")
        is_made = self._connection.execute(IS_MADE, (self._row.generation,)).fetchone() == (True,)
        timeline, delta = self._with_policy(self._row.at_position), self._row.delta
        with ledger.connect(address(self._connection)) as reading:
            for made in self._portions(reading, timeline, cells):
                if not is_wanted():
                    return False
                if len(made.levels):
                    delta += made.delta
                    with self._connection.transaction():
                        if not is_made:
                            self._fill(made)
                        last = pc.max(made.levels.facts.learners.dictionary).as_py()
                        replays.advance(self._connection, self.position, len(made.levels), last, delta)
        with self._connection.transaction():
            if not is_made:
                generations.attach(self._connection, "current_mastery", self._row.generation)
                text = policies_text(timeline.epochs[-1])
                self._connection.execute(SET_POLICIES, (text, self._row.generation))
            replays.computed(self._connection, self.position)
        return True

    def _since(self) -> "_Since | None":
        """Return what may have changed since the simulation, if there is one.

        A day, an edition or other policies since then may have changed cells that nothing touched.
        """
        simulated, timeline = self._publication.simulated, self._scene.timeline
        if simulated is None:
            return None
        position, touched = simulated.at_position, None
        values = {"generation": self._row.facts_generation, "position": position}
        late = self._connection.execute(FOLDED_LATE, values | {"recorded_at": self._publication.simulated_at})
        if timeline.is_still(position, self._row.at_position):
            learners = self._connection.execute(TOUCHED_SINCE, values).fetchall()
            touched = pa.array([learner for (learner,) in learners], pa.string())
        return _Since(position, self._with_policy(position), touched, dict(late.fetchall()))

    def _portions(self, reading: psycopg.Connection[Any], timeline: Timeline, cells: Path | None) -> Iterator["_Made"]:
        """Make the levels behind the last learner, portion by portion: one while the one before it is written.

        The facts are read on a connection of their own, for the other one is in the middle of a COPY.
        """
        words, since, web, row = Vocabulary(), self._since(), web_of(timeline), self._row

        def made(one: tuple[Portion, Judge]) -> _Made:
            (some, complete), judge = one
            facts = with_parents(reading, some, web)
            chosen = _beyond(facts, row.last_learner)
            states = judge.states(facts, _points(chosen, row.at_position), timeline)
            levels = Compared(facts, chosen, states, states)
            return _Made(levels, complete, since.delta(judge, levels, complete) if since else Delta(levels.digest()))

        portions = all_cells(reading, row.facts_generation, words, cells)
        return ahead(made, ((portion, Judge(words)) for portion in portions), 1)

    def _fill(self, made: "_Made") -> None:
        points = _points(made.levels.cell, self._row.at_position)
        writer = MasteryWriter(self._connection, made.levels.facts, points, made.levels.after)
        writer.fill(partition("current_mastery", self._row.generation), self._row.generation)
        self._connection.execute(NOT_BEYOND, (made.complete, self._row.generation))

    def verify(self) -> str | None:
        """Compare the levels with those simulated; return what these must have come to, if it is something else."""
        row = replays.find(self._connection, self.position)
        assert row is not None
        replays.enter(self._connection, self.position, "verifying")
        simulated = self._publication.simulated
        if not row.is_verified and simulated is not None and row.delta.simulated.text != simulated.digest:
            return row.delta.simulated.text
        replays.verified(self._connection, self.position)
        return None

    def catch_up(self, is_wanted: IsWanted) -> bool:
        """Bring the levels near to the live ones; say whether they are."""
        while is_wanted():
            with self._connection.transaction():
                place = Place(*self._connection.execute(LOCK, (self._row.generation,)).fetchall()[0])
                live = generations.live(self._connection, NAME)
                if live.position - place.position <= NEAR_EVENTS_MAX:
                    return True
                replays.enter(self._connection, self.position, "catching_up")
                bring_up(self._connection, Judge(), (self._with_policy(live.position), live.position), place)
                self._connection.execute(SET_POSITION, (live.position, place.generation))
        return False


class _Since(NamedTuple):
    """What came since a simulation: its position, the policies as they would have gone on from there, whom it touched.

    `learners` None: perhaps everybody. `late` are those of whom it met no events from a position on, which were folded
    after it.
    """

    position: int
    timeline: Timeline
    learners: pa.Array | None
    late: Mapping[str, int]

    def delta(self, judge: Judge, made: Compared, complete: int) -> Delta:
        """Return what ties levels that were made to those simulated; their facts are complete up to a position.

        Raises:
            Unavailable: the cells have not come to the position of the simulation.
        """
        if complete < self.position:
            raise Unavailable("unavailable", f"cells have not come to position {self.position}", cells=complete)
        now = made
        if self.learners is not None:
            now = made.only(pc.is_in(made.words().learners, value_set=self.learners).to_numpy(zero_copy_only=False))
        then = now.facts.without_late(self.late) if self.late else now.facts
        states = judge.states(then, _points(now.cell, self.position), self.timeline, marked=False)
        return Delta(made.digest(), Compared(now.facts, now.cell, states, states).digest(), now.digest())


class _Made(NamedTuple):
    """Levels of a portion of the cells, up to where its facts are complete, and what ties them to those simulated."""

    levels: Compared
    complete: int
    delta: Delta


def _beyond(facts: CellFacts, learner_id: str | None) -> Int64s:
    """Return the cells of the learners behind one: portions come in the order of learners."""
    if learner_id is None:
        return np.arange(len(facts), dtype=np.int64)
    return np.flatnonzero(pc.greater(facts.learners, pa.scalar(learner_id)).to_numpy(zero_copy_only=False))


def _points(cells: Int64s, position: int) -> Points:
    """Return a point of each cell at one position."""
    return Points(cells, np.full(len(cells), position, np.int64), np.zeros(len(cells), np.int64))


def discard(connection: psycopg.Connection[Any], row: Row) -> None:
    """Delete the levels of a replay that comes to nothing, unless they are live or kept."""
    with connection.transaction():
        found = connection.execute(LOCK, (row.generation,)).fetchone()
        if found is not None and Place(*found).state == "ready":
            generations.drop(connection, Mastery(), row.generation, row.facts_generation)
