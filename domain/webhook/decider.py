"""The rules of webhooks. Stream: `webhook-<webhook_id>`. Source: Standard Webhooks 1.0."""

from enum import Enum, auto
from typing import Annotated, Final, assert_never

from pydantic import Field, StringConstraints

from domain.kernel.envelope import Command
from domain.kernel.errors import Invalid, Refused, Unknown
from domain.kernel.ids import WebhookId
from domain.webhook.events import (
    EventType,
    WebhookEvent,
    WebhookPaused,
    WebhookRegistered,
    WebhookRemoved,
    WebhookResendAsked,
    WebhookResumed,
)

URL_PATTERN: Final = r"^(https://[^\s/?#@\\]+|http://(localhost|127\.0\.0\.1)(:\d{1,5})?)([/?][\x21-\x7e]*)?$"
"""https; plain http on this machine only, where the deliverer is set to send there, for development."""
Position = Annotated[int, Field(ge=1, lt=2**63)]


class RegisterWebhook(Command):
    """Have the events that are recorded from now on sent to an address: of some types, or of all if none is named."""

    webhook_id: WebhookId
    url: Annotated[str, StringConstraints(pattern=URL_PATTERN, max_length=2_000)]
    types: Annotated[tuple[EventType, ...], Field(max_length=100)] = ()


class PauseWebhook(Command):
    """Send nothing for now; what is recorded meanwhile is sent later."""

    webhook_id: WebhookId


class ResumeWebhook(Command):
    """Send on at once: after a pause, after the receiver said that it is gone, or instead of the next attempt."""

    webhook_id: WebhookId


class RemoveWebhook(Command):
    """Send nothing to the address any more."""

    webhook_id: WebhookId


class ResendEvents(Command):
    """Send the events of these positions again, first and last included."""

    webhook_id: WebhookId
    first_position: Position
    last_position: Position


WebhookCommand = RegisterWebhook | PauseWebhook | ResumeWebhook | RemoveWebhook | ResendEvents


class State(Enum):
    """What a webhook is."""

    UNKNOWN = auto()
    ACTIVE = auto()
    PAUSED = auto()
    REMOVED = auto()


INITIAL: Final = State.UNKNOWN


def evolve(state: State, event: WebhookEvent) -> State:
    """Return the state after an event."""
    match event:
        case WebhookRegistered() | WebhookResumed():
            return State.ACTIVE
        case WebhookPaused():
            return State.PAUSED
        case WebhookRemoved():
            return State.REMOVED
        case WebhookResendAsked():
            return state
        case _:
            assert_never(event)


def decide(state: State, command: WebhookCommand) -> list[WebhookEvent]:
    """Return what a command makes happen: nothing where all that it asks for holds.

    Raises:
        Refused: webhook-exists.
        Unknown: webhook-unknown.
        Invalid: malformed, for positions in the wrong order.
    """
    if isinstance(command, RegisterWebhook):
        if state is not State.UNKNOWN:
            raise Refused("webhook-exists", f"webhook {command.webhook_id} has been registered")
        return [WebhookRegistered(webhook_id=command.webhook_id, url=command.url, types=command.types)]
    if state is State.UNKNOWN or state is State.REMOVED:
        raise Unknown("webhook-unknown", f"webhook {command.webhook_id} is not registered")
    match command:
        case PauseWebhook(webhook_id=webhook_id):
            return [] if state is State.PAUSED else [WebhookPaused(webhook_id=webhook_id)]
        case ResumeWebhook(webhook_id=webhook_id):
            return [WebhookResumed(webhook_id=webhook_id)]
        case RemoveWebhook(webhook_id=webhook_id):
            return [WebhookRemoved(webhook_id=webhook_id)]
        case ResendEvents(webhook_id=webhook_id, first_position=first, last_position=last):
            if first > last:
                raise Invalid("malformed", f"first position {first} is after the last, {last}")
            return [WebhookResendAsked(webhook_id=webhook_id, first_position=first, last_position=last)]
        case _:
            assert_never(command)
