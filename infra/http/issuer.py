"""The public keys that a token issuer publishes at an address (JWKS, RFC 7517), renewed while the program runs."""

import threading
from typing import Final

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from domain.kernel.errors import Misconfigured

RENEW_S: Final = 300.0
"""How long keys are taken for current; issuers announce a new key days before they sign with it."""
REST_S: Final = 10.0
"""Least time between two looks, however many tokens name an unknown key."""
TIMEOUT_S: Final = 5.0


def fetch_keys(url: str) -> KeySet:
    """Return the keys that an issuer publishes.

    Raises:
        Misconfigured: configuration, the address does not answer with a key set.
    """
    try:
        answer = httpx.get(url, timeout=TIMEOUT_S).raise_for_status()
        return KeySet.import_key_set(answer.json())
    except (httpx.HTTPError, ValueError, TypeError, KeyError, JoseError) as error:
        raise Misconfigured("configuration", f"key set can't be read: {error}", url=url) from error


class Issuer:
    """A token issuer whose keys change. `keys` is another object only when they are other keys.

    A thread looks for new keys every `RENEW_S` seconds, and soon after a token that was in `doubt`; where the issuer
    does not answer, the keys that are known stay.
    """

    def __init__(self, url: str, keys: KeySet) -> None:
        self.keys = keys
        self._url = url
        self._in_doubt = threading.Event()
        threading.Thread(target=self._renew, name="token-issuer", daemon=True).start()

    def doubt(self) -> None:
        """Have the keys looked at again: a token was signed with none of them."""
        self._in_doubt.set()

    def _renew(self) -> None:
        rest = threading.Event()
        while True:
            self._in_doubt.wait(RENEW_S)
            self._in_doubt.clear()
            try:
                keys = fetch_keys(self._url)
            except Misconfigured as error:
                structlog.get_logger().warning("keys_not_renewed", url=self._url, fault=str(error))
            else:
                if keys.as_dict() != self.keys.as_dict():
                    self.keys = keys
                    structlog.get_logger().info("keys_renewed", url=self._url, keys=len(keys.keys))
            rest.wait(REST_S)
