"""The trail: events as a reader of the audit meets them, newest first, in pages."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from domain.kernel.envelope import Authority, Source
from domain.kernel.ids import ActorId, CompetencyId, LearnerId
from services.query_api.answers import Answer, Connection, Page, Part, Time, Word, cursor_of, position_of, rows
from services.query_api.known import Name, require_known, require_type

SELECT: Final = """
    SELECT event.position, event.event_id, event.type, event.stream, event.version, event.learner_id,
           event.occurred_at, event.recorded_at, event.meta, event.data,
           audit.subject_id, audit.competency_ids, audit.actor_id, audit.actor_role,
           audit.reason_code, audit.reason_text, audit.before, audit.after
      FROM read_model.audit_event AS audit
      JOIN ledger.event AS event ON event.position = audit.position
      {about}
     WHERE audit.generation = (SELECT generation FROM read_model.live WHERE projector = 'audit_trail')
"""
ABOUT: Final = """
      JOIN read_model.audit_competency AS about
        ON about.generation = audit.generation AND about.position = audit.position
"""
NEWEST: Final = " ORDER BY event.position DESC LIMIT %(limit)s"
FIRST_AT: Final = """coalesce(
    (SELECT later.position
       FROM read_model.audit_event AS later
      WHERE later.generation = (SELECT generation FROM read_model.live WHERE projector = 'audit_trail')
        AND later.recorded_at >= {time}
      ORDER BY later.recorded_at, later.position
      LIMIT 1), 9223372036854775807)"""
"""The first position recorded at a time or later: times of recording never decrease along the log."""
FILTERS: Final = {
    "learner": "event.learner_id = %(learner)s",
    "actor": "audit.actor_id = %(actor)s",
    "type": "audit.type = %(type)s",
    "competency": "about.competency_id = %(competency)s",
    "reason": "audit.reason_code = %(reason)s",
    "since": f"audit.position >= {FIRST_AT.format(time='%(since)s')}",
    "until": f"audit.position < {FIRST_AT.format(time='%(until)s')}",
    "first_position": "audit.position >= %(first_position)s",
    "last_position": "audit.position <= %(last_position)s",
    "before": "audit.position < %(before)s",
}


class Search(Page):
    """What is searched for; all of it has to be there. Times are those of recording, from inclusive, to exclusive."""

    learner: LearnerId | None = None
    actor: ActorId | None = None
    type: Word | None = None
    competency: CompetencyId | None = None
    reason: Word | None = Field(None, description="A reason's code, or what a pathway change was because of.")
    since: Time | None = Field(None, alias="from")
    until: Time | None = Field(None, alias="to")
    first_position: int | None = None
    last_position: int | None = None


class TrailEntry(Part):
    """One event: who, in what role and for whom; what; whom about; when; why; before and after; from where."""

    position: int
    event_id: UUID
    type: str
    stream: str
    version: int
    subject_id: str | None
    learner_id: str | None
    competency_ids: tuple[str, ...] | None
    actor_id: str
    actor_role: str
    on_behalf_of: str | None
    authority: Authority | None
    reason_code: str | None
    reason_text: str | None
    before: str | None
    after: str | None
    source: Source | None
    occurred_at: datetime
    recorded_at: datetime
    data: dict[str, Any]
    """The event itself, as it was stored."""


class TrailPage(Answer):
    """A page of the trail; `next` is the cursor of the page after it, absent on the last one."""

    entries: tuple[TrailEntry, ...]
    next: str | None


async def read_trail(connection: Connection, search: Search) -> TrailPage:
    """Return a page of the events that have all that is searched for.

    Raises:
        Invalid: malformed, for a cursor that is not ours, or a type that no event has.
        Unknown: learner-unknown, competency-unknown.
    """
    require_type(search.type)
    await require_known(connection, Name.LEARNER, search.learner)
    await require_known(connection, Name.COMPETENCY, search.competency)
    values = search.model_dump(exclude={"after", "limit"}, exclude_none=True)
    if search.after is not None:
        values["before"] = position_of(search.after)
    select = SELECT.format(about=ABOUT if search.competency is not None else "")
    query = " AND ".join([select, *(FILTERS[name] for name in values)]) + NEWEST
    found = await read_entries(connection, query, {**values, "limit": search.limit + 1})
    page = found[: search.limit]
    more = len(found) > search.limit
    return TrailPage(entries=tuple(page), next=cursor_of(page[-1].position) if more else None)


async def read_entries(connection: Connection, query: str, values: dict[str, Any]) -> list[TrailEntry]:
    """Return the entries of a query that begins with SELECT."""
    found = await rows(connection, query, values)
    envelopes = [row.pop("meta") for row in found]
    words = ("on_behalf_of", "authority", "source")
    return [
        TrailEntry(**row, **{word: envelope.get(word) for word in words})
        for row, envelope in zip(found, envelopes, strict=True)
    ]
