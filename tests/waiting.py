"""Waiting for what another thread, process or machine does."""

import time
from collections.abc import Callable

TIMEOUT_S = 60


def until(holds: Callable[[], object], what: object = "it", poll_s: float = 0.02) -> None:
    """Wait until something holds; a failure names `what` did not happen."""
    given_up_at = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < given_up_at, f"{what} did not happen in {TIMEOUT_S} s"
        time.sleep(poll_s)
