"""Sums, and means whose weights come from time or from a curve: plain integers of any size, one cell at a time."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from domain.kernel.scores import MICRO
from domain.mastery.arranged import Piece
from domain.mastery.tables import WHOLE

GRID: Final = 10**12
"""Real numbers are held as integers in parts of this."""
EXACT: Final = Context(prec=40, rounding=ROUND_HALF_UP)
"""Decimal logarithms and powers are correctly rounded, so they are the same on every machine."""
HALF_WHOLE: Final = 2**30
"""Weights by half-life are parts of this."""
DAY_US: Final = 86_400_000_000


class Folded(NamedTuple):
    """A value as an exact quotient of micro-units, and the weight of each piece where it is a mean of them."""

    number: int
    by: int = 1
    weights: tuple[int, ...] | None = None


def nearest(number: int, by: int) -> int:
    """Return number / by, rounded half up; `by` is above 0."""
    return (2 * number + by) // (2 * by)


def on_grid(number: Decimal) -> int:
    """Return a real number as an integer in parts of GRID."""
    return int((number * GRID).to_integral_value(ROUND_HALF_UP))


def logarithm(number: int, by: int = 1) -> int:
    """Return ln(number / by) on the grid."""
    return on_grid(EXACT.ln(EXACT.divide(Decimal(number), Decimal(by))))


def power(exponent: int) -> int:
    """Return e to an exponent on the grid, on the grid."""
    return on_grid(EXACT.exp(EXACT.divide(Decimal(exponent), Decimal(GRID))))


def weighted(pieces: Sequence[Piece], weights: Sequence[int], by: int | None = None) -> Folded:
    """Return sum(weight x value) / `by`, the sum of the weights where it is not given."""
    number = sum(weight * piece.value for weight, piece in zip(weights, pieces, strict=True))
    return Folded(number, sum(weights) if by is None else by, tuple(weights))


def total(pieces: Sequence[Piece]) -> Folded:
    """Return the weighted sum; the weights are parts of a million."""
    return weighted(pieces, [piece.weight for piece in pieces], MICRO)


def with_extra_credit(pieces: Sequence[Piece]) -> Folded:
    """Return the mean of the pieces without weight, plus the others by theirs; the weights are parts of a million."""
    ordinary = sum(piece.weight == 0 for piece in pieces)
    return weighted(pieces, [piece.weight or MICRO for piece in pieces], MICRO * max(ordinary, 1))


@lru_cache(maxsize=1)
def _halves() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return 2^-(i/1024) and 2^-(i/2^20) for i below 1024, in parts of HALF_WHOLE."""
    coarse, fine = (
        tuple(int((HALF_WHOLE * Decimal(2) ** (Decimal(-i) / steps)).to_integral_value()) for i in range(1024))
        for steps in (2**10, 2**20)
    )
    return coarse, fine


def half_life_weight(age_us: int, half_life_us: int) -> int:
    """Return 2^-(age / half-life) in parts of HALF_WHOLE; ages are cut to 2^-20 of a half-life."""
    coarse, fine = _halves()
    halvings, rest = divmod(age_us, half_life_us)
    part = rest * 2**20 // half_life_us
    return (coarse[part >> 10] * fine[part & 1023] >> 30) >> min(halvings, 64)


def half_life(pieces: Sequence[Piece], days: int) -> Folded:
    """Return the mean by age before the youngest; a score without a time weighs nothing beside one with a time."""
    times = [piece.at_us for piece in pieces if piece.at_us is not None]
    if not times:
        return weighted(pieces, [1] * len(pieces))
    newest, span = max(times), days * DAY_US
    ages = [None if piece.at_us is None else newest - piece.at_us for piece in pieces]
    return weighted(pieces, [0 if age is None else half_life_weight(age, span) for age in ages])


@lru_cache(maxsize=256)
def _curve(n: int) -> tuple[int, ...]:
    """Return the weight of each of n logarithms in the fitted line's last point, in parts of WHOLE.

    The line of least squares over x = ln(1 ... n) says at x_n: the sum of y_k x (1/n + (x_n - m)(x_k - m) / S).
    """
    x = [logarithm(k) for k in range(1, n + 1)]
    off = [n * one - sum(x) for one in x]
    spread = sum(one * one for one in off)
    return tuple(nearest(WHOLE * (spread + n * off[-1] * one), n * spread) for one in off)


@lru_cache(maxsize=100_000)
def _log_of_score(micro: int) -> int:
    return logarithm(micro, MICRO)


def power_law(pieces: Sequence[Piece], fewest: int, floor: int) -> Folded:
    """Return the fitted power curve at the last piece; the mean of fewer than `fewest`."""
    n = len(pieces)
    if n < max(fewest, 2):
        return weighted(pieces, [1] * n)
    weights = _curve(n)
    logs = [_log_of_score(max(piece.value, floor)) for piece in pieces]
    exponent = nearest(sum(w * y for w, y in zip(weights, logs, strict=True)), sum(weights))
    return Folded(power(exponent) * MICRO, GRID, weights)
