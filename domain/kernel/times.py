"""Times as cells and epochs have them: whole microseconds since 1970 UTC."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(time: datetime) -> int:
    """Return a time in microseconds since 1970 UTC, exactly."""
    passed = time - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def time_of(clock_us: int) -> datetime:
    """Return the time that lies so many microseconds after 1970 UTC."""
    return _EPOCH + timedelta(microseconds=clock_us)
