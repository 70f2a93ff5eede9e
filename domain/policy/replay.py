"""The rules of a replay: the making of a publication's levels, which a person may pause, resume or cancel.

A replay is pending from its publication until its policy is activated or retired, published anew, cancelled, or
refused. Its events lie in the stream of its policy.
"""

from dataclasses import dataclass
from typing import Final, assert_never

from domain.kernel.envelope import Command
from domain.kernel.errors import Refused
from domain.kernel.ids import PolicyId
from domain.policy.events import (
    PolicyActivated,
    PolicyApproved,
    PolicyDrafted,
    PolicyEvent,
    PolicyPublished,
    PolicyRetired,
    PolicyRolledBack,
    PolicySimulated,
    ReplayCancelled,
    ReplayPaused,
    ReplayRefused,
    ReplayResumed,
    ReplayStep,
)


class PauseReplay(Command):
    """Have the levels of a publication made no further for now."""

    policy_id: PolicyId


class ResumeReplay(Command):
    """Have the levels of a publication made further."""

    policy_id: PolicyId


class CancelReplay(Command):
    """Have a publication come to nothing."""

    policy_id: PolicyId


ReplayCommand = PauseReplay | ResumeReplay | CancelReplay


@dataclass(frozen=True, slots=True)
class Idle:
    """No publication of the policy is awaited."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A publication is awaited; its levels are made, or are not for now."""

    published: PolicyPublished
    is_paused: bool = False


Replay = Idle | Pending
INITIAL: Final[Replay] = Idle()


def evolve(state: Replay, event: PolicyEvent) -> Replay:
    """Return the state after an event of the policy's stream."""
    match event:
        case PolicyPublished():
            return Pending(event)
        case PolicyRetired() if event.awaits:
            return state
        case PolicyActivated() | PolicyRetired() | ReplayCancelled() | ReplayRefused():
            return Idle()
        case ReplayPaused() | ReplayResumed():
            return Pending(state.published, isinstance(event, ReplayPaused)) if isinstance(state, Pending) else state
        case PolicyDrafted() | PolicySimulated() | PolicyApproved() | PolicyRolledBack():
            return state
        case _:
            assert_never(event)


def decide(state: Replay, command: ReplayCommand) -> list[ReplayStep]:
    """Return what a command makes happen; to pause what is paused, or to resume what goes on, changes nothing.

    Raises:
        Invalid: reason-required.
        Refused: replay-not-pending.
    """
    if isinstance(state, Idle):
        raise Refused("replay-not-pending", f"policy {command.policy_id} awaits no replay")
    command.require_reason("a step of a replay")
    names = {"policy_id": command.policy_id, "version": state.published.version}
    match command:
        case PauseReplay():
            return [] if state.is_paused else [ReplayPaused(**names)]
        case ResumeReplay():
            return [ReplayResumed(**names)] if state.is_paused else []
        case CancelReplay():
            return [ReplayCancelled(**names)]
        case _:
            assert_never(command)
