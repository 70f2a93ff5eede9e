"""The envelope of every event: who acted, in what role and authority, why, from which source."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from domain.kernel.errors import Invalid
from domain.kernel.ids import ActorId, Code
from domain.kernel.privacy import Personal, Plain

FUTURE_TOLERANCE: Final = timedelta(minutes=5)
"""How far after our clock an occurrence may lie: clocks of source systems differ."""
EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9998, 12, 31, tzinfo=UTC)
"""What lies outside is a slip of a source system; of the first and last years not every program can read a time."""


class Role(StrEnum):
    """What a person or program is when acting."""

    LEARNER = "learner"
    GUARDIAN = "guardian"
    TEACHER = "teacher"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    SERVICE = "service"
    SYSTEM = "system"


class Part(BaseModel):
    """A frozen value inside a command, an event or an envelope; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Actor(Part):
    """Who acts."""

    id: ActorId
    role: Plain[Role]


class Authority(Part):
    """What entitles the actor: a role, a delegation, a form."""

    basis: Plain[Code]
    ref: Plain[Annotated[str, Field(max_length=200)] | None] = None


class Reason(Part):
    """Why: a code of the district's list, a text in the actor's words, or both."""

    code: Plain[Code | None] = None
    text: Personal[Annotated[str, Field(max_length=2000)] | None] = None

    def is_given(self) -> bool:
        """Say whether the reason says anything."""
        return bool((self.code and self.code.strip()) or (self.text and self.text.strip()))


class Source(Part):
    """Where the observation came from: a system, its batch and the row in it."""

    system: Plain[Code]
    batch: Plain[Annotated[str, Field(max_length=255)] | None] = None
    row: Plain[Annotated[int, Field(ge=0, lt=2**63)] | None] = None


class Meta(Part):
    """The envelope words stored with each event; position, stream and both clocks have columns of their own."""

    actor: Actor
    on_behalf_of: ActorId | None = None
    authority: Authority | None = None
    reason: Reason | None = None
    source: Source | None = None
    correlation_id: Plain[str | None] = None
    causation_id: Plain[str | None] = None
    idempotency_key: Plain[str | None] = None


def _on_calendar(day: str) -> str:
    if not EARLIEST.date() <= date.fromisoformat(day) <= LATEST.date():
        raise Invalid("malformed", f"day {day} lies outside {EARLIEST.year}..{LATEST.year}")
    return day


Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_on_calendar)]
"""A calendar day, ISO 8601: 2026-06-30."""
Text = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]
"""Words of a person that say something."""


def _zoned(value: object) -> object:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise Invalid("malformed", f"time {value!r} is not an ISO 8601 date and time") from error
    if not isinstance(value, datetime):
        raise Invalid("malformed", f"time {value!r} is not an ISO 8601 date and time")
    if value.utcoffset() is None:
        raise Invalid("occurred-without-zone", f"time {value.isoformat()} has no offset from UTC")
    if not EARLIEST <= value <= LATEST:
        raise Invalid("malformed", f"time {value.isoformat()} lies outside {EARLIEST.year}..{LATEST.year}")
    return value


OccurredAt = Annotated[datetime, BeforeValidator(_zoned, json_schema_input_type=str)]
"""When something was true in the world, as the client says: ISO 8601 with an offset from UTC."""


class Command(Part):
    """An intent that may be refused. What every command may carry besides its own fields.

    `occurred_at` absent means: now. The other words become part of the envelope; only a service may say
    on whose behalf it acts.
    """

    occurred_at: OccurredAt | None = None
    reason: Reason | None = None
    authority: Authority | None = None
    on_behalf_of: ActorId | None = None
    source: Source | None = None

    def require_reason(self, act: str) -> None:
        """Refuse an act without a reason.

        Raises:
            Invalid: reason-required.
        """
        if self.reason is None or not self.reason.is_given():
            raise Invalid("reason-required", f"{act} needs a reason")


def check_occurred(occurred_at: datetime, now: datetime) -> datetime:
    """Return the time of occurrence, if it does not lie in the future.

    Raises:
        Invalid: occurred-in-future.
    """
    if occurred_at > now + FUTURE_TOLERANCE:
        raise Invalid("occurred-in-future", f"time {occurred_at.isoformat()} lies in the future", now=now.isoformat())
    return occurred_at
