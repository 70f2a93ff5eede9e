"""The review list: official acts whose basis a later rule, changed evidence or passed time does not give any more."""

from domain.kernel.ids import LearnerId
from domain.mastery.cause import CauseKind
from domain.progression.review import Change
from infra.postgres.reviews import read_open_reviews
from services.query_api.answers import Answer, Connection, Page, Part, cursor_of, position_of
from services.query_api.known import Name, require_known
from services.query_api.official_acts import OfficialAct, read_acts


class ReviewSearch(Page):
    """Whose reviews are asked for; absent: all."""

    learner: LearnerId | None = None


class Lost(Part):
    """What took the basis away for one competency, by which event, and the level since."""

    competency_id: str
    why: CauseKind
    cause_position: int
    event_type: str | None
    """What happened to the work, the judgement or the time; null where the rule changed."""
    level_then: str | None
    level_after: str | None
    policy_version: str


class Review(Part):
    """An act that waits for a person to uphold or revoke it; until then it counts."""

    act: OfficialAct
    lost: tuple[Lost, ...]


class ReviewList(Answer):
    """The open reviews, the newest act first; `next` is the cursor of the page after it, absent on the last one."""

    reviews: tuple[Review, ...]
    next: str | None


async def read_reviews(connection: Connection, search: ReviewSearch) -> ReviewList:
    """Return a page of the open reviews.

    Raises:
        Unknown: learner-unknown.
        Invalid: malformed, for a cursor that is not ours.
    """
    await require_known(connection, Name.LEARNER, search.learner)
    before = 2**63 - 1 if search.after is None else position_of(search.after)
    found = await read_open_reviews(connection, search.limit + 1, before=before, learner_id=search.learner)
    page = found[: search.limit]
    acts = await read_acts(connection, [review.act_id for review in page])
    return ReviewList(
        reviews=tuple(Review(act=acts[one.act_id], lost=_lost(acts[one.act_id], one.losses)) for one in page),
        next=cursor_of(page[-1].position) if len(found) > search.limit else None,
    )


def _lost(act: OfficialAct, losses: dict[str, Change]) -> tuple[Lost, ...]:
    then = {one.competency_id: one.level for one in act.rests_on}
    return tuple(
        Lost(
            competency_id=competency_id,
            why=change.why,
            cause_position=change.position,
            event_type=change.event_type,
            level_then=then[competency_id],
            level_after=change.level,
            policy_version=change.policy_version,
        )
        for competency_id, change in losses.items()
    )
