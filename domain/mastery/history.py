"""What cells were: the scores that are in force at a time, and each level that the scores so far had reached."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.mastery.cells import NO_TIME, Cells, Int64s
from domain.mastery.compile import Compiled
from domain.mastery.curves import DAY_US
from domain.mastery.tables import Clock, Results
from domain.policy.outcome import Validity

ROWS_AT_ONCE: Final = 4_000_000
"""Entries of past cells that are laid out at a time: bounds the memory."""


def in_force(cells: Cells, validity: Validity, at_us: int | Int64s, ends_us: Int64s | None = None) -> Cells:
    """Return the cells with the scores that count at a time, or each at its own: begun, and not past their end.

    `ends_us` are the ends that scores bring themselves, NO_TIME where one has none; a score without a time of
    occurrence has begun and, without an end of its own, goes on.
    """
    end = ends_of(cells, validity)
    if ends_us is not None:
        end = np.where(ends_us == NO_TIME, end, ends_us)
    if isinstance(at_us, np.ndarray):
        at_us = np.repeat(at_us, np.diff(cells.offsets))
    counts = end >= at_us if validity.last_moment == "counts" else end > at_us
    keep = (cells.occurred_us <= at_us) & ((end == NO_TIME) | counts)
    return only(cells, keep)


def ends_of(cells: Cells, validity: Validity) -> Int64s:
    """Return until when each score counts; NO_TIME for one that goes on."""
    end = np.full(len(cells.value), NO_TIME, np.int64)
    if validity.days is not None:
        lasts = cells.occurred_us != NO_TIME
        end[lasts] = cells.occurred_us[lasts] + validity.days * DAY_US
    return end


def only(cells: Cells, keep: NDArray[np.bool_]) -> Cells:
    """Return the cells with the entries that are kept."""
    passed = np.concatenate(([0], np.cumsum(keep)))
    return cells.take(np.flatnonzero(keep), passed[cells.offsets], cells.judged)


def keep_highest(cells: Cells, compiled: Compiled, out: Results, say: Callable[[Cells, Int64s], Results]) -> None:
    """Let each cell answer what it answered when its level was last at its highest, score after score.

    `say` evaluates past cells, and is told which cell each of them was.
    """
    best = np.full(len(cells), -1, np.int16)
    for past, cell in pasts(cells, Clock[compiled.policy.clock.order.upper()]):
        answers = say(past, cell)
        order = np.lexsort((np.arange(len(cell)), answers.level, cell))
        last = order[np.flatnonzero(np.diff(cell[order], append=-1))]
        last = last[answers.level[last] >= np.maximum(best[cell[last]], 0)]
        for name in Results._fields:
            getattr(out, name)[cell[last]] = getattr(answers, name)[last]
        best[cell[last]] = answers.level[last]


def pasts(cells: Cells, clock: Clock) -> Iterator[tuple[Cells, NDArray[np.int64]]]:
    """Return each cell with its first score, its first two ... in portions, and which cell each of them was."""
    times = {Clock.OCCURRED: cells.occurred_us, Clock.RECORDED: cells.recorded_us}.get(clock, cells.position)
    lengths = np.diff(cells.offsets)
    order = np.lexsort((cells.position, times, np.repeat(np.arange(len(cells)), lengths)))
    cell = np.repeat(np.arange(len(cells)), lengths)
    length = np.arange(len(cell)) - np.repeat(cells.offsets[:-1], lengths) + 1
    ends = np.cumsum(length)
    start = 0
    while start < len(cell):
        passed = ends[start] - length[start]
        stop = max(start + 1, int(np.searchsorted(ends, passed + ROWS_AT_ONCE, "right")))
        span = slice(start, stop)
        offsets = np.concatenate(([0], ends[span] - passed))
        place = np.arange(offsets[-1]) - np.repeat(offsets[:-1], length[span])
        rows = order[place + np.repeat(cells.offsets[cell[span]], length[span])]
        yield cells.take(rows, offsets, cells.judged[cell[span]]), cell[span]
        start = stop
