"""Score values: exact decimals, held as integers in micro-units (1.0 = 1,000,000)."""

import re
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from domain.kernel.errors import Invalid

MICRO: Final = 1_000_000
"""Micro-units in one unit of score."""
_DECIMAL: Final = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?", re.ASCII)


def to_micro(value: object) -> int:
    """Return a score value in micro-units, exactly.

    Accepts an integer, a `Decimal`, a JSON number or text in ASCII digits: at most 9 digits and 6 places.

    Raises:
        Invalid: score-not-a-number, for anything else: booleans, NaN, infinities, other scripts' digits.
    """
    text = "" if isinstance(value, bool) else _plain_text(value)
    if not _DECIMAL.fullmatch(text):
        raise Invalid("score-not-a-number", f"score {value!r:.60} is not a decimal of at most 9 digits and 6 places")
    return int(Decimal(text) * MICRO) if "." in text else int(text) * MICRO


def _plain_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal) and value.is_finite():
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return ""


def from_micro(micro: int) -> str:
    """Return the shortest decimal text of a value in micro-units: 3500000 -> "3.5"."""
    sign, whole, part = "-" if micro < 0 else "", abs(micro) // MICRO, abs(micro) % MICRO
    return f"{sign}{whole}" + (f".{part:06d}".rstrip("0") if part else "")


ScoreMicro = Annotated[int, Field(strict=True, ge=-(10**15), le=10**15)]
"""A stored score value in micro-units."""
ScoreInput = Annotated[int, BeforeValidator(to_micro, json_schema_input_type=str | float)]
"""A score value as people write it ("3.5", 3.5, 3), read into micro-units."""
