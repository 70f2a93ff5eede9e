"""The shape of a decider's test: `spec.given(events).when(command).then(events)`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import pytest

from domain.kernel.errors import LedgerError
from domain.kernel.event import Event

S = TypeVar("S")
C = TypeVar("C")
E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class Spec(Generic[S, C, E]):
    """A decider under test.

    Args:
        initial: the state before the first event.
        evolve: the decider's fold.
        decide: the decider's rule, its facts already given: `lambda state, command: decide(state, command, CATALOGUE)`.
    """

    initial: S
    evolve: Callable[[S, E], S]
    decide: Callable[[S, C], Iterable[E]]

    def given(self, *events: E) -> "_Given[S, C, E]":
        """Start from the state that these events lead to."""
        state = self.initial
        for event in events:
            state = self.evolve(state, event)
        return _Given(self, state)


@dataclass(frozen=True)
class _Given(Generic[S, C, E]):
    spec: Spec[S, C, E]
    state: S

    def when(self, command: C) -> "_When[S, C, E]":
        """Put a command to the decider."""
        return _When(self.spec, self.state, command)


@dataclass(frozen=True)
class _When(Generic[S, C, E]):
    spec: Spec[S, C, E]
    state: S
    command: C

    def decided(self) -> Sequence[E]:
        """Return what the decider decides."""
        return list(self.spec.decide(self.state, self.command))

    def then(self, *events: E) -> None:
        """Expect exactly these events."""
        assert self.decided() == list(events)

    def refused(self, rule: str, fault: str | None = None) -> None:
        """Expect a refusal by this rule, with this text where it is given."""
        with pytest.raises(LedgerError) as refusal:
            self.decided()
        assert refusal.value.rule == rule
        if fault is not None:
            assert str(refusal.value) == fault
