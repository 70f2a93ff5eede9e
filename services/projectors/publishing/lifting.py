"""Judgements that were recorded until a day: when it is over, an event lifts them."""

from datetime import UTC, date, datetime
from functools import reduce
from typing import Any, Final, cast

import psycopg
import structlog

from domain.framework.catalogue import EMPTY
from domain.kernel.envelope import Actor, Meta, Reason, Role
from domain.kernel.errors import Conflict
from domain.kernel.ids import ActorId, CompetencyId, LearnerId
from domain.mastery.decider import INITIAL, Judged, LiftJudgement, decide, evolve, stream_of
from domain.mastery.events import JudgementEvent
from infra.postgres.event_store import Append, BlockingEventStore, blocking_event_store
from schemas.canonical import canonical_model

EXPIRED: Final = """
    SELECT learner_id, competency_id, judgement_id, expires_on FROM read_model.judgement
    WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
        AND lifted_position IS NULL AND expires_on < (now() AT TIME ZONE 'UTC')::date
    ORDER BY position LIMIT 1000
"""
"""Judgements in force whose last day is over, as far as the read model knows; so many are lifted at a time."""
SYSTEM: Final = Actor(id=ActorId("mastery-projector"), role=Role.SYSTEM)
log = structlog.get_logger()


def lift_next(connection: psycopg.Connection[Any], conninfo: str) -> bool:
    """Lift the judgements whose last day is over; say whether there were any."""
    expired = connection.execute(EXPIRED).fetchall()
    if not expired:
        return False
    with blocking_event_store(conninfo) as store:
        lifted = [_lift(store, *row) for row in expired]
    return any(lifted)


def _lift(store: BlockingEventStore, learner: str, competency: str, judgement_id: str, expires_on: date) -> bool:
    """Lift a judgement, unless that has happened or happens now."""
    reason = Reason(code="expired", text=f"was recorded until {expires_on}")
    lift = LiftJudgement(learner_id=LearnerId(learner), competency_id=CompetencyId(competency), reason=reason)
    stream = stream_of(lift.learner_id, lift.competency_id)
    history = store.load(stream)
    standing = reduce(evolve, cast("list[JudgementEvent]", [one.event for one in history.events]), INITIAL)
    if not isinstance(standing, Judged) or standing.judgement_id != judgement_id:
        return False
    events = decide(standing, lift, EMPTY)
    meta = Meta(actor=SYSTEM, reason=reason, idempotency_key=f"mastery-projector:lift-{judgement_id}")
    append = Append(stream, history.version, events, datetime.now(UTC), meta, canonical_model(events[0]))
    try:
        store.append(append)
    except Conflict as conflict:
        log.info("not lifted", judgement=judgement_id, fault=str(conflict))
        return False
    log.info("lifted", judgement=judgement_id)
    return True
