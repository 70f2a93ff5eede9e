"""What changed of a level since a time, and whether the work or the rule changed it."""

from datetime import datetime

from domain.kernel.errors import Invalid
from domain.kernel.scores import from_micro
from domain.mastery.cause import CauseKind
from services.query_api.answers import Connection, Part
from services.query_api.level_history import LevelChange, read_changes
from services.query_api.levels.learner_cells import View
from services.query_api.levels.learner_levels import CellLevel
from services.query_api.levels.one_level import Target, read_level


class Stand(Part):
    """A level and its value (decimal text), and the policy that decides on it."""

    level: str | None
    value: str | None
    policy_id: str
    policy: str
    version: str


class Alone(Part):
    """What each would have done alone, where both the policy and what it looks at are others than then."""

    rule: Stand
    """The scores and judgements of then under the policy of now."""
    work: Stand
    """The scores and judgements of now under the policy of then."""


class WhatChanged(Part):
    """A level then and now, each change in between in order, and what changed the level."""

    since: datetime
    then: Stand
    now: Stand
    changed_by: tuple[CauseKind, ...]
    """What changed the level (not only its value), each kind once, in order."""
    changes: tuple[LevelChange, ...]
    alone: Alone | None


def require_now(view: View) -> None:
    """Refuse to compare another time with anything but now.

    Raises:
        Invalid: malformed.
    """
    if view != View():
        raise Invalid("malformed", "since compares with now: it goes with no as_of, known_at or policy")


async def read_what_changed(
    connection: Connection, learner_id: str, target: Target, since: datetime, now: CellLevel
) -> WhatChanged:
    """Return what changed of a level since the ledger was as at `since`."""
    history = await read_changes(connection, learner_id, target)
    changes = tuple(change for change in history if change.at > since)
    earlier = [change for change in history if change.at <= since]
    old = View(known_at=since)
    then = (await read_level(connection, learner_id, target, old, since)).level
    stood = earlier[-1] if earlier else None
    update = {"level": stood.after_level, "value": stood.after_value} if stood else {"level": None, "value": None}
    alone = None
    if _rule(then) != _rule(now) and _work(then) != _work(now):
        by_rule = (await read_level(connection, learner_id, target, old)).level
        by_work = (await read_level(connection, learner_id, target, View(), since)).level
        alone = Alone(rule=_stand(by_rule), work=_stand(by_work))
    return WhatChanged(
        since=since,
        then=_stand(then).model_copy(update=update),
        now=_stand(now),
        changed_by=tuple(dict.fromkeys(change.cause.kind for change in changes if change.is_of_level)),
        changes=changes,
        alone=alone,
    )


def _stand(level: CellLevel) -> Stand:
    return Stand(
        level=level.effective,
        value=None if level.value is None else from_micro(level.value),
        policy_id=level.ruling.policy_id,
        policy=level.ruling.document.name,
        version=level.ruling.version,
    )


def _rule(level: CellLevel) -> tuple[str, int]:
    return level.ruling.version, level.ruling.since


def _work(level: CellLevel) -> tuple[set[int], str | None]:
    return {score.position for score in level.scores}, level.judged
