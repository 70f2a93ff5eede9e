"""The policy sets in force along the log: which policy decided on a cell at which position."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.kernel.errors import Unknown
from domain.policy.document import PolicyDocument
from domain.policy.events import PolicyActivated, PolicyRolledBack, PolicySwitch, ScopedPolicy, joined
from domain.policy.relations import Tree
from domain.policy.rulings import NO_TIME, Rulings, Standing, subtree


class Switch(NamedTuple):
    """An event that put another policy set in force."""

    position: int
    recorded_us: int
    event: PolicySwitch


class Draft(NamedTuple):
    """A revision of a policy as it was drafted."""

    position: int
    policy_id: str
    version: str
    document: PolicyDocument
    locked: tuple[str, ...] = ()


class Edition(NamedTuple):
    """A stretch of the log with the same competency trees: all published by `position`, until the next edition."""

    position: int
    recorded_us: int
    tree: Tree


class Tick(NamedTuple):
    """A day that has begun, and when: what is no longer valid then is looked at anew."""

    position: int
    recorded_us: int
    at_us: int


class Epoch(NamedTuple):
    """A stretch of the log with one policy set: from `position` on, until the next epoch.

    It begins with a switch, or with an edition that changes a subtree which a policy is scoped to.
    """

    position: int
    recorded_us: int
    policies: tuple[ScopedPolicy, ...]
    rulings: Rulings
    is_switch: bool = True


BEGINNING: Final = Epoch(0, 0, (), Rulings())


class Timeline:
    """All epochs of the log, in order; the first one has the built-in policies. Editions and ticks go beside them."""

    def __init__(
        self, epochs: Sequence[Epoch] = (BEGINNING,), editions: Sequence[Edition] = (), ticks: Sequence[Tick] = ()
    ) -> None:
        self.epochs = epochs
        self.editions = editions
        self.ticks = ticks
        self._starts = [epoch.position for epoch in epochs]

    @property
    def switches(self) -> list[int]:
        """The positions at which a policy set came into force."""
        return [epoch.position for epoch in self.epochs[1:] if epoch.is_switch]

    def at(self, position: int) -> Epoch:
        """Return the epoch that a position lies in."""
        return self.epochs[bisect_right(self._starts, position) - 1]

    def is_still(self, first: int, last: int) -> bool:
        """Say whether no epoch, edition or day begins after one position and up to another."""
        starts = [*self._starts, *(one.position for one in self.editions), *(one.position for one in self.ticks)]
        return not any(first < start <= last for start in starts)

    def clock(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return for each position when the last day before it began, or NO_TIME."""
        starts = np.array([tick.position for tick in self.ticks], np.int64)
        times = np.array([NO_TIME, *(tick.at_us for tick in self.ticks)], np.int64)
        return times[np.searchsorted(starts, at, "right")]

    def before(self, number: int) -> "Timeline":
        """Return the timeline as it would go on had the epoch of a number, and those after it, never begun."""
        return Timeline(self.epochs[:number], self.editions, self.ticks)

    def until(self, time_us: int) -> "Timeline":
        """Return the timeline as it was at a time, in microseconds since 1970 UTC."""
        epochs = [epoch for epoch in self.epochs if epoch.recorded_us <= time_us]
        editions = [edition for edition in self.editions if edition.recorded_us <= time_us]
        return Timeline(epochs, editions, [tick for tick in self.ticks if tick.recorded_us <= time_us])

    def regrown(self, position: int) -> int:
        """Return where the last edition lies that the policies in force at a position depend on; 0 if none does."""
        if not self.at(position).rulings.subtrees:
            return 0
        return max((edition.position for edition in self.editions if edition.position <= position), default=0)

    def with_draft(
        self, position: int, scoped: ScopedPolicy, document: PolicyDocument, locked: tuple[str, ...] = ()
    ) -> "Timeline":
        """Return the timeline as it would go on if a policy came into force right after a position.

        The states at that position are then those that a switch would make of the facts up to there.
        """
        earlier = [epoch for epoch in self.epochs if epoch.position <= position]
        current = earlier[-1]
        known = {one.scoped: one for one in current.rulings.standings}
        known[scoped] = Standing(scoped, document, locked, position, len(earlier), _last_switch(earlier))
        policies = joined(current.policies, scoped)
        rulings = _rulings([known[one] for one in policies], _tree_at(self.editions, position))
        drafted = Epoch(position, current.recorded_us, policies, rulings)
        return Timeline([*earlier, drafted], self.editions, self.ticks)


def timeline_of(
    switches: Iterable[Switch], drafts: Sequence[Draft], editions: Sequence[Edition] = (), ticks: Sequence[Tick] = ()
) -> Timeline:
    """Return the timeline of a log, given its switches and editions in order, and the drafts of their policies.

    Raises:
        Unknown: policy-version-unknown, if a policy of a set was never drafted.
    """
    epochs, sets = [BEGINNING], _Sets(drafts)
    tree: Tree = {}
    changes: list[Switch | Edition] = [*switches, *editions]
    changes.sort(key=lambda change: change.position)
    for change in changes:
        last = epochs[-1]
        if isinstance(change, Switch):
            standings = sets.after(change, len(epochs), _last_switch(epochs))
            rulings = _rulings(standings, tree)
            epochs.append(Epoch(change.position, change.recorded_us, change.event.policies, rulings))
            continue
        tree = change.tree
        rulings = _rulings(last.rulings.standings, tree)
        if rulings.subtrees != last.rulings.subtrees:
            epochs.append(Epoch(change.position, change.recorded_us, last.policies, rulings, is_switch=False))
    return Timeline(epochs, editions, ticks)


class _Sets:
    """Follows the switches: what stands keeps its beginning, and what comes back by a rollback gets it back."""

    def __init__(self, drafts: Sequence[Draft]) -> None:
        self._drafts = drafts
        self._standings: tuple[Standing, ...] = ()
        self._stack: list[tuple[Standing, ...]] = []
        self._ever: dict[ScopedPolicy, Standing] = {}

    def after(self, switch: Switch, epoch: int, upon: int) -> tuple[Standing, ...]:
        """Return what stands after a switch, with which the epoch of a number begins."""
        event = switch.event
        known = self._ever | {one.scoped: one for one in self._standings}
        if isinstance(event, PolicyRolledBack):
            del self._stack[-1:]
            known |= {one.scoped: one for one in (self._stack[-1] if self._stack else ())}
        if isinstance(event, PolicyActivated):
            known.pop(_activated(event), None)
        self._standings = tuple(
            known[one] if one in known else self._begun(one, switch.position, epoch, upon) for one in event.policies
        )
        if not isinstance(event, PolicyRolledBack):
            self._stack.append(self._standings)
        self._ever |= {one.scoped: one for one in self._standings}
        return self._standings

    def _begun(self, scoped: ScopedPolicy, position: int, epoch: int, upon: int) -> Standing:
        draft = draft_of([draft for draft in self._drafts if draft.position < position] or self._drafts, scoped)
        return Standing(scoped, draft.document, draft.locked, position, epoch, upon)


def draft_of(drafts: Sequence[Draft], scoped: ScopedPolicy) -> Draft:
    """Return the last draft of a policy's version, or else of the same version by another name.

    Raises:
        Unknown: policy-version-unknown.
    """
    of_version = [draft for draft in drafts if draft.version == scoped.version]
    if not of_version:
        fault = f"version {scoped.version} is not drafted"
        raise Unknown("policy-version-unknown", fault, policy=scoped.policy_id)
    return ([draft for draft in of_version if draft.policy_id == scoped.policy_id] or of_version)[-1]


def _activated(event: PolicyActivated) -> ScopedPolicy:
    """Return the policy of the set that the event is about: the last one of its version."""
    named = [one for one in event.policies if (one.policy_id, one.version) == (event.policy_id, event.version)]
    return (named or list(event.policies))[-1]


def _rulings(standings: Sequence[Standing], tree: Tree) -> Rulings:
    """Return the rulings of what stands, with the subtrees that it is scoped to."""
    tops = {one.scoped.competency_id for one in standings if one.scoped.competency_id is not None}
    return Rulings(tuple(standings), {top: subtree(top, tree) for top in tops})


def _tree_at(editions: Sequence[Edition], position: int) -> Tree:
    return next((edition.tree for edition in reversed(editions) if edition.position <= position), {})


def _last_switch(epochs: Sequence[Epoch]) -> int:
    return max(epoch.position for epoch in epochs if epoch.is_switch)
