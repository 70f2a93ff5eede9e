"""What the domain is given from outside: new ids and the time."""

import secrets
import time
from datetime import UTC, datetime
from uuid import UUID

_COUNTER_BITS = 61
"""One less than there are: the other half of the range is left to count in."""
_COUNTER_MASK = (1 << _COUNTER_BITS) - 1


class _Sequence:
    """UUIDs of version 7: the millisecond, then random bits that count up while the millisecond lasts.

    Source: RFC 9562, section 6.2, method 2. Threads that share it still get different values almost surely, but in
    no order.
    """

    def __init__(self) -> None:
        self._millisecond = 0
        self._value = 0

    def next_int(self) -> int:
        """Return the next UUID as an integer."""
        now = time.time_ns() // 1_000_000
        if now > self._millisecond:
            self._millisecond = now
            random = secrets.randbits(_COUNTER_BITS + 12)  # one call: each asks the system
            high, low = random >> _COUNTER_BITS, random & _COUNTER_MASK
            self._value = now << 80 | 7 << 76 | high << 64 | 2 << 62 | low
        else:
            self._value += 1
        return self._value


_sequence = _Sequence()


def uuid7() -> UUID:
    """Return a new UUID of version 7; those of one process increase."""
    return UUID(int=_sequence.next_int())


def uuid7_hex() -> str:
    """Return a new UUID of version 7 as 32 hexadecimal digits; half the cost of `uuid7`."""
    return f"{_sequence.next_int():032x}"


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)
