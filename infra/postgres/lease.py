"""A lease: a session lock of the database, so that one live runner of a name works and others stand by.

The database drops it with the session: a killed runner frees it at once.
"""

import threading
from typing import Any, Final

import psycopg
import structlog

LOCK_CLASS: Final = 7701
"""First key of our advisory locks for leases; the second is a hash of the purpose."""
TAKE: Final = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
JOIN: Final = "SELECT pg_try_advisory_lock_shared(%s, hashtext(%s))"
RELEASE: Final = "SELECT pg_advisory_unlock(%s, hashtext(%s))"
log = structlog.get_logger()


def take(connection: psycopg.Connection[Any], purpose: str, *, shared: bool = False) -> bool:
    """Take the lease, if nobody has it, or with others who share it; it lasts as long as the connection."""
    return _say(connection, JOIN if shared else TAKE, purpose)


def wait(
    connection: psycopg.Connection[Any],
    purpose: str,
    stop: threading.Event,
    poll_s: float,
    *,
    shared: bool = False,
    **who: str,
) -> bool:
    """Wait for the lease, looking every `poll_s`; say if it was got before the stop. The log says `who` stands by."""
    standby = False
    while not take(connection, purpose, shared=shared):
        if not standby:
            log.info("standing by", **who)
            standby = True
        if stop.wait(poll_s):
            return False
    return True


def give_back(connection: psycopg.Connection[Any], purpose: str) -> None:
    """Let somebody else take the lease."""
    _say(connection, RELEASE, purpose)


def _say(connection: psycopg.Connection[Any], query: str, purpose: str) -> bool:
    row = connection.execute(query.encode(), (LOCK_CLASS, purpose)).fetchone()
    assert row is not None
    return bool(row[0])
