"""The read model `mastery`: score facts, what the policies say of each cell now, and every change of a level.

Levels and changes are a function of the facts and of the policies in force along the log. So a generation that is
being built only gathers facts and derives the rest once, at its end; a live one derives it for the cells touched;
and a learner who was parked has all of it derived anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import psycopg

from domain.framework.events import FrameworkPublished
from domain.kernel.times import microseconds
from domain.operations.events import DayBegun
from domain.policy.rulings import Standing
from infra.postgres.score_cells import CellKey
from schemas.canonical import canonical
from services.projectors import generations, ledger, parts
from services.projectors.cells.all_cells import all_cells
from services.projectors.cells.facts import FACTS, GIVEN, FactWriter
from services.projectors.cells.given import copy_given
from services.projectors.cells.kept import Kept
from services.projectors.cells.learner_places import ENROLMENTS, write_places
from services.projectors.cells.points import CellFacts, Points
from services.projectors.cells.relations import moments, spread, web_of
from services.projectors.cells.rulings import moves
from services.projectors.cells.states import Judge
from services.projectors.cells.tables import (
    CELLS_OF_LEARNERS,
    CELLS_SINCE,
    MOVED_SINCE,
    facts_of_cells,
    facts_of_scored,
    judgements_of,
    scores_of_part,
    with_parents,
)
from services.projectors.cells.touched import family, in_portions, over, replanted, vanished
from services.projectors.cells.writer import MasteryWriter
from services.projectors.generations import Place, create_table, partition
from services.projectors.parts import Part
from services.projectors.policies import SWITCHES, Epoch, Timeline, load_timeline
from services.projectors.publishing import switching
from services.projectors.publishing.switching import Owed
from services.projectors.read_model import Gather, ReadModel, StoredRow

NAME: Final = "mastery"
EVENTS_AT_ONCE: Final = 4_000_000
"""Events whose cells are derived at a time: bounds the memory."""
MOMENTS: Final = frozenset({FrameworkPublished.type, DayBegun.type})
"""Events after which levels may change that no fact and no policy has touched."""
PUBLISHED: Final = "policy.published.v1"
WAKE_PUBLISHER: Final = "NOTIFY policy_published"
PLACE: Final = """
    SELECT generation.generation, generation.facts_generation, state,
        CASE WHEN state = 'live' THEN projector.position ELSE generation.position END
    FROM read_model.generation JOIN read_model.projector ON name = projector
    WHERE projector = 'mastery' AND generation.generation = %s
"""
PREPARED: Final = """
    SELECT generation, facts_generation, state, position FROM read_model.generation
    WHERE projector = 'mastery' AND facts_generation = %s AND state IN ('ready', 'kept') AND policies::text = %s
        AND position >= %s
    ORDER BY position DESC LIMIT 1
"""
"""Levels of a policy set, made or kept since a position."""
SET_POLICIES: Final = "UPDATE read_model.generation SET policies = %s WHERE projector = 'mastery' AND generation = %s"
SET_POSITION: Final = "UPDATE read_model.generation SET position = %s WHERE projector = 'mastery' AND generation = %s"
NOTE_LATE: Final = """
    WITH late AS (
        INSERT INTO read_model.late_learner (generation, learner_id, position)
        VALUES (%(generation)s, %(learner)s, %(position)s)
        ON CONFLICT (generation, learner_id) DO UPDATE SET position = excluded.position
    )
    INSERT INTO read_model.late_fold (generation, learner_id, head, since)
    VALUES (%(generation)s, %(learner)s, %(head)s, %(since)s) ON CONFLICT DO NOTHING
"""
"""Who derived anything from these facts reads the learner's again, if it stands at this position or before.

Of the events that are folded in one go the first one comes first.
"""
UNBUILD: Final = "UPDATE read_model.generation SET state = 'building' WHERE projector = 'mastery' AND generation = %s"
FORGET_CHANGES: Final = "DELETE FROM read_model.mastery_change WHERE generation = %s AND learner_id = %s"


class Mastery(ReadModel):
    """Keeps the read model `mastery`."""

    name = NAME
    tables = ("score", "judgement", "learner_place", "mastery_change", "current_mastery")
    late_tables: Final[Mapping[str, str | None]] = {
        "score": "score_id",
        "mastery_change": None,
        "current_mastery": None,
    }
    breaks = SWITCHES
    moments = SWITCHES | MOMENTS
    types = FACTS | ENROLMENTS | SWITCHES | MOMENTS | {PUBLISHED}

    def __init__(self) -> None:
        self._kept = Kept()
        self._judge = Judge()
        self._timeline = Timeline([])
        self._owes = True
        """Perhaps: a process that was killed may have left something to settle."""

    @property
    def gather(self) -> Gather:
        """Given scores go from the log into the table, and are kept for what is derived from them."""
        return Gather(frozenset({GIVEN}), partial(copy_given, kept=self._kept))

    def apply(self, connection: psycopg.Connection[Any], generation: int, batch: Sequence[StoredRow]) -> None:
        """Fold a batch of facts, policy switches, editions and days.

        Raises:
            Poison: an event that can't be read or that contradicts the facts.
        """
        levels = _levels(connection, generation)
        if not self._timeline.epochs or any(row.type in SWITCHES | MOMENTS for row in batch):
            self._timeline = load_timeline(connection)
        if batch[0].position <= levels.position:
            self._replay(connection, levels, batch)
            return
        for type_name, rows in _segments(batch):
            if type_name in FACTS | ENROLMENTS:
                touched = self._write(connection, levels, rows)
                if touched and levels.state != "building":
                    self._update(connection, levels, touched, rows[0].position - 1)
            elif type_name in SWITCHES:
                levels = self._switch(connection, levels, rows[-1])
            elif type_name in MOMENTS:
                self._look_again(connection, levels, rows[-1])
            else:
                connection.execute(WAKE_PUBLISHER)

    def settle(self, connection: psycopg.Connection[Any], generation: int) -> None:
        """Write the changes and notices that the last switch of policies left."""
        if not self._owes:
            return
        levels = _levels(connection, generation)
        owed = switching.take(connection, levels.facts_generation)
        if owed is not None:
            self._tell_vanished(connection, levels.facts_generation, owed)
            switching.settle(connection, levels.facts_generation, owed)
        self._owes = False

    def derive(self, connection: psycopg.Connection[Any], generation: int, part: Part, until: int) -> None:
        """Derive the levels and changes of all cells of a part from the facts, which are committed."""
        levels = _levels(connection, generation)
        self._timeline = load_timeline(connection)
        vocabulary, web = self._judge.vocabulary(), web_of(self._timeline)
        kept = self._kept.scores(connection, levels.facts_generation, part, until, vocabulary)
        portions = 1 if kept else 1 + until // part.parts // EVENTS_AT_ONCE
        for portion in part.split(portions):
            scored = kept or scores_of_part(connection, levels.facts_generation, vocabulary, portion)
            judged = judgements_of(connection, levels.facts_generation, portion)
            facts = facts_of_scored(connection, levels.facts_generation, scored, judged)
            writer = self._derive(connection, with_parents(connection, facts, web), until)
            writer.add_changes(levels.facts_generation, self._timeline.switches)
            writer.fill(partition("current_mastery", generation), generation)

    def finish(self, connection: psycopg.Connection[Any], generation: int, until: int) -> None:
        """Note under which policies the levels are."""
        policies = policies_text(load_timeline(connection).at(until))
        connection.execute(SET_POLICIES, (policies, generation))

    def _write(self, connection: psycopg.Connection[Any], levels: Place, rows: Sequence[StoredRow]) -> list[CellKey]:
        """Write facts and enrolments; return the cells that they touch under the policies in force."""
        facts = [row for row in rows if row.type in FACTS]
        self._kept.note(facts)
        enrolments = [row for row in rows if row.type in ENROLMENTS]
        touched = FactWriter(connection, levels.facts_generation).write(facts) if facts else []
        moved = write_places(connection, levels.facts_generation, enrolments) if enrolments else []
        if not moved or not self._timeline.at(rows[0].position).rulings.schools_and_courses:
            return touched
        values = {"generation": levels.facts_generation, "learners": moved}
        return [*dict.fromkeys([*touched, *connection.execute(CELLS_OF_LEARNERS, values).fetchall()])]

    def _update(
        self,
        connection: psycopg.Connection[Any],
        levels: Place,
        touched: Sequence[CellKey],
        since: int,
        moment: StoredRow | None = None,
    ) -> None:
        """Bring the touched cells, and all that hang on them, up to date; the changes are those after `since`."""
        web = web_of(self._timeline, since)
        keys, targets = family(connection, levels.facts_generation, touched, web)
        facts = facts_of_cells(connection, levels.facts_generation, keys, self._judge.vocabulary())
        marks = facts.marks().joined(moves(facts, self._timeline)).after(since)
        if moment is not None:
            marks = marks.joined(Points.everywhere(len(keys), moment.position, _recorded_us(moment)))
        points = spread(facts, Points.everywhere(len(keys), since).joined(marks), web)
        writer = MasteryWriter(connection, facts, points, self._judge.states(facts, points, self._timeline), targets)
        writer.add_changes(levels.facts_generation, ())
        writer.merge(levels.generation)

    def _look_again(self, connection: psycopg.Connection[Any], levels: Place, row: StoredRow) -> None:
        """Bring the cells up to date whose time is over, or that an edition brings elsewhere in the tree."""
        if levels.state == "building":
            return
        since = row.position - 1
        keys = over(connection, levels.generation, self._timeline, row.position)
        keys += replanted(connection, levels, self._timeline, (since, row.position))
        for portion in in_portions(keys):
            self._update(connection, levels, portion, since, row)

    def _replay(self, connection: psycopg.Connection[Any], levels: Place, batch: Sequence[StoredRow]) -> None:
        """Fold events of one learner that were passed over, and derive all that is said of the learner anew."""
        rows = [row for row in batch if row.type in FACTS | ENROLMENTS]
        if not rows:
            return
        self._write(connection, levels, rows)
        if levels.state == "building":
            return
        late = {"generation": levels.facts_generation, "learner": rows[0].learner_id, "position": levels.position}
        connection.execute(NOTE_LATE, late | {"head": ledger.head(connection), "since": rows[0].position})
        values = {"generation": levels.facts_generation, "learners": [rows[0].learner_id]}
        keys = connection.execute(CELLS_OF_LEARNERS, values).fetchall()
        facts = facts_of_cells(connection, levels.facts_generation, keys, self._judge.vocabulary())
        facts = with_parents(connection, facts, web_of(self._timeline))
        writer = self._derive(connection, facts, levels.position)
        connection.execute(FORGET_CHANGES, (levels.facts_generation, rows[0].learner_id))
        writer.add_changes(levels.facts_generation, self._timeline.switches)
        writer.merge(levels.generation)
        switching.issue_missed(connection, levels.facts_generation, [rows[0].learner_id])

    def _derive(self, connection: psycopg.Connection[Any], facts: CellFacts, until: int) -> MasteryWriter:
        """Evaluate cells at every position from the beginning that touched them, and where every epoch begins."""
        switches = [
            Points.everywhere(len(facts), epoch.position, epoch.recorded_us)
            for epoch in self._timeline.epochs
            if epoch.position <= until
        ]
        looks = moments(facts, self._timeline, until)
        points = facts.marks().joined(moves(facts, self._timeline), *switches, *looks)
        points = spread(facts, points, web_of(self._timeline))
        return MasteryWriter(connection, facts, points, self._judge.states(facts, points, self._timeline))

    def _switch(self, connection: psycopg.Connection[Any], levels: Place, row: StoredRow) -> Place:
        """Go over to the levels of another policy set: prepared beside, kept from before, or else made now."""
        if levels.state != "live":
            return self._unbuild(connection, levels)
        epoch, grown = self._timeline.at(row.position), self._timeline.regrown(row.position)
        found = connection.execute(PREPARED, (levels.facts_generation, policies_text(epoch), grown)).fetchone()
        new = Place(*found) if found else prepare(connection, self._judge, (self._timeline, row.position), levels)
        bring_up(connection, self._judge, (self._timeline, row.position), new)
        generations.switch(connection, NAME, new.generation, row.position)
        switching.owe(connection, levels, new, row)
        self._owes = True
        return _levels(connection, new.generation)

    def _tell_vanished(self, connection: psycopg.Connection[Any], facts_generation: int, owed: Owed) -> None:
        """Add the changes of cells that the policies before a switch made of others, and the new ones do not."""
        timeline = load_timeline(connection)
        web = web_of(timeline, owed.position - 1)
        keys = vanished(connection, owed.before, owed.after) if web else []
        for portion in in_portions(keys):
            related, _ = family(connection, facts_generation, portion, web)
            facts = facts_of_cells(connection, facts_generation, related, self._judge.vocabulary())
            points = Points.everywhere(len(facts), owed.position - 1)
            points = points.joined(Points.everywhere(len(facts), owed.position, microseconds(owed.recorded_at)))
            states = self._judge.states(facts, points, timeline)
            writer = MasteryWriter(connection, facts, points, states, len(portion))
            writer.add_changes(facts_generation, [owed.position])
            switching.issue_missed(connection, facts_generation, {learner for learner, _ in portion}, owed.position)

    def _unbuild(self, connection: psycopg.Connection[Any], levels: Place) -> Place:
        """Leave the levels of a generation that nobody reads to its `finish`."""
        if levels.state == "building":
            return levels
        connection.execute(f"TRUNCATE {partition('mastery_change', levels.facts_generation)}")
        connection.execute(f"TRUNCATE {partition('current_mastery', levels.generation)}")
        connection.execute(UNBUILD, (levels.generation,))
        parts.forget(connection, NAME, levels.generation)
        return levels._replace(state="building")


def prepare(
    connection: psycopg.Connection[Any], judge: Judge, at: tuple[Timeline, int], base: Place, cells: Path | None = None
) -> Place:
    """Make the levels of all cells as a timeline has them at a position, beside the live ones, from the same facts.

    They come as far as these facts are committed, and not beyond the position of `base`. `cells` is the folder of the
    cell shards.
    """
    generation = generations.add(connection, NAME, "ready", base.facts_generation, base.position)
    create_table(connection, "current_mastery", generation)
    timeline, position = at
    reached = base.position
    web = web_of(timeline)
    for some, complete in all_cells(connection, base.facts_generation, judge.vocabulary(), cells):
        reached = min(reached, complete)
        facts = with_parents(connection, some, web)
        points = Points.everywhere(len(facts), position)
        states = judge.states(facts, points, timeline)
        MasteryWriter(connection, facts, points, states).fill(partition("current_mastery", generation), generation)
    connection.execute(SET_POSITION, (reached, generation))
    generations.attach(connection, "current_mastery", generation)
    connection.execute(SET_POLICIES, (policies_text(timeline.at(position)), generation))
    return Place(generation, base.facts_generation, "ready", reached)


def bring_up(connection: psycopg.Connection[Any], judge: Judge, at: tuple[Timeline, int], place: Place) -> None:
    """Bring levels that are not live up to date at a position of a timeline: what was touched or is over since."""
    timeline, position = at
    values: dict[str, Any] = {"generation": place.facts_generation, "position": place.position}
    keys = connection.execute(CELLS_SINCE, values).fetchall()
    if timeline.at(position).rulings.schools_and_courses:
        values["learners"] = [learner for (learner,) in connection.execute(MOVED_SINCE, values).fetchall()]
        keys += connection.execute(CELLS_OF_LEARNERS, values).fetchall()
    keys += over(connection, place.generation, timeline, position)
    keys += replanted(connection, place, timeline, (place.position, position))
    web = web_of(timeline, position)
    for portion in in_portions(keys):
        related, targets = family(connection, place.facts_generation, portion, web)
        facts = facts_of_cells(connection, place.facts_generation, related, judge.vocabulary())
        points = Points.everywhere(len(facts), position)
        states = judge.states(facts, points, timeline)
        MasteryWriter(connection, facts, points, states, targets).merge(place.generation)


def policies_text(epoch: Epoch) -> str:
    """Return the one text of what decides in an epoch: its policies, what they lock, and upon which switch they came.

    Upon which switch matters only where levels of before do, or who was there before.
    """
    return canonical([_policy_text(one) for one in epoch.rulings.standings]).decode()


def _policy_text(one: Standing) -> dict[str, Any]:
    text = one.scoped.model_dump(mode="json", exclude_defaults=True) | {"framework_id": one.scoped.framework_id}
    if one.locked:
        text["locked"] = one.locked
    if one.looks_back:
        text["upon"] = one.upon
    return text


def _levels(connection: psycopg.Connection[Any], generation: int) -> Place:
    row = connection.execute(PLACE, (generation,)).fetchone()
    assert row is not None, f"mastery has no generation {generation}"
    return Place(*row)


def _recorded_us(row: StoredRow) -> int:
    return microseconds(datetime.fromisoformat(row.recorded_at))


def _segments(batch: Sequence[StoredRow]) -> Iterator[tuple[str, list[StoredRow]]]:
    """Cut a batch into runs of facts and enrolments, and single events of policies and frameworks."""
    for is_fact, rows in groupby(batch, lambda row: row.type in FACTS | ENROLMENTS):
        if is_fact:
            segment = list(rows)
            yield segment[0].type, segment
        else:
            for row in rows:
                yield row.type, [row]
