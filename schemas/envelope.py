"""An event with its envelope: as proposed for the log, and as recorded in it."""

from datetime import datetime
from typing import Generic, NamedTuple
from uuid import UUID

from domain.kernel.envelope import Meta
from domain.kernel.event import E, Event


class Recorded(NamedTuple, Generic[E]):
    """A fact in the log.

    `position` is the place in the whole log, `version` the place in the stream, both from 1; `occurred_at` is
    when it was true in the world, `recorded_at` when the ledger stored it. The envelope stays as it was stored until
    somebody asks for it: a decision needs the events alone.
    """

    position: int
    stream: str
    version: int
    event_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    meta_json: str
    event: E

    @property
    def meta(self) -> Meta:
        """The envelope."""
        return Meta.model_validate_json(self.meta_json)


def learner_of(event: Event) -> str | None:
    """Return the learner that an event is about, if it is about one."""
    learner_id: str | None = getattr(event, "learner_id", None)
    return learner_id
