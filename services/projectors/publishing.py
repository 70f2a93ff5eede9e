"""Publishing a policy: its levels are made beside the live ones, then an event puts it in force.

Runs beside the mastery runner, on a connection of its own. When the runner meets the event, it brings the new levels
up to date and switches. A kill at any point is made good: what is pending follows from the log.
"""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import psycopg
import structlog

from domain.kernel.envelope import Actor, Meta, Role
from domain.kernel.errors import Conflict, Unavailable
from domain.kernel.ids import ActorId
from domain.policy.events import PolicyActivated, PolicyPublished
from infra.postgres.event_store import Append, BlockingEventStore, blocking_event_store
from schemas.canonical import canonical_model
from schemas.registry import decode
from services.projectors import generations, ledger
from services.projectors.mastery import NAME, PREPARED, policies_text, prepare
from services.projectors.mastery_states import Judge
from services.projectors.policies import Epoch, load_timeline, with_policy
from services.projectors.retiring import retire_next

POLL_S: Final = 1.0
"""How long a missed notification can go unseen."""
RETRY_S: Final = 10.0
"""A publication that fails is tried again, so that a repaired cause needs no restart; the log says why."""
LISTEN: Final = "LISTEN policy_published"
PENDING: Final = """
    SELECT position, data::text FROM ledger.event AS published
    WHERE type = 'policy.published.v1' AND learner_id IS NULL AND position <= %s
        AND coalesce((data->>'effective_from')::timestamptz <= now(), true)
        AND NOT EXISTS (
            SELECT FROM ledger.event AS settled
            WHERE settled.type IN ('policy.activated.v1', 'policy.retired.v1', 'policy.published.v1')
                AND settled.learner_id IS NULL AND settled.stream = published.stream
                AND settled.position > published.position AND settled.data->>'awaits' IS DISTINCT FROM 'true'
        )
    ORDER BY position LIMIT 1
"""
SYSTEM: Final = Actor(id=ActorId("mastery-projector"), role=Role.SYSTEM)
log = structlog.get_logger()


class Pending(NamedTuple):
    """A policy version that is to be put in force, and where it was published."""

    position: int
    event: PolicyPublished


def pending_of(position: int, data: str) -> Pending:
    """Return what a row of `PENDING` says."""
    event = decode(PolicyPublished.type, data)
    assert isinstance(event, PolicyPublished)
    return Pending(position, event)


def run(conninfo: str, stop: threading.Event, cells: Path | None) -> None:
    """Put published policies in force until `stop` is set, by the cell shards in `cells`; survives restarts."""
    while not stop.is_set():
        try:
            with ledger.connect(conninfo) as connection:
                connection.execute(LISTEN)
                while not stop.is_set():
                    if not (retire_next(connection, conninfo) or publish_next(connection, conninfo, cells)):
                        for _ in connection.notifies(timeout=POLL_S, stop_after=1):
                            pass
        except (psycopg.OperationalError, Unavailable):
            stop.wait(POLL_S)
        except Exception:
            log.exception("publication failed", retry_s=RETRY_S)
            stop.wait(RETRY_S)


def publish_next(connection: psycopg.Connection[Any], conninfo: str, cells: Path | None = None) -> bool:
    """Make the levels of the first pending policy and append its activation; say whether there was one.

    A policy waits while the live levels have not come to the last switch in the log: its set is built upon that. If
    another switch comes first (see `activate`), the policy is still pending at the next call.
    """
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        live = generations.live(connection, NAME)
        row = connection.execute(PENDING, (live.position,)).fetchone()
        if row is None or live.generation is None:
            return False
        published, timeline = pending_of(*row), load_timeline(connection)
        current = timeline.epochs[-1]
        if current.position > live.position:
            return False
        timeline = with_policy(connection, timeline, live.position, published.event.scoped)
        epoch, grown = timeline.epochs[-1], timeline.regrown(live.position)
        found = connection.execute(PREPARED, (live.facts_generation, policies_text(epoch), grown)).fetchone()
        if found is None:
            prepare(connection, Judge(), (timeline, live.position), live.place, cells)
    with blocking_event_store(conninfo) as store:
        activate(connection, store, published, current, epoch)
    return True


def activate(
    connection: psycopg.Connection[Any], store: BlockingEventStore, published: Pending, current: Epoch, epoch: Epoch
) -> None:
    """Append the activation that makes `epoch` of the epoch `current`, once for each publication.

    If the policy was touched meanwhile, or `current` is no longer the last epoch, nothing is appended: an activation
    must not undo a rollback that came first. The publication stays pending, and is put in force upon what it meets.
    """
    policy_id, version_published = published.event.policy_id, published.event.version
    event = PolicyActivated(policy_id=policy_id, version=version_published, policies=epoch.policies)
    stream, key = f"policy-{policy_id}", f"mastery-projector:activate-{published.position}"
    meta = Meta(actor=SYSTEM, causation_id=str(published.position), idempotency_key=key)
    version = store.load(stream).version
    if load_timeline(connection).epochs[-1].position != current.position:
        return
    try:
        receipt = store.append(Append(stream, version, [event], datetime.now(UTC), meta, canonical_model(event)))
    except Conflict as conflict:
        log.info("not activated", policy=policy_id, fault=str(conflict))
    else:
        log.info("activated", policy=policy_id, position=receipt.last_position)
