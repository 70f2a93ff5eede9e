"""Which policy decides on each point: `domain.policy.rulings` asked once for all points that look the same to it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from domain.policy.rulings import Ruling, Rulings, Seat
from domain.policy.timeline import Timeline
from infra.postgres.learner_places import PlaceRow, seats_at
from services.projectors.cells.points import CellFacts, Int64s, Points

NOWHERE: Final = 0
"""The number of having no seat that policies ask for."""
NO_CELLS: Final = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Column:
    """One thing that rulings depend on: for each point the number of its value."""

    number: Int64s
    values: Sequence[Any]


def deciding(facts: CellFacts, points: Points, timeline: Timeline) -> tuple[list[Ruling], Int64s]:
    """Return the rulings met, and for each point the index of the one that decides on it.

    Schools, courses, subtrees and first events are looked at only where a policy in force depends on them.
    """
    if not len(points):
        return [], np.zeros(0, np.int64)
    epochs = _epochs(points, timeline)
    met = epochs.values
    columns = [
        epochs,
        _words(facts.frameworks, points),
        _competencies(facts, points, met),
        _seats(facts, points, met),
        _firsts(facts, points, met),
    ]
    return _asked(columns)


def _epochs(points: Points, timeline: Timeline) -> Column:
    """Return the rulings in force at each point."""
    first, last = (timeline.at(int(at)) for at in (points.at.min(), points.at.max()))
    if first is last:
        return _same(points, first.rulings)
    starts = np.array([epoch.position for epoch in timeline.epochs], np.int64)
    numbers, epochs = np.unique(np.searchsorted(starts, points.at, "right") - 1, return_inverse=True)
    return Column(epochs, [timeline.epochs[number].rulings for number in numbers])


def _asked(columns: Sequence[Column]) -> tuple[list[Ruling], Int64s]:
    """Ask once for each combination of values that there is."""
    number = np.zeros(len(columns[0].number), np.int64)
    for column in columns:
        if len(column.values) > 1:
            number = number * len(column.values) + column.number
    size = int(np.prod([len(column.values) for column in columns], dtype=np.float64))
    found, example, which = _distinct(number, size)
    met: dict[tuple[object, ...], tuple[int, Ruling]] = {}
    index = np.zeros(found, np.int64)
    for place, point in enumerate(example):
        rulings, framework, competency, seats, first = (column.values[column.number[point]] for column in columns)
        ruling = rulings.ruling(framework, competency, seats, first)
        key = ruling.policy_id, ruling.version, ruling.terms, ruling.epoch
        index[place], _ = met.setdefault(key, (len(met), ruling))
    return [ruling for _, ruling in met.values()], index[which]


def _distinct(number: Int64s, size: int) -> tuple[int, NDArray[np.intp], NDArray[np.intp]]:
    """Return how many distinct numbers below `size` there are, a place of each, and for each place which it is."""
    if size == 1:
        return 1, np.zeros(1, np.intp), np.zeros(len(number), np.intp)
    if size > max(len(number), 1):
        _, example, which = np.unique(number, return_index=True, return_inverse=True)
        return len(example), example, which
    last = np.full(size, -1, np.intp)
    last[number] = np.arange(len(number))
    there = np.flatnonzero(last >= 0)
    which = np.zeros(size, np.intp)
    which[there] = np.arange(len(there))
    return len(there), last[there], which[number]


def _words(words: pa.DictionaryArray, points: Points) -> Column:
    values = words.dictionary.to_pylist() + ([None] if words.null_count else [])
    if len(values) == 1:
        return _same(points, values[0])
    codes = words.indices.fill_null(len(values) - 1).to_numpy()
    return Column(codes.astype(np.int64)[points.cell], values)


def _same(points: Points, value: object) -> Column:
    return Column(np.zeros(len(points), np.int64), [value])


def _competencies(facts: CellFacts, points: Points, met: Iterable[Rulings]) -> Column:
    """Return the competencies, told apart as far as they lie in a subtree that a policy is scoped to."""
    scoped = {competency for one in met for depths in one.subtrees.values() for competency in depths}
    if not scoped:
        return _same(points, None)
    values = [None, *sorted(scoped)]
    place = pc.index_in(facts.competencies, value_set=pa.array(values[1:], pa.string())).fill_null(-1)
    return Column(place.to_numpy().astype(np.int64)[points.cell] + 1, values)


def _seats(facts: CellFacts, points: Points, met: Iterable[Rulings]) -> Column:
    """Return where the learner of each point was at its position."""
    names = _names(met)
    if not names:
        return _same(points, ())
    learners = facts.learners
    index = {learner: number for number, learner in enumerate(learners.dictionary.to_pylist())}
    codes: dict[Sequence[Seat], int] = {(): NOWHERE}
    since: list[tuple[int, int, int]] = []
    for learner, places in _by_learner(facts, learners.dictionary, names):
        marks = sorted({mark for place in places for mark, _ in place.marks})
        since += [(index[learner], mark, codes.setdefault(seats_at(places, mark), len(codes))) for mark in marks]
    if not since:
        return _same(points, ())
    since.sort()
    learner, mark, code = np.array(since, np.int64).T
    span = max(int(mark[-1]), int(mark.max()), int(points.at.max())) + 1
    of_point = learners.indices.to_numpy().astype(np.int64)[points.cell]
    place = np.searchsorted(learner * span + mark, of_point * span + points.at, "right") - 1
    is_there = (place >= 0) & (learner[place] == of_point)
    return Column(np.where(is_there, code[place], NOWHERE), list(codes))


def _firsts(facts: CellFacts, points: Points, met: Iterable[Rulings]) -> Column:
    """Return since when the ledger knows the learner of each point, as far as policies for new learners ask."""
    borders = np.array(sorted({since for one in met for since in one.new_since}), np.int64)
    if not len(borders):
        return _same(points, None)
    assert facts.roster is not None, "the facts say where their learners are found"
    learners = facts.learners
    firsts = facts.roster.firsts(learners.dictionary)
    first = np.array([firsts[learner] for learner in learners.dictionary.to_pylist()], np.int64)
    passed = np.searchsorted(borders, first, "left")[learners.indices.to_numpy()]
    return Column(passed[points.cell], [0, *(int(border) + 1 for border in borders)])


def moves(facts: CellFacts, timeline: Timeline) -> Points:
    """Return every position at which an enrolment may have brought a cell under another policy."""
    names = _names(epoch.rulings for epoch in timeline.epochs)
    if not names:
        return Points(NO_CELLS, NO_CELLS, NO_CELLS)
    learners = facts.learners
    index = {learner: number for number, learner in enumerate(learners.dictionary.to_pylist())}
    of_cell = learners.indices.to_numpy()
    order = np.argsort(of_cell, kind="stable").astype(np.int64)
    borders = np.searchsorted(of_cell[order], np.arange(len(index) + 1))
    moved: list[tuple[Int64s, int, int]] = []
    for learner, places in _by_learner(facts, learners.dictionary, names):
        cells = order[borders[index[learner]] : borders[index[learner] + 1]]
        moved += [(cells, *mark) for mark in sorted({mark for place in places for mark in place.marks})]
    lengths = [len(cells) for cells, _, _ in moved]
    return Points.of(
        np.concatenate([NO_CELLS, *(cells for cells, _, _ in moved)]),
        np.repeat(np.array([at for _, at, _ in moved], np.int64), lengths),
        np.repeat(np.array([time_us for *_, time_us in moved], np.int64), lengths),
    )


def _names(rulings: Iterable[Rulings]) -> set[str]:
    return {name for one in rulings for name in one.schools_and_courses}


def _by_learner(facts: CellFacts, learners: pa.Array, names: Collection[str]) -> Iterable[tuple[str, list[PlaceRow]]]:
    assert facts.roster is not None, "the facts say where their learners are found"
    places = sorted(facts.roster.places(learners, names), key=attrgetter("learner_id"))
    return [(learner, list(rows)) for learner, rows in groupby(places, attrgetter("learner_id"))]
