"""Which revisions of scores are in force at points: cells at positions. One pass, in integers."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.mastery.arithmetic import entry
from domain.mastery.cells import NO_TIME, Int64s
from domain.mastery.digest import mix

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

    `latest_us` is when the last of them occurred, NO_TIME without any; `digest` tells sets of them apart.
    """

    rows: Int64s
    offsets: Int64s
    latest_us: Int64s
    digest: NDArray[np.uint64]


def in_force_at(revisions: Revisions, cell: Int64s, at: Int64s) -> Found:
    """Return what is in force at each point, in the order of the revisions."""
    lengths = revisions.offsets[cell + 1] - revisions.offsets[cell]
    out = Found(
        rows=np.empty(int(lengths.sum()), np.int64),
        offsets=np.zeros(len(cell) + 1, np.int64),
        latest_us=np.full(len(cell), NO_TIME, np.int64),
        digest=np.zeros(len(cell), np.uint64),
    )
    find(Revisions(*(column.view() for column in revisions)), cell, at, out)
    return out._replace(rows=out.rows[: out.offsets[-1]])


@entry
def find(revisions: Revisions, cell: Int64s, at: Int64s, out: Found) -> None:
    """Fill `out`, point after point."""
    found = 0
    for point in range(len(cell)):
        position, mixed, latest = at[point], np.uint64(0), NO_TIME
        for row in range(revisions.offsets[cell[point]], revisions.offsets[cell[point] + 1]):
            if revisions.position[row] <= position < revisions.ended[row]:
                out.rows[found] = row
                found += 1
                latest = max(latest, revisions.occurred_us[row])
                mixed += mix(np.uint64(revisions.position[row]) * _SPREAD + np.uint64(revisions.value[row]))
        out.offsets[point + 1] = found
        out.latest_us[point] = latest
        out.digest[point] = mixed
