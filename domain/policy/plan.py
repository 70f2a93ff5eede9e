"""What the publications on record will do: which policies come into force and end on dates that lie ahead."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from domain.kernel.times import microseconds
from domain.policy.document import parse_policy
from domain.policy.events import PolicyDrafted, PolicyPublished, ScopedPolicy
from domain.policy.rulings import Rulings
from domain.policy.timeline import Epoch, Timeline


class Change(NamedTuple):
    """A policy comes into force at a time, or ends then; `draft` is the revision."""

    at: datetime
    scoped: ScopedPolicy
    draft: PolicyDrafted | None


def plan(
    awaited: Mapping[PolicyPublished, PolicyDrafted], in_force: Iterable[PolicyPublished], now: datetime
) -> list[Change]:
    """Return what happens after now if nobody acts, in order: what waits begins at once or on its day."""
    begins = [Change(max(one.effective_from or now, now), one.scoped, draft) for one, draft in awaited.items()]
    dates = [(one.effective_to, one.scoped) for one in (*in_force, *awaited)]
    ends = [Change(at, scoped, None) for at, scoped in dates if at is not None and at > now]
    return sorted((*ends, *begins), key=lambda change: change.at)


def with_plan(timeline: Timeline, changes: Iterable[Change], head: int) -> Timeline:
    """Return the timeline with more epochs, as if the changes were on record, at positions after the head."""
    for position, change in enumerate(changes, head + 1):
        last, recorded_us = timeline.epochs[-1], microseconds(change.at)
        if change.draft is not None:
            document = parse_policy(change.draft.document)
            begun = timeline.with_draft(position, change.scoped, document, change.draft.locked).epochs[-1]
            epoch = begun._replace(recorded_us=recorded_us)
        else:
            epoch = _without(last, change.scoped)._replace(position=position, recorded_us=recorded_us)
        timeline = Timeline([*timeline.epochs, epoch], timeline.editions, timeline.ticks)
    return timeline


def _without(epoch: Epoch, scoped: ScopedPolicy) -> Epoch:
    standings = tuple(one for one in epoch.rulings.standings if one.scoped != scoped)
    policies = tuple(one for one in epoch.policies if one != scoped)
    return epoch._replace(policies=policies, rulings=Rulings(standings, epoch.rulings.subtrees), is_switch=True)


def stretch_of(timeline: Timeline, number: int, scoped: ScopedPolicy) -> tuple[Epoch, Epoch | None]:
    """Return the epochs with which a policy came into force, and in which it was no more (None: it still is).

    It is in force in the epoch of the number given.
    """
    first = number
    while first > 0 and scoped in timeline.epochs[first - 1].policies:
        first -= 1
    later = timeline.epochs[number + 1 :]
    return timeline.epochs[first], next((one for one in later if scoped not in one.policies), None)
