"""The rules of webhooks. Stream: `webhook-<webhook_id>`. Source: Standard Webhooks 1.0."""

from dataclasses import dataclass, replace
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
    WebhookSecretRotated,
)

URL_PATTERN: Final = r"^(https://[^\s/?#@\\]+|http://(localhost|127\.0\.0\.1)(:\d{1,5})?)([/?][\x21-\x7e]*)?$"
"""https; plain http on this machine only, where the courier is set to send there, for development."""
OVERLAP_HOURS_MAX: Final = 30 * 24
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


class RotateWebhookSecret(Command):
    """Sign with a new secret, and for some hours with the one before too, so that the receiver can change over.

    With 0 hours the secret before signs nothing any more: for one that others have seen.
    """

    webhook_id: WebhookId
    overlap_hours: Annotated[int, Field(ge=0, le=OVERLAP_HOURS_MAX)] = 24


WebhookCommand = RegisterWebhook | PauseWebhook | ResumeWebhook | RemoveWebhook | ResendEvents | RotateWebhookSecret


class Sending(Enum):
    """Whether a webhook is sent to."""

    UNKNOWN = auto()
    ACTIVE = auto()
    PAUSED = auto()
    REMOVED = auto()


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook, and the number of the secret that signs."""

    sending: Sending = Sending.UNKNOWN
    secret_number: int = 1


INITIAL: Final = Webhook()


def stream_of(webhook_id: WebhookId) -> str:
    """Return the name of the stream of a webhook."""
    return f"webhook-{webhook_id}"


def evolve(state: Webhook, event: WebhookEvent) -> Webhook:
    """Return the state after an event."""
    match event:
        case WebhookRegistered() | WebhookResumed():
            return replace(state, sending=Sending.ACTIVE)
        case WebhookPaused():
            return replace(state, sending=Sending.PAUSED)
        case WebhookRemoved():
            return replace(state, sending=Sending.REMOVED)
        case WebhookSecretRotated(secret_number=number):
            return replace(state, secret_number=number)
        case WebhookResendAsked():
            return state
        case _:
            assert_never(event)


def decide(state: Webhook, command: WebhookCommand) -> list[WebhookEvent]:
    """Return what a command makes happen: nothing where all that it asks for holds.

    Raises:
        Refused: webhook-exists.
        Unknown: webhook-unknown.
        Invalid: malformed, for positions in the wrong order.
    """
    if isinstance(command, RegisterWebhook):
        if state.sending is not Sending.UNKNOWN:
            raise Refused("webhook-exists", f"webhook {command.webhook_id} has been registered")
        return [WebhookRegistered(webhook_id=command.webhook_id, url=command.url, types=command.types)]
    if state.sending in {Sending.UNKNOWN, Sending.REMOVED}:
        raise Unknown("webhook-unknown", f"webhook {command.webhook_id} is not registered")
    match command:
        case PauseWebhook(webhook_id=webhook_id):
            return [] if state.sending is Sending.PAUSED else [WebhookPaused(webhook_id=webhook_id)]
        case ResumeWebhook(webhook_id=webhook_id):
            return [WebhookResumed(webhook_id=webhook_id)]
        case RemoveWebhook(webhook_id=webhook_id):
            return [WebhookRemoved(webhook_id=webhook_id)]
        case RotateWebhookSecret(webhook_id=webhook_id, overlap_hours=hours):
            number = state.secret_number + 1
            return [WebhookSecretRotated(webhook_id=webhook_id, secret_number=number, overlap_hours=hours)]
        case ResendEvents(webhook_id=webhook_id, first_position=first, last_position=last):
            if first > last:
                raise Invalid("malformed", f"first position {first} is after the last, {last}")
            return [WebhookResendAsked(webhook_id=webhook_id, first_position=first, last_position=last)]
        case _:
            assert_never(command)
