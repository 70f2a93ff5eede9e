"""Cells: the scores of many learners x competencies as integer columns, one row a cell, entries side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.kernel.scores import MICRO

NO_TASK: Final = -1
NOT_JUDGED: Final = -1
NO_TIME: Final = int(np.iinfo(np.int64).min)
"""The clock of a score without that time: it sorts before every other."""
VALUE_MAX: Final = 10**15
"""Largest magnitude of a value, a possible value or a weight, in micro-units (a billion points)."""

Int64s = NDArray[np.int64]
Int32s = NDArray[np.int32]
Times = int | Int64s | None
"""The time that is asked about, in microseconds since 1970 UTC: one for all cells, or one for each; None: none."""


def time_or_none(clock_us: int) -> int | None:
    """Return a time of an entry, None where it has none."""
    return None if clock_us == NO_TIME else clock_us


class Codes:
    """Words as integers: the n-th new word has code n. Codes stay as the list grows."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._codes: dict[str, int] = {}
        for word in words:
            self.code(word)

    def code(self, word: str) -> int:
        """Return the code of a word, giving it the next one if it is new."""
        return self._codes.setdefault(word, len(self._codes))

    @property
    def words(self) -> tuple[str, ...]:
        """The words in the order of their codes."""
        return tuple(self._codes)

    def __len__(self) -> int:
        """Return how many words there are."""
        return len(self._codes)


@dataclass(frozen=True)
class Vocabulary:
    """The words that cells hold as codes; one vocabulary serves many cells and policies."""

    kinds: Codes = field(default_factory=Codes)
    roles: Codes = field(default_factory=Codes)
    tasks: Codes = field(default_factory=Codes)
    levels: Codes = field(default_factory=Codes)


class Entry(NamedTuple):
    """One score of a cell. Values and weight in micro-units, times in microseconds since 1970 UTC.

    `possible` is the highest value of the scale that the score was given on.
    """

    value: int
    possible: int
    kind: int
    role: int
    position: int
    task: int = NO_TASK
    occurred_us: int = NO_TIME
    recorded_us: int = NO_TIME
    weight: int = MICRO


@dataclass(frozen=True)
class Cells:
    """Columns of entries, cell after cell: cell c holds entries offsets[c] to offsets[c + 1].

    Arrays are one-dimensional and contiguous, may be memory-mapped, and are never copied or written.
    `judged` is per cell: the code of the judged level, or -1. Entries of a cell may be in any order.
    """

    offsets: Int64s
    value: Int64s
    possible: Int64s
    kind: Int32s
    role: Int32s
    task: Int64s
    occurred_us: Int64s
    recorded_us: Int64s
    position: Int64s
    weight: Int64s
    judged: Int32s
    largest: int = field(init=False)
    """Entries of the largest cell."""
    kinds: int = field(init=False)
    """One more than the highest kind code."""
    roles: int = field(init=False)
    levels: int = field(init=False)

    def __post_init__(self) -> None:
        """Check shapes, types and ranges once, so that the kernel need not."""
        self._check_columns()
        lengths = np.diff(self.offsets)
        assert self.offsets[0] == 0, "offsets start at 0"
        assert self.offsets[-1] == len(self.value), "offsets end at the number of entries"
        assert not len(lengths) or lengths.min() >= 0, "offsets do not fall"
        object.__setattr__(self, "largest", int(lengths.max(initial=0)))
        object.__setattr__(self, "kinds", int(self.kind.max(initial=-1)) + 1)
        object.__setattr__(self, "roles", int(self.role.max(initial=-1)) + 1)
        object.__setattr__(self, "levels", int(self.judged.max(initial=-1)) + 1)

    def _check_columns(self) -> None:
        entries = len(self.value)
        for name, column in self.columns.items():
            length = {"offsets": len(self.judged) + 1, "judged": len(self.judged)}.get(name, entries)
            dtype = np.int32 if name in {"kind", "role", "judged"} else np.int64
            assert column.dtype == dtype, f"{name} is {column.dtype}, not {dtype.__name__}"
            assert column.shape == (length,), f"{name} has shape {column.shape}, not ({length},)"
            assert column.flags.c_contiguous, f"{name} is not contiguous"
        if entries:
            _check_range("value", self.value, -VALUE_MAX)
            _check_range("possible", self.possible, 1)
            _check_range("weight", self.weight, 0)
            _check_range("kind", self.kind, 0)
            _check_range("role", self.role, 0)

    @property
    def columns(self) -> dict[str, NDArray[np.int64] | NDArray[np.int32]]:
        """The arrays by name."""
        names = ("offsets", "value", "possible", "kind", "role", "task")
        clocks = ("occurred_us", "recorded_us", "position", "weight", "judged")
        return {name: getattr(self, name) for name in names + clocks}

    def take(self, rows: Int64s | slice, offsets: Int64s, judged: Int32s) -> "Cells":
        """Return cells of these entries: cell c has rows[offsets[c]] to before rows[offsets[c + 1]].

        Rows by their numbers are copied; a slice shares the arrays.
        """
        return Cells(
            offsets=offsets,
            value=self.value[rows],
            possible=self.possible[rows],
            kind=self.kind[rows],
            role=self.role[rows],
            task=self.task[rows],
            occurred_us=self.occurred_us[rows],
            recorded_us=self.recorded_us[rows],
            position=self.position[rows],
            weight=self.weight[rows],
            judged=judged,
        )

    def one(self, cell: int) -> "Cells":
        """Return a single cell, sharing the arrays."""
        low, high = int(self.offsets[cell]), int(self.offsets[cell + 1])
        return self.take(slice(low, high), np.array([0, high - low], np.int64), self.judged[cell : cell + 1])

    def span(self, first: int, end: int) -> "Cells":
        """Return the cells from `first` to before `end`, copied."""
        rows = np.arange(self.offsets[first], self.offsets[end])
        return self.take(rows, self.offsets[first : end + 1] - self.offsets[first], self.judged[first:end])

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.judged)


def _check_range(name: str, column: NDArray[np.signedinteger], lowest: int) -> None:
    low, high = int(column.min()), int(column.max())
    assert lowest <= low, f"{name} {low} is below {lowest}"
    assert high <= VALUE_MAX, f"{name} {high} is above {VALUE_MAX}"


def cells_of(groups: Sequence[Sequence[Entry]], judged: Sequence[int] | None = None) -> Cells:
    """Build cells from the entries of each cell; `judged` is the level code of each cell, or -1."""
    rows = [entry for group in groups for entry in group]
    ends = accumulate((len(group) for group in groups), initial=0)

    def column(place: int) -> Int64s:
        return np.fromiter((row[place] for row in rows), np.int64, len(rows))

    return Cells(
        offsets=np.fromiter(ends, np.int64, len(groups) + 1),
        value=column(0),
        possible=column(1),
        kind=column(2).astype(np.int32),
        role=column(3).astype(np.int32),
        position=column(4),
        task=column(5),
        occurred_us=column(6),
        recorded_us=column(7),
        weight=column(8),
        judged=np.array([NOT_JUDGED] * len(groups) if judged is None else judged, np.int32),
    )
