"""Policies that were published until a date: when it has come, an event ends them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from typing import Any, Final, cast

import psycopg
import structlog

from domain.kernel.envelope import Actor, Meta, Reason, Role
from domain.kernel.errors import Conflict
from domain.kernel.ids import ActorId
from domain.policy.decider import INITIAL, Drafted, evolve, stream_of
from domain.policy.events import SWITCHES, PolicyEvent, PolicyPublished, PolicyRetired
from infra.postgres.event_store import Append, BlockingEventStore, Guard, blocking_event_store
from schemas.canonical import canonical_model
from schemas.registry import decode
from services.projectors.policies import Epoch, load_timeline

OVER: Final = """
    SELECT position, data::text FROM ledger.event AS published
    WHERE type = 'policy.published.v1' AND learner_id IS NULL AND (data->>'effective_to')::timestamptz <= now()
        AND NOT EXISTS (
            SELECT FROM ledger.event AS later
            WHERE later.learner_id IS NULL AND later.stream = published.stream AND later.position > published.position
                AND (later.type = 'policy.retired.v1'
                    OR later.type = 'policy.published.v1' AND later.data->>'version' = published.data->>'version')
        )
    ORDER BY position
"""
"""Publications whose time is over, and that nobody ended or renewed since."""
SYSTEM: Final = Actor(id=ActorId("mastery-projector"), role=Role.SYSTEM)
log = structlog.get_logger()


def retire_next(connection: psycopg.Connection[Any], conninfo: str) -> bool:
    """Retire the first policy in force whose time is over; say whether there was one."""
    over = connection.execute(OVER).fetchall()
    if not over:
        return False
    current = load_timeline(connection).epochs[-1]
    for position, data in over:
        published = decode(PolicyPublished.type, data)
        assert isinstance(published, PolicyPublished)
        if published.scoped in current.policies:
            with blocking_event_store(conninfo) as store:
                return _retire(store, (position, published), current)
    return False


def _retire(store: BlockingEventStore, over: tuple[int, PolicyPublished], current: Epoch) -> bool:
    """Append the retirement, once for each publication, unless the policy or the set in force was touched meanwhile."""
    position, published = over
    stream = stream_of(published.policy_id)
    history = store.load(stream)
    policy = reduce(evolve, cast("Sequence[PolicyEvent]", [one.event for one in history.events]), INITIAL)
    event = PolicyRetired(
        policy_id=published.policy_id,
        version=published.version,
        policies=tuple(one for one in current.policies if one != published.scoped),
        awaits=isinstance(policy, Drafted) and policy.awaited is not None,
    )
    assert published.effective_to is not None
    meta = Meta(
        actor=SYSTEM,
        reason=Reason(code="effective-to", text=f"was published until {published.effective_to.isoformat()}"),
        causation_id=str(position),
        idempotency_key=f"mastery-projector:retire-{position}",
    )
    guard = Guard(SWITCHES, current.position)
    append = Append(stream, history.version, [event], datetime.now(UTC), meta, canonical_model(event), guard)
    try:
        receipt = store.append(append)
    except Conflict as conflict:
        log.info("not retired", policy=published.policy_id, fault=str(conflict))
        return False
    log.info("retired", policy=published.policy_id, position=receipt.last_position)
    return True
