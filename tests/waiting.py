"""Waiting for what another thread, process or machine does."""

import time
from collections.abc import Callable
from typing import Any

import psycopg

TIMEOUT_S = 60


def until(holds: Callable[[], object], what: object = "it", poll_s: float = 0.02) -> None:
    """Wait until something holds; a failure names `what` did not happen."""
    given_up_at = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < given_up_at, f"{what} did not happen in {TIMEOUT_S} s"
        time.sleep(poll_s)


def wait_for_lock(connection: psycopg.Connection[Any]) -> None:
    """Wait until somebody waits for a table that is locked."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    until(lambda: connection.execute(waiting).fetchone() != (0,), "coming to the locked table")
