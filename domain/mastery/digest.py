"""The digest of levels: one number for what a policy says of many cells, in whatever order and portions.

Each cell becomes a well-mixed number of 128 bits; a digest is their sum. So parts are made anywhere, by any engine,
and added; and a cell that changes is taken out and put in again without looking at the others.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from domain.mastery.arithmetic import entry, integer

MODULUS: Final = 2**128
_HALF: Final = np.uint64(0xFFFFFFFF)
_SHIFTS: Final = (np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32))
_FACTORS: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_LANES: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))

UInt64s = NDArray[np.uint64]


class Digest(NamedTuple):
    """How many cells, and the sum of their numbers."""

    cells: int = 0
    total: int = 0

    @classmethod
    def of(cls, text: str) -> "Digest":
        """Return the digest that was written down as a text."""
        cells, total = text.split(".")
        return cls(int(cells, 16), int(total, 16))

    def __add__(self, other: object) -> "Digest":
        """Return the digest of the cells of both."""
        if not isinstance(other, Digest):
            return NotImplemented
        return Digest(self.cells + other.cells, (self.total + other.total) % MODULUS)

    def __sub__(self, other: "Digest") -> "Digest":
        """Return the digest without the cells of another."""
        return Digest(self.cells - other.cells, (self.total - other.total) % MODULUS)

    @property
    def text(self) -> str:
        """The digest as it is written down: hexadecimal, first the cells."""
        return f"{self.cells:x}.{self.total:032x}"


class Coded(NamedTuple):
    """A column of words: `words[code]`, one a cell; -1: none."""

    words: Sequence[str]
    code: NDArray[np.signedinteger[Any]]


class Said(Protocol):
    """What a policy says of cells: `level` and `effective` index a list of words (-1: none), the rest as `Results`."""

    @property
    def value(self) -> NDArray[np.int64]:
        """In micro-units, or NO_VALUE."""

    @property
    def level(self) -> NDArray[np.signedinteger[Any]]:
        """The computed level."""

    @property
    def effective(self) -> NDArray[np.signedinteger[Any]]:
        """The judged level where one holds, else the computed one."""

    @property
    def status(self) -> NDArray[np.uint8]:
        """`Status`."""


def digest_of(learners: Coded, competencies: Coded, levels: Sequence[str], said: Said) -> Digest:
    """Return the digest of cells, given whose they are and what is said of each.

    Source of the mixing: the finaliser of splitmix64 (Steele, Lea, Flood, 2014); words by BLAKE2b.
    """
    sums = np.zeros(4, np.uint64)
    add_cells(
        (_marks(learners.words), learners.code.astype(np.int64, copy=False)),
        (_marks(competencies.words), competencies.code.astype(np.int64, copy=False)),
        _marks(levels),
        (
            said.value.view(np.uint64),
            said.level.astype(np.int64, copy=False),
            said.effective.astype(np.int64, copy=False),
            said.status,
        ),
        sums,
    )
    return Digest(len(said.value), sum(int(part) << 32 * place for place, part in enumerate(sums)) % MODULUS)


def _marks(words: Sequence[str]) -> UInt64s:
    """Return two numbers for each word, after a row of zeros for none."""
    hashed = b"".join(blake2b(word.encode(), digest_size=16).digest() for word in words)
    return np.frombuffer(bytes(16) + hashed, "<u8").reshape(-1, 2)


@integer
def mix(number: np.uint64) -> np.uint64:
    """Spread a number over all 64 bits."""
    number = (number ^ (number >> _SHIFTS[0])) * _FACTORS[0]
    number = (number ^ (number >> _SHIFTS[1])) * _FACTORS[1]
    return number ^ (number >> _SHIFTS[2])


@entry
def add_cells(
    learners: tuple[UInt64s, NDArray[np.int64]],
    competencies: tuple[UInt64s, NDArray[np.int64]],
    levels: UInt64s,
    said: tuple[UInt64s, NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]],
    sums: UInt64s,
) -> None:
    """Add the number of each cell to `sums`, whose members hold 32 bits of it each: so none runs over."""
    value, level, effective, status = said
    for i in range(len(value)):
        learner, competency = learners[1][i] + 1, competencies[1][i] + 1
        computed, shown = level[i] + 1, effective[i] + 1
        for lane in range(2):
            what = mix(value[i] + _LANES[lane] * (np.uint64(status[i]) + np.uint64(1)))
            what = mix(what + levels[computed, lane] + _LANES[1 - lane] * levels[shown, lane])
            number = mix(what ^ (learners[0][learner, lane] + mix(competencies[0][competency, lane])))
            sums[2 * lane] += number & _HALF
            sums[2 * lane + 1] += number >> _SHIFTS[3]
