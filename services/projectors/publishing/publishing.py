"""Publishing a policy: its levels are made beside the live ones, then an event puts it in force.

Runs beside the mastery runner, on a connection of its own. When the runner meets the event, it brings the new levels
up to date and switches. A kill at any point is made good: what is pending follows from the log, how far it is from the
table of replays.
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
from domain.policy.decider import stream_of
from domain.policy.events import SWITCHES, PolicyActivated, PolicyPublished, PolicyRetired, ReplayRefused
from infra.postgres import lease
from infra.postgres.event_store import Append, BlockingEventStore, Guard, blocking_event_store
from schemas.canonical import canonical_model
from schemas.registry import decode
from services.projectors import generations, ledger
from services.projectors.mastery import NAME
from services.projectors.policies import Epoch, load_timeline
from services.projectors.publishing import replays
from services.projectors.publishing.calendar import begin_day
from services.projectors.publishing.lifting import lift_next
from services.projectors.publishing.replaying import Publication, Replay, Scene, discard
from services.projectors.publishing.retiring import retire_next

POLL_S: Final = 1.0
"""How long a missed notification can go unseen, and a time that has come."""
RETRY_S: Final = 10.0
"""A publication that fails is tried again, so that a repaired cause needs no restart; the log says why."""
LISTEN: Final = "LISTEN policy_published"
SETTLING: Final = (
    PolicyActivated.type,
    PolicyRetired.type,
    PolicyPublished.type,
    "policy.replay_cancelled.v1",
    ReplayRefused.type,
)
"""After one of these in its stream a publication is pending no more."""
PENDING: Final = """
    SELECT position, data::text, coalesce((data->>'effective_from')::timestamptz > now(), false),
        coalesce('policy.replay_paused.v1' = (
            SELECT type FROM ledger.event AS step
            WHERE step.stream = published.stream AND step.position > published.position
                AND step.type IN ('policy.replay_paused.v1', 'policy.replay_resumed.v1')
            ORDER BY step.version DESC LIMIT 1
        ), false)
    FROM ledger.event AS published
    WHERE type = 'policy.published.v1' AND learner_id IS NULL AND position <= %s
        AND NOT EXISTS (
            SELECT FROM ledger.event AS settled
            WHERE settled.type = ANY(%s) AND settled.stream = published.stream
                AND settled.position > published.position AND settled.data->>'awaits' IS DISTINCT FROM 'true'
        )
    ORDER BY position
"""
SETTLED_BY: Final = """
    SELECT settled.type FROM ledger.event AS published
    JOIN ledger.event AS settled ON settled.stream = published.stream AND settled.version > published.version
    WHERE published.position = %s AND settled.type = ANY(%s) AND settled.data->>'awaits' IS DISTINCT FROM 'true'
    ORDER BY settled.version LIMIT 1
"""
NOT_SIMULATED: Final = "the levels are not those simulated: simulate, approve and publish again"
LEASE: Final = "publish"
"""One process at a time makes levels, and ends what is over."""
SYSTEM: Final = Actor(id=ActorId("mastery-projector"), role=Role.SYSTEM)
NEVER: Final = threading.Event()
log = structlog.get_logger()


class Pending(NamedTuple):
    """A publication that is to be put in force; it may wait for its time, or be paused by a person."""

    position: int
    event: PolicyPublished
    waits: bool
    is_paused: bool


class Means(NamedTuple):
    """What a replay is made with: the folder of the cell shards, and what is set when it shall stop."""

    cells: Path | None
    stop: threading.Event


def run(conninfo: str, stop: threading.Event, cells: Path | None = None) -> None:
    """Put published policies in force until `stop` is set, by the cell shards in `cells`; survives restarts."""
    while not stop.is_set():
        try:
            with ledger.connect(conninfo) as connection:
                connection.execute(LISTEN)
                while not stop.is_set():
                    if not (end_next(connection, conninfo) or publish_next(connection, conninfo, cells, stop)):
                        for _ in connection.notifies(timeout=POLL_S, stop_after=1):
                            pass
        except (psycopg.OperationalError, Unavailable):
            stop.wait(POLL_S)
        except Exception:
            log.exception("publication failed", retry_s=RETRY_S)
            stop.wait(RETRY_S)


def end_next(connection: psycopg.Connection[Any], conninfo: str) -> bool:
    """End the first policy or judgement whose last day is over, or levels whose time is; say whether there were any."""
    if not lease.take(connection, LEASE):
        return False
    try:
        return retire_next(connection, conninfo) or lift_next(connection, conninfo) or begin_day(connection, conninfo)
    finally:
        lease.give_back(connection, LEASE)


def publish_next(
    connection: psycopg.Connection[Any], conninfo: str, cells: Path | None = None, stop: threading.Event = NEVER
) -> bool:
    """Replay the first publication that can be, and put it in force; say whether one came to its end.

    A policy waits while the live levels have not come to the last switch in the log: its set is built upon that. If
    another switch comes first (see `activate`), the policy is still pending at the next call.
    """
    if not lease.take(connection, LEASE):
        return False
    try:
        _tidy(connection)
        scene = _look(connection)
        waiting = [] if scene is None else pendings(connection, scene.live.position)
        if scene is None or not waiting:
            return False
        with blocking_event_store(conninfo) as store:
            return any(_replay(connection, store, scene, pending, Means(cells, stop)) for pending in waiting)
    finally:
        lease.give_back(connection, LEASE)


def _look(connection: psycopg.Connection[Any]) -> Scene | None:
    """Return what a replay is made upon; None while the live levels have not come to the last switch."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        live, timeline = generations.live(connection, NAME), load_timeline(connection)
    is_behind = live.generation is None or timeline.epochs[-1].position > live.position
    return None if is_behind else Scene(live, timeline)


def pendings(connection: psycopg.Connection[Any], until: int) -> list[Pending]:
    """Return the publications up to a position that are to be put in force, in order."""
    answer = []
    for position, data, waits, is_paused in connection.execute(PENDING, (until, [*SETTLING])).fetchall():
        event = decode(PolicyPublished.type, data)
        assert isinstance(event, PolicyPublished)
        answer.append(Pending(position, event, waits, is_paused))
    return answer


def _replay(
    connection: psycopg.Connection[Any],
    store: BlockingEventStore,
    scene: Scene,
    pending: Pending,
    means: Means,
) -> bool:
    """Take a replay as far as it can go now; say whether it came to its end."""

    def is_wanted() -> bool:
        now = [one for one in pendings(connection, pending.position) if one.position == pending.position]
        return not means.stop.is_set() and bool(now) and not now[0].is_paused

    publication = Publication.read(connection, pending.position, pending.event)
    replay = Replay(connection, publication, scene)
    if pending.is_paused:
        replays.enter(connection, pending.position, "paused")
        return False
    if not replay.compute(means.cells, is_wanted):
        return False
    if (found := replay.verify()) is not None:
        _refuse(connection, store, publication, found)
        return True
    if not replay.catch_up(is_wanted):
        return False
    if pending.waits:
        replays.enter(connection, pending.position, "waiting")
        return False
    replays.enter(connection, pending.position, "switching")
    activate(store, pending, scene.timeline.epochs[-1], replay.target.epochs[-1])
    return True


def activate(store: BlockingEventStore, published: Pending, current: Epoch, epoch: Epoch) -> None:
    """Append the activation that makes `epoch` of the epoch `current`, once for each publication.

    If the policy was touched meanwhile, or another set came after `current`, nothing is appended: an activation must
    not undo a rollback that came first. The publication stays pending, and is put in force upon what it meets.
    """
    policy_id, version = published.event.policy_id, published.event.version
    event = PolicyActivated(policy_id=policy_id, version=version, policies=epoch.policies)
    _append(store, event, published.position, Guard(SWITCHES, current.position))


def _refuse(
    connection: psycopg.Connection[Any], store: BlockingEventStore, publication: Publication, found: str
) -> None:
    """Have a publication come to nothing, whose levels are not those that were simulated."""
    simulated = publication.simulated
    assert simulated is not None
    event = ReplayRefused(
        policy_id=publication.event.policy_id,
        version=publication.event.version,
        simulation_id=simulated.simulation_id,
        digest_simulated=simulated.digest,
        digest_found=found,
    )
    _append(store, event, publication.position)
    _tidy(connection)


def _append(
    store: BlockingEventStore, event: PolicyActivated | ReplayRefused, cause: int, guard: Guard | None = None
) -> None:
    """Append how a publication at `cause` ends, once."""
    stream = stream_of(event.policy_id)
    word = "activate" if isinstance(event, PolicyActivated) else "refuse"
    meta = Meta(actor=SYSTEM, causation_id=str(cause), idempotency_key=f"mastery-projector:{word}-{cause}")
    version = store.load(stream).version
    append = Append(stream, version, [event], datetime.now(UTC), meta, canonical_model(event), guard)
    try:
        receipt = store.append(append)
    except Conflict as conflict:
        log.info("not appended", type=event.type, policy=event.policy_id, fault=str(conflict))
    else:
        log.info("appended", type=event.type, policy=event.policy_id, position=receipt.last_position)


def _tidy(connection: psycopg.Connection[Any]) -> None:
    """Note the end of replays that came to nothing, and delete their levels."""
    for position in replays.unfinished(connection):
        row = connection.execute(SETTLED_BY, (position, [*SETTLING])).fetchone()
        if row is None or row[0] == PolicyActivated.type:
            continue
        is_refused = row[0] == ReplayRefused.type
        found = replays.find(connection, position)
        assert found is not None
        discard(connection, found)
        fault = f"{row[0]} came first" if not is_refused else NOT_SIMULATED
        replays.end(connection, position, "refused" if is_refused else "cancelled", fault)
