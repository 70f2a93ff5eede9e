"""The words of the compiled rules: codes, and the arrays that they read and write."""

from enum import IntEnum
from typing import NamedTuple, Protocol, overload

import numpy as np
from numpy.typing import NDArray

LIMIT = 2**61
"""What is added up or multiplied stays within this, so that one more sum of two fits 64 bits."""
NO_VALUE = -(2**63)
"""The value of a cell that has none."""
TOTAL_MAX = 2**42
"""Largest sum of the weights of a cell."""
MET = 1
"""The level of an open policy's cell that meets its requirements; 0 where it does not and its level is capped."""
ANY_VALUE = -(2**62)
"""A cut below every value."""
WHOLE = 2**40
"""The sum of a table of decay weights."""
HALF_BITS = 20
"""Values are multiplied in two halves, so that weights may be large: value = high x 2^20 + low."""


SMALL_BITS = 40
"""Values below 2^40 (a million points) need no closer look, if their weights sum up to 2^41: so it is nearly always."""


STRIP_CELLS = 512
"""Most cells of a strip: its numbers fit a processor's nearest memory."""
STRIP_ENTRIES = 4096
"""Most entries of a strip."""
ROWS = 64
"""Largest cell whose entries are laid side by side with those of others."""
COMPARED = 128
"""Largest cell whose entries are compared with each other."""
CODE_BITS = 22
"""Bits of a code that is compared, beside the number of its cell."""
KINDS_COUNTED = 64
"""Most kinds of a vocabulary whose entries are counted, by cell."""
SHARED = 16
"""Most entries of one kind that share its weight on a common denominator."""
WINDOWS = 8
"""Steps of the windows: a cell of 2^8 entries has too many for them."""


class Integers(Protocol):
    """A one-dimensional array of integers, as the compiled functions use it."""

    def __len__(self) -> int:
        """Return how many there are."""

    @overload
    def __getitem__(self, place: int, /) -> int: ...

    @overload
    def __getitem__(self, span: slice, /) -> "Integers": ...

    def __getitem__(self, place: int | slice, /) -> "int | Integers":
        """Return one of them, or a view of some."""

    def __setitem__(self, place: int, number: int, /) -> None:
        """Replace one of them."""


class Status(IntEnum):
    """What a policy could say of a cell."""

    NO_EVIDENCE = 0
    INSUFFICIENT = 1
    DETERMINED = 2
    OUT_OF_BOUNDS = 3
    """A sum would leave 64 bits: never stored, `evaluate` raises."""
    LEFT = 4
    """Not evaluated yet: never returned."""


class Fate(IntEnum):
    """What became of an entry before the scores were combined."""

    COUNTED = 0
    KIND_NOT_SELECTED = 1
    ROLE_NOT_SELECTED = 2
    WEIGHT_ZERO = 3
    REPLACED = 4
    AVERAGED = 5
    """Its value lives on in the mean of its task."""
    NOT_AMONG_LATEST = 6


class Clock(IntEnum):
    """What orders the entries of a cell."""

    NONE = 0
    OCCURRED = 1
    RECORDED = 2
    LISTED = 3


class Keep(IntEnum):
    """Which of several entries of one task remain."""

    ALL = 0
    LATEST = 1
    HIGHEST = 2
    FIRST = 3
    MEAN = 4
    POOLED = 5


class Op(IntEnum):
    """How the values are combined; the names are the document's, or those of a mean of so many."""

    MEAN = 0
    LATEST = 1
    WEIGHTED_MEAN = 2
    MEAN_OF_KINDS = 3
    MEAN_AT_OR_ABOVE = 4
    LATEST_VERSUS_REST = 5
    DECAYING = 6
    HIGHEST = 7
    LOWEST = 8
    WITHOUT_LOWEST = 9
    MEDIAN = 10
    MODE = 11


FIRST_RANKED = 7
"""Operations from here on look at the rank of a value."""


class Tie(IntEnum):
    """Which of several modes is the mode."""

    MOST_RECENT = 0
    HIGHEST = 1
    LOWEST = 2
    MEAN = 3


class Need(IntEnum):
    """What a requirement counts."""

    COUNT = 0
    KINDS = 1
    AT_OR_ABOVE = 2


class Rounding(IntEnum):
    """Where a quotient goes; the names are the document's."""

    HALF_UP = 0
    HALF_EVEN = 1
    DOWN = 2


class Columns(NamedTuple):
    """`Cells` as the compiled functions see it."""

    offsets: Integers
    value: Integers
    possible: Integers
    kind: Integers
    role: Integers
    task: Integers
    occurred_us: Integers
    recorded_us: Integers
    position: Integers
    weight: Integers
    judged: Integers


class Rules(NamedTuple):
    """A policy as integers. Tables by kind, role or level code cover a whole vocabulary."""

    selects: int
    kind_selected: Integers
    role_selected: Integers
    clock: int
    to_max: int
    """Micro-units; 0: no normalising."""
    keep: int
    kind_replaced: Integers
    window: int
    """How many of the latest entries are looked at; 0: all."""
    own_weight: int
    kind_weight: Integers
    op: int
    amount: int
    """The operation's number: a count, a tie rule, a value, the numerator of a share of `WHOLE`-th parts."""
    whole: int
    """Denominator of the share of the latest score."""
    recent: Integers
    """Decay weight by age (0: the latest), as parts of `WHOLE`; what is older weighs nothing."""
    oldest: Integers
    """Decay weight of the oldest score, by its age."""
    clauses: NDArray[np.int64]
    """Rows of (Need, how many, value)."""
    clause_kinds: NDArray[np.uint8]
    """By clause and kind code: whether the kind counts."""
    cap: int
    """Highest level index when a requirement is unmet; -1: insufficient."""
    exact: int
    """1 if no quotient was rounded before the last one."""
    unit: int
    """Micro-units in one unit of the last place kept."""
    rounding: int
    cuts: Integers
    """Ascending."""
    judged_level: Integers
    """Level index by level code; -1: unknown to this policy, or judgements are not allowed."""


class Work(NamedTuple):
    """Room for the largest cell; after a cell it holds what became of each entry."""

    fate: Integers
    """By place in the cell."""
    entry: Integers
    """Indices of the counted entries, in clock order; the arrays below go with it."""
    value: Integers
    weight: Integers
    rank: Integers
    """0, 1, 2 ...: breaks ties of a sort."""
    order: Integers
    key: Integers
    by_kind: Integers
    """Entries of each kind in this cell; zero between cells."""
    have: Integers
    """By clause."""


class Strip(NamedTuple):
    """Room for the numbers of a strip of cells: by cell, by entry, or by cells of one size."""

    offsets: Integers
    """Where each cell begins, counted from the strip's first entry."""
    aside: Integers
    """By cell: 1 where the rules have to look at it alone."""
    sum: Integers
    """By cell: sum(weight x value), modulo 2^64."""
    near: NDArray[np.float64]
    """The same as a float."""
    by: Integers
    """By cell: sum(weight)."""
    counted: Integers
    met: Integers
    """By cell: 1 where all requirements are met."""
    have: Integers
    """By cell, for the clause at hand."""
    value: Integers
    run: Integers
    """A running total by entry, from 0."""
    other_run: Integers
    weight: Integers
    """By entry."""
    window: Integers
    """By step, then by entry: the highest of the 2^step values from there on."""
    cell: Integers
    """By entry: the number of its cell."""
    key: Integers
    """By entry: alike for those of one cell with one code; unlike any other where there is none."""
    kept: Integers
    """By entry: 1 where it counts."""
    of_kind: Integers
    """By cell, then by kind: how many of its entries are of that kind."""
    alike: Integers
    """By entry: how many are alike, with itself."""
    picked: Integers
    """Of the entries that count, cell after cell: their values."""
    picked_kind: Integers
    found: Integers
    """`picked` and `picked_kind`, read-only as the columns are: what reads either is compiled once."""
    found_kind: Integers
    ones: Integers
    """1 by entry, read-only."""
    share: Integers
    """By number of entries: the weight of each of them, together the common denominator."""
    steps: Integers
    """By size of a cell: the largest step that is within it."""
    place: Integers
    """Cells of the strip, ordered by size."""
    starts: Integers
    """By size: where its cells begin in `place`."""
    at: Integers
    """By cell of one size, as all below: where its entries begin."""
    rows: NDArray[np.int64]
    """By place of the entry in its cell, then by cell: values."""
    other_rows: NDArray[np.int64]
    row_sum: Integers
    row_near: NDArray[np.float64]
    row_by: Integers
    most: Integers
    often: Integers


class Results(NamedTuple):
    """What the policy says of each cell, in the order of the cells.

    `value` is in micro-units after rounding, or NO_VALUE. `level` and `effective` (the judged level where one
    holds, else the computed one) index `Compiled.levels`, -1: none. `status` holds `Status`.
    """

    value: NDArray[np.int64]
    level: NDArray[np.int16]
    effective: NDArray[np.int16]
    status: NDArray[np.uint8]
    counted: NDArray[np.int32]
