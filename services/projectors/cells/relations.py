"""Levels that hang on other levels of the same learner: which cells they need, and in which order they come.

A competency that is made of others has a cell wherever one of its children has one. All of it is worked out in
columns; where no policy has a roll-up or prerequisites, nothing of it is.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from domain.kernel.ids import CompetencyId
from domain.mastery.curves import DAY_US
from domain.mastery.revisions import NEVER
from domain.mastery.validity import days_that_matter
from domain.policy.relations import UNTIED, Ties, Tree, is_related, ties, wholes
from domain.policy.rulings import Ruling
from domain.policy.timeline import Timeline
from services.projectors.cells.points import CellFacts, Int64s, Points

DEPTH_MAX: Final = 32
"""Levels that hang on one another more deeply than this are in a circle: they do not know of one another."""
NOBODY: Final = -1
SIDES: Final[tuple[Literal["left", "right"], ...]] = ("left", "right")
"""A score counts at its end or not, as its policy says."""


class Web(NamedTuple):
    """What may hang on what, whoever the learner is: the parents of each child, and all prerequisites."""

    parents: Mapping[str, frozenset[str]]
    prerequisites: frozenset[str]

    def above(self, competency: str) -> frozenset[str]:
        """Return the competencies that are made of this one, directly or not."""
        found: set[str] = set()
        following = self.parents.get(competency, frozenset())
        while following:
            found |= following
            following = frozenset().union(*(self.parents.get(one, frozenset()) for one in following)) - found
        return frozenset(found)

    def below(self, competencies: Collection[str]) -> frozenset[str]:
        """Return what these may need: their children, theirs, and all prerequisites."""
        found = {*competencies} | (self.prerequisites if competencies else set())
        following = found
        while following := {child for child, of in self.parents.items() if of & following} - found:
            found |= following
        return frozenset(found)

    def __bool__(self) -> bool:
        """Say whether anything hangs on anything."""
        return bool(self.parents or self.prerequisites)


def web_of(timeline: Timeline, since: int = 0, until: int = NEVER) -> Web:
    """Return what may hang on what under the policies and editions from a position on, up to another."""
    in_force = [epoch for epoch in timeline.epochs if since < epoch.position <= until] + [timeline.at(since)]
    if any(one.keeps_levels for epoch in in_force for one in epoch.rulings.all):
        in_force, since = [*timeline.epochs], 0  # what was before decides too
    rulings = {one.version + (one.competency_id or ""): one for epoch in in_force for one in epoch.rulings.all}
    related = [one for one in rulings.values() if is_related(one.document)]
    if not related:
        return Web({}, frozenset())
    last = max((one.position for one in timeline.editions if one.position <= since), default=0)
    trees: list[Tree] = [one.tree for one in timeline.editions if last <= one.position <= until] or [{}]
    parents: dict[str, set[str]] = {}
    for tree in trees:
        for one in related:
            for parent, what in wholes(one.document, one.competency_id, tree).items():
                for child in what.children:
                    parents.setdefault(child, set()).add(parent)
    gates = {gate.competency for one in related for gate in one.document.prerequisites or ()}
    return Web({child: frozenset(of) for child, of in parents.items()}, frozenset(gates))


class Kin:
    """The cells of some facts by learner and competency."""

    def __init__(self, facts: CellFacts) -> None:
        learners, competencies = facts.learners, facts.competencies
        self.words: list[str] = competencies.dictionary.to_pylist()
        self.learner: Int64s = learners.indices.to_numpy().astype(np.int64)
        self.competency: Int64s = competencies.indices.to_numpy().astype(np.int64)
        self.learners: pa.Array = learners.dictionary
        self._code = {word: code for code, word in enumerate(self.words)}
        keys = self.learner * len(self.words) + self.competency
        self._order = np.argsort(keys)
        self._keys = keys[self._order]

    def cells(self, learner: Int64s, competency: str) -> Int64s:
        """Return each learner's cell of a competency, or NOBODY."""
        code = self._code.get(competency)
        if code is None or not len(self._keys):
            return np.full(len(learner), NOBODY, np.int64)
        wanted = learner * len(self.words) + code
        place = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where(self._keys[place] == wanted, self._order[place], NOBODY)


def missing_parents(facts: CellFacts, web: Web) -> tuple[pa.Array, list[str]]:
    """Return learner and competency of each cell that is not there, and of which a child is."""
    kin = Kin(facts)
    learners: dict[str, list[Int64s]] = {}
    for code, child in enumerate(kin.words):
        for parent in web.above(child):
            learners.setdefault(parent, []).append(kin.learner[kin.competency == code])
    found = {parent: np.unique(np.concatenate(of_children)) for parent, of_children in learners.items()}
    missing = {parent: of[kin.cells(of, parent) == NOBODY] for parent, of in sorted(found.items())}
    codes = np.concatenate([*missing.values(), np.zeros(0, np.int64)])
    words = [parent for parent, of in missing.items() for _ in range(len(of))]
    return kin.learners.take(pa.array(codes, pa.int64())), words


def with_cells(
    facts: CellFacts, learners: pa.Array, competencies: Sequence[str], homes: Mapping[str, str]
) -> CellFacts:
    """Return facts with more cells, of which nothing is known but the framework."""
    if not competencies:
        return facts
    frameworks = pa.array([homes.get(one) for one in competencies], pa.string())
    offsets = np.pad(facts.scores.offsets, (0, len(competencies)), "edge")
    return CellFacts(
        learners=pa.concat_arrays([facts.learners, learners.cast(facts.learners.type)]),
        competencies=pa.concat_arrays([facts.competencies, pa.array(competencies, facts.competencies.type)]),
        frameworks=pa.concat_arrays([facts.frameworks, frameworks.cast(facts.frameworks.type)]),
        scores=replace(facts.scores, offsets=offsets),
        judgements=facts.judgements,
        roster=facts.roster,
    )


def spread(facts: CellFacts, points: Points, web: Web) -> Points:
    """Return the points, each also as a point of the cells that hang on its cell."""
    if not web:
        return points
    kin = Kin(facts)
    competency = kin.competency[points.cell]
    order = np.argsort(competency, kind="stable")
    starts = np.searchsorted(competency[order], np.arange(len(kin.words) + 1))
    more = [points]
    for code, word in enumerate(kin.words):
        mine = order[starts[code] : starts[code + 1]]
        above = web.above(word)
        for other in kin.words if web.prerequisites & {word, *above} else above:
            cells = kin.cells(kin.learner[points.cell[mine]], other)
            known = cells != NOBODY
            more.append(Points(cells[known], points.at[mine][known], points.time_us[mine][known]))
    return points.joined(*more[1:])


def moments(facts: CellFacts, timeline: Timeline, until: int) -> Iterator[Points]:
    """Return the points at which cells are looked at though no event touched them: new trees, and days.

    A day matters to a cell if a score's time runs out by then that had not the day before.
    """
    every = {one.version: one.document for epoch in timeline.epochs for one in epoch.rulings.all}.values()
    if any(one.rollup is not None for one in every):
        for edition in timeline.editions:
            if edition.position <= until:
                yield Points.everywhere(len(facts), edition.position, edition.recorded_us)
    days = sorted({day for one in every for day in days_that_matter(one)})
    ticks = np.array([tick for tick in timeline.ticks if tick.position <= until], np.int64).reshape(-1, 3)
    if days and len(ticks):
        cell = np.repeat(np.arange(len(facts), dtype=np.int64), np.diff(facts.scores.offsets))
        for day, side in product(days, SIDES):
            passed = np.searchsorted(ticks[:, 2], facts.scores.occurred_us + day * DAY_US, side)
            comes = passed < len(ticks)
            yield Points(cell[comes], ticks[passed[comes], 0], ticks[passed[comes], 1])


class Step(NamedTuple):
    """Points under one ruling whose cells hang on the same competencies; `sources` are the points of those, in order.

    A column for each child, then one for each prerequisite; NOBODY: there is none that is known by then.
    """

    number: int
    ties: Ties
    points: Int64s
    sources: NDArray[np.int32]

    def take(self, chosen: NDArray[np.intp] | slice) -> "Step":
        """Return some of the points."""
        return self._replace(points=self.points[chosen], sources=self.sources[chosen])


@dataclass(frozen=True)
class Related:
    """The points that hang on others, as steps to be taken in order; `free` are the points that hang on none."""

    free: NDArray[np.bool_]
    steps: Sequence[Step]


def related(facts: CellFacts, points: Points, rulings: Sequence[Ruling], ruling: Int64s, timeline: Timeline) -> Related:
    """Return which points hang on others under the rulings, each ruling by its number."""
    free = np.ones(len(points), bool)
    numbers = [number for number, one in enumerate(rulings) if is_related(one.document)]
    if not numbers or not len(points):
        return Related(free, ())
    kin, groups = Kin(facts), []
    finder = _Finder(kin, points)
    chosen = np.flatnonzero(np.isin(ruling, numbers))
    starts = np.array([one.position for one in timeline.editions], np.int64)
    edition = np.searchsorted(starts, points.at, "right")
    for mine in _alike(ruling[chosen], edition[chosen], kin.competency[points.cell[chosen]]):
        group = chosen[mine]
        first = group[0]
        number, tree = int(ruling[first]), timeline.editions[edition[first] - 1].tree if edition[first] else {}
        word = CompetencyId(kin.words[kin.competency[points.cell[first]]])
        what = ties(rulings[number].document, rulings[number].competency_id, word, tree)
        if what == UNTIED:
            continue
        columns = [finder.find(group, one) for one in what.sources]
        groups.append(Step(number, what, group, np.stack(columns, axis=1)))
        free[group] = False
    return Related(free, list(_in_order(groups, len(points))))


def _alike(*columns: Int64s) -> Iterator[Int64s]:
    """Return the places of equal rows, group by group, each in order."""
    order = np.lexsort(columns)
    differs = np.zeros(len(order), bool)
    for column in columns:
        differs[1:] |= np.diff(column[order]) != 0
    yield from np.split(order, np.flatnonzero(differs))


class _Finder:
    """Finds the last point of another cell of the same learner, not beyond the position of a point."""

    def __init__(self, kin: Kin, points: Points) -> None:
        self._kin, self._points = kin, points
        self._positions, rank = np.unique(points.at, return_inverse=True)
        self._rank = rank.astype(np.int64)
        self._keys = points.cell * len(self._positions) + self._rank

    def find(self, chosen: Int64s, competency: str) -> NDArray[np.int32]:
        cell = self._kin.cells(self._kin.learner[self._points.cell[chosen]], competency)
        wanted = cell * len(self._positions) + self._rank[chosen]
        place = np.searchsorted(self._keys, wanted, "right") - 1
        found = (cell != NOBODY) & (place >= 0)
        found &= self._points.cell[place] == cell
        return np.where(found, place, NOBODY).astype(np.int32)


def _in_order(groups: Sequence[Step], points: int) -> Iterator[Step]:
    """Cut steps so that each comes after all that it hangs on; what hangs on itself is left unknown to itself."""
    layer = np.zeros(points, np.int16)
    for _ in range(DEPTH_MAX):
        following = np.zeros(points, np.int16)
        for one in groups:
            of_sources = np.where(one.sources == NOBODY, 0, layer[one.sources]).max(axis=1)
            following[one.points] = of_sources + 1
        if (following == layer).all():
            break
        layer = following
    for depth in np.unique(layer[layer > 0]):
        for one in groups:
            now = one.take(np.flatnonzero(layer[one.points] == depth))
            if len(now.points):
                known = (now.sources != NOBODY) & (layer[now.sources] < depth)
                yield now._replace(sources=np.where(known, now.sources, NOBODY).astype(np.int32))
