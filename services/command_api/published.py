"""The facts that deciders are given: what is published, kept in memory and brought up to date from the log."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Self, get_args

from domain.framework.catalogue import EMPTY, Catalogue
from domain.framework.events import FrameworkEvent
from domain.kernel.event import Event
from domain.policy.events import SWITCHES, PolicyEvent, PolicySwitch
from domain.policy.succession import Succession
from infra.postgres.event_store import EventStore, Guard

FRESH_S: Final = 1.0
"""How long facts are taken for current, where an older state could be forgiven."""
_PAGE: Final = 1_000
_TYPES: Final = frozenset(event.type for family in (FrameworkEvent, PolicyEvent) for event in get_args(family))


@dataclass(frozen=True, slots=True)
class Facts:
    """What is published, and which policies are in force, up to a position."""

    catalogue: Catalogue = EMPTY
    succession: Succession = field(default_factory=Succession)
    position: int = 0
    switched_at: int = 0
    """Where the policies in force came into force."""

    def guard(self, events: Sequence[Event]) -> Guard | None:
        """Return what holds off events that put a policy set in force if another set came meanwhile."""
        if any(isinstance(event, PolicySwitch) for event in events):
            return Guard(SWITCHES, self.position)
        return None

    def evolve(self, event: Event) -> Self:
        """Return the facts after an event of any family."""
        if isinstance(event, FrameworkEvent):
            return replace(self, catalogue=self.catalogue.evolve(event))
        if isinstance(event, PolicyEvent):
            return replace(self, succession=self.succession.evolve(event))
        return self


class Published:
    """The facts of a ledger."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._facts = Facts()
        self._read_at_s = float("-inf")
        self._turn = asyncio.Lock()

    async def facts(self, *, at_once: bool = False) -> Facts:
        """Return the facts, at most `FRESH_S` old, or as they are `at_once`."""
        asked_at_s = time.monotonic()
        if asked_at_s - self._read_at_s > (0 if at_once else FRESH_S):
            async with self._turn:
                if self._read_at_s < asked_at_s:
                    await self._read()
        return self._facts

    async def _read(self) -> None:
        started_s = time.monotonic()
        while page := await self._store.read(self._facts.position, _PAGE, _TYPES):
            for recorded in page:
                facts = replace(self._facts.evolve(recorded.event), position=recorded.position)
                if isinstance(recorded.event, PolicySwitch):
                    facts = replace(facts, switched_at=recorded.position)
                self._facts = facts
        self._read_at_s = started_s
