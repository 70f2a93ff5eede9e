"""Notices: each level that a switch of policies changed, once; for systems that tell learners and families."""

from datetime import datetime
from typing import Final

from pydantic import Field

from services.query_api.answers import PAGE_MAX, Answer, Asked, Connection, Part, rows

NOTICES: Final = """
    SELECT notice_id, switch_position, learner_id, competency_id, before_level, after_level, policy_version,
           hold_harmless, issued_at
      FROM read_model.notice
     WHERE notice_id > %(after)s AND (%(learner_id)s::text IS NULL OR learner_id = %(learner_id)s)
     ORDER BY notice_id
     LIMIT %(limit)s
"""


class NoticePage(Asked):
    """Which notices: so many of those issued after one."""

    after: int = Field(0, ge=0, description="The `next` of the page before; it never skips a notice.")
    limit: int = Field(PAGE_MAX, ge=1, le=PAGE_MAX)


class Notice(Part):
    """A learner's level that a switch of policies changed; a level is null where there is none.

    `hold_harmless` is the mode of the policy that it changed under: with `lower_with_notice` this is that notice.
    """

    notice_id: int
    switch_position: int
    learner_id: str
    competency_id: str
    before_level: str | None
    after_level: str | None
    policy_version: str
    hold_harmless: str | None
    issued_at: datetime


class Notices(Answer):
    """Notices in the order of their issue; ask again with `next` for later ones, which may come at any time."""

    notices: tuple[Notice, ...]
    next: int


async def read_notices(connection: Connection, page: NoticePage, learner_id: str | None = None) -> Notices:
    """Return the notices after one: of all learners, or of one."""
    found = await rows(connection, NOTICES, {**page.model_dump(), "learner_id": learner_id})
    notices = tuple(Notice(**row) for row in found)
    return Notices(notices=notices, next=notices[-1].notice_id if notices else page.after)
