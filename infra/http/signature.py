"""Signed messages to webhooks: the secret of each webhook, and the headers by which a receiver believes a message.

A secret is kept nowhere: it follows from the installation's key, the webhook's id and how often it was rotated.
Source: Standard Webhooks 1.0.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from infra.http.auth import installation_key
from infra.settings import WebhookKeySettings

PREFIX: Final = "whsec_"
SecretOf = Callable[[str, int], str]
"""From a webhook's id and the number of a secret, from 1, to the secret: `whsec_` and 32 bytes in base64."""


def secrets_of(settings: WebhookKeySettings, data_dir: Path) -> SecretOf:
    """Return the secrets of an installation's webhooks.

    Raises:
        Misconfigured: a data folder that can't be used.
    """
    key = settings.webhook_key.get_secret_value() if settings.webhook_key else installation_key(data_dir, "webhook.key")

    def secret_of(webhook_id: str, number: int) -> str:
        name = f"webhook {webhook_id}" if number == 1 else f"webhook {webhook_id} {number}"
        made = hmac.digest(key.encode(), name.encode(), hashlib.sha256)
        return PREFIX + base64.b64encode(made).decode()

    return secret_of


def signed_headers(secrets: Iterable[str], message_id: str, time_s: int, body: bytes) -> dict[str, str]:
    """Return the headers of a message that is sent at a time (seconds since 1970), signed with each secret."""
    signed = f"{message_id}.{time_s}.".encode() + body
    digests = [hmac.digest(base64.b64decode(one.removeprefix(PREFIX)), signed, hashlib.sha256) for one in secrets]
    signatures = " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
    return {"webhook-id": message_id, "webhook-timestamp": str(time_s), "webhook-signature": signatures}
