"""Facts about webhooks: an address that events are sent to. Its secret is in no event."""

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from domain.kernel.event import Event
from domain.kernel.ids import WebhookId
from domain.kernel.privacy import Personal, Plain

EventType = Annotated[str, StringConstraints(pattern=r"^[a-z_.0-9]{1,100}$")]


class WebhookRegistered(Event):
    """Events recorded from now on are sent to an address: those of some types, or of all if none is named.

    The address may hold a token of the receiver's, so it does not leave with the stream.
    """

    type: ClassVar[str] = "webhook.registered.v1"
    webhook_id: WebhookId
    url: Personal[str]
    types: Plain[tuple[EventType, ...]] = ()


class WebhookPaused(Event):
    """Nothing is sent for now; what is recorded meanwhile is sent later."""

    type: ClassVar[str] = "webhook.paused.v1"
    webhook_id: WebhookId


class WebhookResumed(Event):
    """Sending goes on where it stood, at once."""

    type: ClassVar[str] = "webhook.resumed.v1"
    webhook_id: WebhookId


class WebhookRemoved(Event):
    """Nothing is sent to the address any more."""

    type: ClassVar[str] = "webhook.removed.v1"
    webhook_id: WebhookId


class WebhookResendAsked(Event):
    """The events of these positions, first and last included, shall be sent again, as far as they are of its types."""

    type: ClassVar[str] = "webhook.resend_asked.v1"
    webhook_id: WebhookId
    first_position: Plain[int]
    last_position: Plain[int]


class WebhookSecretRotated(Event):
    """Messages are signed with secret number `secret_number`, and for some hours with the one before too.

    The first secret is number 1. The hours count from when this was recorded; where there are none, the secret before
    is believed no more.
    """

    type: ClassVar[str] = "webhook.secret_rotated.v1"
    webhook_id: WebhookId
    secret_number: Plain[int]
    overlap_hours: Plain[int]


WebhookEvent = (
    WebhookRegistered | WebhookPaused | WebhookResumed | WebhookRemoved | WebhookResendAsked | WebhookSecretRotated
)
