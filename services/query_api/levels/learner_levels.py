"""A learner's levels worked out on the spot: each cell under the policy that decides on it, after what it hangs on."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np

from domain.kernel.errors import Invalid
from domain.kernel.ids import CompetencyId, LevelCode
from domain.kernel.times import microseconds, time_of
from domain.mastery.cells import NO_TIME, Cells, Vocabulary, cells_of
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.kernel import NO_VALUE, Results, Status, current, evaluate
from domain.mastery.revisions import NEVER
from domain.mastery.rollup import Family, Standing, Standings, hold_back, parent_cells
from domain.mastery.room import room_for
from domain.mastery.validity import is_timed, valid_until, youngest
from domain.policy.relations import Ties, ties, wholes
from domain.policy.rulings import Ruling, reach_us
from infra.postgres.score_cells import ScoreRow
from services.query_api.answers import Connection, rows
from services.query_api.levels.learner_cells import LearnerCells, View, reached
from services.query_api.levels.rulings import LearnerRulings

HOMES: Final = """
    SELECT DISTINCT ON (competency->>'competency_id')
           competency->>'competency_id' AS competency_id, event.data->>'framework_id' AS framework_id
      FROM ledger.event, json_array_elements(event.data->'competencies') AS competency
     WHERE event.learner_id IS NULL AND event.type = 'framework.published.v1'
       AND competency->>'competency_id' = ANY(%(competency_ids)s)
     ORDER BY competency->>'competency_id', event.position
"""
TIME: Final = "SELECT coalesce(%(as_of)s::timestamptz, now()) AS time"


class CellLevel(NamedTuple):
    """What is said of one cell, and from what: the kernel's cell, policy and results, and what it hangs on.

    `level` is computed, `held` one of before that stands, `effective` the one that holds. `until_us` is when time
    alone may change it, NEVER if it does not; `expired` how many scores do not count any more for that.
    """

    ruling: Ruling
    framework_id: str | None
    compiled: Compiled
    cells: Cells
    at_us: int | None
    ties: Ties
    sources: Mapping[CompetencyId, "CellLevel | None"]
    results: Results
    judged: str | None
    held: str | None
    scores: tuple[ScoreRow, ...]
    until_us: int
    expired: int

    @property
    def value(self) -> int | None:
        """In micro-units."""
        value = int(self.results.value[0])
        return None if value == NO_VALUE else value

    @property
    def level(self) -> LevelCode | None:
        """The computed level."""
        return _level(self.compiled, int(self.results.level[0]))

    @property
    def effective(self) -> str | None:
        """The level that holds."""
        is_judged = self.judged in self.ruling.document.level_codes and self.ruling.document.judgement.allowed
        return self.held if self.held is not None and not is_judged else self.computed

    @property
    def computed(self) -> LevelCode | None:
        """The judged level where one holds, else the computed one."""
        return _level(self.compiled, int(self.results.effective[0]))

    @property
    def valid_until(self) -> datetime | None:
        """When time alone may change it next; None: it does not."""
        return None if self.until_us == NEVER else time_of(self.until_us)

    @property
    def status(self) -> str:
        """The word of the status."""
        return Status(self.results.status[0]).name.lower()

    @property
    def standing(self) -> Standing:
        """What those that hang on it see."""
        effective = self.effective
        return Standing(self.value, None if effective is None else LevelCode(effective))


class LearnerLevels:
    """Works levels out one by one, each once.

    Args:
        learner: the cells.
        rulings: what decides on them, and the competency tree.
        homes: the framework of each competency that may have no score.
        now_us: the time that is asked about.
    """

    def __init__(self, learner: LearnerCells, rulings: LearnerRulings, homes: Mapping[str, str], now_us: int) -> None:
        self._learner, self._rulings, self._homes, self._now_us = learner, rulings, homes, now_us
        self._place = {competency: place for place, competency in enumerate(learner.competency_ids)}
        self._children = Vocabulary(levels=learner.vocabulary.levels)
        self._compiled: dict[tuple[str, int, bool], Compiled] = {}
        self._known: dict[CompetencyId, CellLevel | None] = {}

    def every(self) -> dict[CompetencyId, CellLevel]:
        """Return the levels of all cells that there are: those that have facts, and those made of some that are."""
        there = dict.fromkeys(map(CompetencyId, self._learner.competency_ids))
        parents = {one for ruling in self._rulings.rulings.all for one in candidates(ruling, self._rulings)}
        while more := [one for one in parents - {*there} if there.keys() & self._ties(one).children]:
            there |= dict.fromkeys(sorted(more))
        return {one: level for one in there if (level := self.of(one)) is not None}

    def of(self, competency_id: CompetencyId) -> CellLevel | None:
        """Return the level of a cell; None while it is worked out: what hangs on itself does not know of itself."""
        if competency_id not in self._known:
            self._known[competency_id] = None
            self._known[competency_id] = self._work_out(competency_id)
        return self._known[competency_id]

    def framework_of(self, competency_id: str) -> str | None:
        """Return the framework that a competency was scored in last, else the one that holds it."""
        return self._learner.framework_of(competency_id) or self._homes.get(competency_id)

    def _ruling(self, competency_id: str) -> Ruling:
        return self._rulings.ruling(self.framework_of(competency_id), competency_id)

    def _ties(self, competency_id: CompetencyId) -> Ties:
        ruling = self._ruling(competency_id)
        return ties(ruling.document, ruling.competency_id, competency_id, self._rulings.tree)

    def _work_out(self, competency_id: CompetencyId) -> CellLevel:
        ruling, what = self._ruling(competency_id), self._ties(competency_id)
        sources = {one: self.of(one) for one in what.sources}
        cells, at_us, until_us, expired = self._own(competency_id, ruling)
        of_scores = [*self._learner.scores_of(competency_id)]
        if ruling.document.rollup is not None and what.children:
            standings = Standings.of([_family(sources)], what.children, self._children.levels)
            cells = parent_cells(ruling.document, what.children, standings, self._children, cells.judged)
            at_us, until_us = None, NEVER
            children = [one for child in what.children if (one := sources[child])]
            expired = sum(one.expired for one in children)
            of_scores += [score for one in children for score in one.scores]
        compiled = self._compile(ruling, for_parent=bool(what.children))
        results = _said(cells, compiled, at_us)
        if what.prerequisites:
            needed = [one.competency for one in what.prerequisites]
            values = Standings.of([_family(sources)], needed, self._children.levels).value
            hold_back(what.prerequisites, cells, compiled, values, results)
        judgement = self._learner.judgements.get(competency_id)
        return CellLevel(
            ruling=ruling,
            framework_id=self.framework_of(competency_id),
            compiled=compiled,
            cells=cells,
            at_us=at_us,
            ties=what,
            sources=sources,
            results=results,
            judged=judgement["level"] if judgement else None,
            held=self._rulings.held(ruling, competency_id, _level(compiled, int(results.level[0])), of_scores),
            scores=tuple(of_scores),
            until_us=min([until_us, *(one.until_us for one in sources.values() if one)]),
            expired=expired,
        )

    def _own(self, competency_id: str, ruling: Ruling) -> tuple[Cells, int | None, int, int]:
        """Return the cell of the learner's own scores, the time asked about, until when it holds, how much is over."""
        place = self._place.get(competency_id)
        whole = cells_of([[]]) if place is None else self._learner.cells.one(place)
        cells = reached(whole, reach_us(ruling.terms))
        if not is_timed(ruling.document):
            return cells, None, NEVER, 0
        compiled = self._compile(ruling, for_parent=False)
        at_us = np.maximum(np.array([self._now_us]), youngest(cells))
        until = int(valid_until(cells, compiled, at_us)[0])
        expired = len(cells.value) - len(current(cells, compiled, at_us).value)
        return cells, int(at_us[0]), NEVER if until == NO_TIME else until, expired

    def _compile(self, ruling: Ruling, *, for_parent: bool) -> Compiled:
        words = self._children if for_parent else self._learner.vocabulary
        key = ruling.version, len(words.kinds), for_parent
        if key not in self._compiled:
            self._compiled[key] = replace(compile_policy(ruling.document, words), holds=not for_parent)
        return self._compiled[key]


async def read_homes(connection: Connection, learner: LearnerCells, rulings: LearnerRulings) -> dict[str, str]:
    """Return the framework that holds each competency of a learner that has no score of its own."""
    parents = {parent for ruling in rulings.rulings.all for parent in candidates(ruling, rulings)}
    wanted = sorted(parents | {one for one in learner.competency_ids if not learner.scores_of(one)})
    found = await rows(connection, HOMES, {"competency_ids": wanted}) if wanted else []
    return {row["competency_id"]: row["framework_id"] for row in found}


async def read_now_us(connection: Connection, view: View) -> int:
    """Return the time that is asked about: that of the question, unless it names one."""
    (row,) = await rows(connection, TIME, {"as_of": view.as_of})
    return microseconds(row["time"])


def candidates(ruling: Ruling, rulings: LearnerRulings) -> Mapping[CompetencyId, Ties]:
    """Return the competencies that a ruling may make of others."""
    return wholes(ruling.document, ruling.competency_id, rulings.tree) if ruling.document.rollup is not None else {}


def _family(sources: Mapping[CompetencyId, CellLevel | None]) -> Family:
    return {one: level.standing for one, level in sources.items() if level is not None}


def _level(compiled: Compiled, index: int) -> LevelCode | None:
    return compiled.levels[index] if index >= 0 else None


def _said(cells: Cells, compiled: Compiled, at_us: int | None) -> Results:
    try:
        return evaluate(cells, compiled, at_us=at_us)
    except Invalid:
        out = room_for(1)
        judged = int(cells.judged[0])
        out.value[0], out.level[0], out.status[0], out.counted[0] = NO_VALUE, -1, Status.OUT_OF_BOUNDS, 0
        out.effective[0] = compiled.rules.judged_level[judged] if judged >= 0 else -1
        return out
