"""Which revisions of scores are in force at points: cells at positions. One pass, in integers."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.mastery.arithmetic import entry
from domain.mastery.cells import NO_TIME, Int64s
from domain.mastery.digest import mix

NEVER: Final = int(np.iinfo(np.int64).max)
"""The position at which what is still in force ends."""
NO_TIMES: Final = np.zeros(0, np.int64)
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)


class Revisions(NamedTuple):
    """Cell c has the revisions from offsets[c] on; each is in force from `position` until before `ended`."""

    offsets: Int64s
    position: Int64s
    ended: Int64s
    occurred_us: Int64s
    value: Int64s


class Found(NamedTuple):
    """The revisions in force, point after point: point p has rows[offsets[p]] to before rows[offsets[p + 1]].

    `latest_us` is when the last of them occurred, NO_TIME without any; `digest` tells sets of them apart: both are
    empty where nobody asks for them. `rows` is a slice where they follow one another.
    """

    rows: Int64s | slice
    offsets: Int64s
    latest_us: Int64s
    digest: NDArray[np.uint64]


class Room(NamedTuple):
    """Room for what is found."""

    rows: Int64s
    offsets: Int64s
    latest_us: Int64s
    digest: NDArray[np.uint64]


def in_force_at(revisions: Revisions, cell: Int64s, at: Int64s, *, marked: bool = True) -> Found:
    """Return what is in force at each point, in the order of the revisions; only if `marked` with time and digest."""
    if not marked and (found := _all_in_force(revisions, cell, at)) is not None:
        return found
    lengths, marks = revisions.offsets[cell + 1] - revisions.offsets[cell], len(cell) if marked else 0
    rows = np.empty(int(lengths.sum()), np.int64)
    out = Room(rows, np.zeros(len(cell) + 1, np.int64), np.full(marks, NO_TIME), np.zeros(marks, np.uint64))
    find(_plain(revisions), cell, at, out)
    return Found(rows[: out.offsets[-1]], *out[1:])


def begun(revisions: Revisions) -> Int64s:
    """Return the position of the first revision of each cell; NEVER of one that has none."""
    first = np.empty(len(revisions.offsets) - 1, np.int64)
    find_first(_plain(revisions), first)
    return first


def touched(revisions: Revisions) -> Int64s:
    """Return the last position at which a revision of each cell begins or ends; 0 of one that has none."""
    last = np.empty(len(revisions.offsets) - 1, np.int64)
    find_last(_plain(revisions), last)
    return last


def _all_in_force(revisions: Revisions, cell: Int64s, at: Int64s) -> Found | None:
    """Return all revisions of neighbouring cells if each is in force, as mostly where the ledger is asked of now."""
    if not len(cell) or (np.diff(cell) != 1).any():
        return None
    offsets = revisions.offsets[cell[0] : cell[-1] + 2]
    rows = slice(int(offsets[0]), int(offsets[-1]))
    begins = revisions.position[rows].max(initial=0) <= at.min()
    if not begins or revisions.ended[rows].min(initial=NEVER) <= at.max():
        return None
    return Found(rows, offsets - offsets[0], NO_TIMES, np.zeros(0, np.uint64))


def _plain(revisions: Revisions) -> Revisions:
    """Return read-only views, so that memory-mapped and ordinary arrays share one compiled signature."""
    views = [column.view() for column in revisions]
    for view in views:
        view.flags.writeable = False
    return Revisions(*views)


@entry
def arrange(order: Int64s, offsets: Int64s, occurred_us: Int64s, given: Int64s, position: Int64s) -> None:
    """Sort the rows of each cell by time, then by the position of their score, then by their own.

    Cell c has order[offsets[c]] to before order[offsets[c + 1]]. They lie nearly so, for the log comes in time.
    """
    for cell in range(len(offsets) - 1):
        for place in range(offsets[cell] + 1, offsets[cell + 1]):
            row, hole = order[place], place
            key = (occurred_us[row], given[row], position[row])
            while hole > offsets[cell]:
                before = order[hole - 1]
                if (occurred_us[before], given[before], position[before]) <= key:
                    break
                order[hole] = before
                hole -= 1
            order[hole] = row


@entry
def find_first(revisions: Revisions, first: Int64s) -> None:
    """Fill `first`, cell after cell."""
    for cell in range(len(first)):
        least = NEVER
        for row in range(revisions.offsets[cell], revisions.offsets[cell + 1]):
            least = min(least, revisions.position[row])
        first[cell] = least


@entry
def find_last(revisions: Revisions, last: Int64s) -> None:
    """Fill `last`, cell after cell."""
    for cell in range(len(last)):
        most = 0
        for row in range(revisions.offsets[cell], revisions.offsets[cell + 1]):
            ended = revisions.ended[row]
            most = max(most, revisions.position[row] if ended == NEVER else ended)
        last[cell] = most


@entry
def find(revisions: Revisions, cell: Int64s, at: Int64s, out: Room) -> None:
    """Fill `out`, point after point."""
    found, marked = 0, len(out.digest) > 0
    for point in range(len(cell)):
        position, mixed, latest = at[point], np.uint64(0), NO_TIME
        for row in range(revisions.offsets[cell[point]], revisions.offsets[cell[point] + 1]):
            if revisions.position[row] <= position < revisions.ended[row]:
                out.rows[found] = row
                found += 1
                if marked:
                    latest = max(latest, revisions.occurred_us[row])
                    mixed += mix(np.uint64(revisions.position[row]) * _SPREAD + np.uint64(revisions.value[row]))
        out.offsets[point + 1] = found
        if marked:
            out.latest_us[point] = latest
            out.digest[point] = mixed
