"""What every answer carries, and how a long answer is cut into pages."""

import base64
import binascii
import re
from typing import Annotated, Any, Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from domain.kernel.envelope import OccurredAt
from domain.kernel.errors import Invalid

Connection = AsyncConnection[DictRow]
"""A connection of the pool inside one read-only transaction; rows are dictionaries."""
PAGE_MAX: Final = 500
"""Most entries of one page."""
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _beginning(value: object) -> object:
    """Return the beginning of a day, UTC, for a bare day."""
    return f"{value}T00:00:00Z" if isinstance(value, str) and _DAY.fullmatch(value) else value


Time = Annotated[OccurredAt, BeforeValidator(_beginning, json_schema_input_type=str)]
"""A time that is asked about: ISO 8601 with an offset from UTC; a bare day is its beginning in UTC."""

Word = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A word that is looked for; of no control characters, which no text in the database has."""


class Part(BaseModel):
    """A frozen piece of an answer."""

    model_config = ConfigDict(frozen=True)


class Asked(BaseModel):
    """What a question says after the `?`; words that it does not know are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Moment(Asked):
    """When the answer shall be true; absent: now."""

    as_of: Time | None = None


class Page(Asked):
    """Which part of a long answer: so many entries, after those of the page before."""

    after: str | None = Field(None, description="The `next` of the page before.")
    limit: int = Field(50, ge=1, le=PAGE_MAX)


class Answer(Part):
    """An answer and the place in the log that it is true at."""

    position: int = 0
    """The last event that the answer has seen; also the header `X-Projection-Position`."""
    lag_events: int = 0
    """Events recorded since, that the answer has not seen."""
    lag_seconds: float = 0
    """How long ago the oldest of them was recorded; 0 if there is none."""
    stale: bool = False
    """The answer lacks events up to `Min-Position`, or of its learner, who is parked in the projector."""


def cursor_of(position: int) -> str:
    """Return the opaque cursor of the page that follows an entry."""
    return _opaque(f"before:{position}")


def position_of(cursor: str) -> int:
    """Return the position behind a cursor.

    Raises:
        Invalid: malformed.
    """
    number = _open(cursor, "before")
    if not number.isdecimal():
        raise Invalid("malformed", f"cursor {cursor} is not one of ours")
    return int(number)


def cursor_after(kind: str, learner_id: str, competency_id: str) -> str:
    """Return the opaque cursor of the page that follows a cell; `kind` says of what list."""
    return _opaque(f"{kind}:{learner_id} {competency_id}")


def cell_of(kind: str, cursor: str) -> tuple[str, str]:
    """Return learner and competency of the cell behind a cursor.

    Raises:
        Invalid: malformed.
    """
    learner_id, _, competency_id = _open(cursor, kind).partition(" ")
    return learner_id, competency_id


def _opaque(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _open(cursor: str, kind: str) -> str:
    try:
        word, _, text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(":")
        if word == kind and "\0" not in text:
            return text
    except (binascii.Error, ValueError):
        pass
    raise Invalid("malformed", f"cursor {cursor} is not one of ours")


async def rows(connection: Connection, query: str, values: dict[str, Any]) -> list[DictRow]:
    """Return all rows of a query of ours."""
    cursor = await connection.execute(query.encode(), values)
    return await cursor.fetchall()
