"""Integer arithmetic of the compiled rules: exact quotients, and a sort in place."""

from collections.abc import Callable
from hashlib import sha256
from math import floor
from pathlib import Path
from typing import Final, TypeVar, cast

from numba import njit

from domain.mastery.tables import LIMIT, NO_VALUE, Integers, Rounding

_Function = TypeVar("_Function", bound=Callable[..., object])


SOURCES: Final = (
    "alike.py",
    "arithmetic.py",
    "digest.py",
    "entries.py",
    "rows.py",
    "rules.py",
    "runs.py",
    "shares.py",
    "sift.py",
    "strips.py",
    "tables.py",
    "weights.py",
)
"""The files that are compiled together."""
_OPTIONS: Final = {
    "nogil": True,
    "error_model": "numpy",
    "_nrt": False,  # numba's reference counting would cost ten times the rules
    "no_cfunc_wrapper": True,
}
_WITHIN: Final = {**_OPTIONS, "no_cpython_wrapper": True}
"""Functions that only compiled ones call: unpacking their arguments for Python would take half the compiler's time."""


def integer(function: _Function) -> _Function:
    """Compile a function of integers that allocates nothing, into each place that calls it."""
    return cast("_Function", njit(**_WITHIN, forceinline=True)(function))  # type: ignore[call-overload]


def part(function: _Function) -> _Function:
    """Compile a function once for all that call it: for loops over many cells, where a call costs nothing."""
    return cast("_Function", njit(**_WITHIN)(function))  # type: ignore[call-overload]


def inner(function: _Function) -> _Function:
    """Compile a function as part of the only one that calls it, and not by itself too."""
    return cast("_Function", njit(**_WITHIN, inline="always")(function))  # type: ignore[call-overload]


def entry(function: _Function) -> _Function:
    """Compile a function that Python calls; it releases the GIL and is kept on disk for the next program.

    numba renews what it keeps when the function's own file changes. The name that it is kept under carries a
    digest of all files compiled with it, so that old rules are not run after a change in another of them.
    """
    text = b"".join((Path(__file__).parent / name).read_bytes() for name in SOURCES)
    function.__qualname__ += f"-{sha256(text).hexdigest()[:16]}"
    return cast("_Function", njit(**_OPTIONS, cache=True)(function))  # type: ignore[call-overload]


def plain(function: _Function) -> _Function:
    """Return a compiled function as Python runs it, for integers of any size."""
    return cast("_Function", function.py_func)  # type: ignore[attr-defined]


@integer
def gcd(a: int, b: int) -> int:
    """Return the greatest common divisor of two numbers that are not negative."""
    while b:
        a, b = b, a % b
    return a


@integer
def carry(quotient: int, rest: int, by: int, rounding: int) -> int:
    """Return what rounding adds to a quotient that leaves a rest of 0 to `by` - 1."""
    other = by - rest
    if rounding == Rounding.DOWN or rest < other:
        return 0
    if rest == other and rounding == Rounding.HALF_EVEN:
        return quotient & 1
    return 1


@integer
def divide(number: int, by: int) -> int:
    """Return number / by, rounded half up; `by` is above 0."""
    quotient = number // by
    return quotient + carry(quotient, number - quotient * by, by, Rounding.HALF_UP)


@integer
def nearest(number: int, near: float, by: int, rounding: int) -> int:
    """Return number / by, rounded; `near` is the number as a float, which may have lost all but 50 of its bits.

    The quotient is guessed and the guess's rest says by how much it is wrong. A quotient is below 2^50, so the guess
    is wrong by 1 at most; then the rest is within 64 bits even where the number, taken modulo 2^64, is not.
    """
    quotient = floor(near / by)
    rest = number - quotient * by
    wrong = (rest >= by) - (rest < 0)
    quotient, rest = quotient + wrong, rest - wrong * by
    return quotient + carry(quotient, rest, by, rounding)


@integer
def largest(numbers: Integers) -> int:
    """Return the largest magnitude."""
    top = 0
    for i in range(len(numbers)):
        top = max(top, abs(numbers[i]))
    return top


@integer
def sort(items: Integers, n: int, major: Integers, minor: Integers) -> None:
    """Sort the first n items by (major[item], minor[item]); one pass if they are in order already."""
    gap = 1
    while gap < n // 3:
        gap = 3 * gap + 1
    while gap:
        for i in range(gap, n):
            item, j = items[i], i
            while j >= gap:
                other = items[j - gap]
                if major[other] < major[item] or (major[other] == major[item] and minor[other] <= minor[item]):
                    break
                items[j] = other
                j -= gap
            items[j] = item
        gap //= 3


@integer
def restate(value: int, possible: int, to_max: int) -> int:
    """Return value x to_max / possible, rounded half up; NO_VALUE if it would leave 64 bits."""
    common = gcd(to_max, possible)
    times, by = to_max // common, possible // common
    if abs(value) > LIMIT // times:
        return NO_VALUE
    return divide(value * times, by)
