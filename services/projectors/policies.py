"""Reading the timeline of policy sets from the log."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any, Final

import orjson
import psycopg

from domain.kernel.times import microseconds
from domain.operations.events import DayBegun
from domain.policy.document import parse_policy
from domain.policy.events import SWITCHES, PolicySwitch, ScopedPolicy
from domain.policy.timeline import Draft, Edition, Epoch, Switch, Tick, Timeline, draft_of, timeline_of
from infra.postgres.editions import SELECT_EDITIONS, editions_of
from schemas.registry import decode

__all__ = ["SWITCHES", "Edition", "Epoch", "Tick", "Timeline", "load_timeline", "with_policy"]

SELECT_SWITCHES: Final = """
    SELECT position, recorded_at, type, data FROM ledger.event
    WHERE type = ANY(%s) AND learner_id IS NULL ORDER BY position
"""
SELECT_DRAFTS: Final = """
    SELECT position, data->>'policy_id', data->>'version', data->'document', data->'locked' FROM ledger.event
    WHERE type = 'policy.drafted.v1' AND learner_id IS NULL AND data->>'version' = ANY(%s) ORDER BY position
"""
SELECT_TICKS: Final = """
    SELECT position, recorded_at, max((data->>'day')::date) OVER (ORDER BY position)
    FROM ledger.event WHERE type = %s AND learner_id IS NULL ORDER BY position
"""


def load_timeline(connection: psycopg.Connection[Any]) -> Timeline:
    """Read the epochs of the whole log.

    Raises:
        Unknown: policy-version-unknown, if a policy was activated that nobody drafted.
    """
    switches = []
    for position, recorded_at, type_name, data in connection.execute(SELECT_SWITCHES, (list(SWITCHES),)).fetchall():
        event = decode(type_name, data)
        assert isinstance(event, PolicySwitch)
        switches.append(Switch(position, microseconds(recorded_at), event))
    versions = {policy.version for switch in switches for policy in switch.event.policies}
    drafts = _load_drafts(connection, versions)
    editions = editions_of(connection.execute(SELECT_EDITIONS).fetchall())
    return timeline_of(switches, drafts, editions, _load_ticks(connection))


def with_policy(
    connection: psycopg.Connection[Any], timeline: Timeline, position: int, scoped: ScopedPolicy
) -> Timeline:
    """Return the timeline as it would go on if a drafted policy came into force right after a position.

    Raises:
        Unknown: policy-version-unknown.
    """
    draft = draft_of(_load_drafts(connection, {scoped.version}), scoped)
    return timeline.with_draft(position, scoped, draft.document, draft.locked)


def _load_drafts(connection: psycopg.Connection[Any], versions: Iterable[str]) -> list[Draft]:
    wanted = sorted(versions)
    rows = connection.execute(SELECT_DRAFTS, (wanted,)).fetchall() if wanted else ()
    return [
        Draft(position, policy_id, version, parse_policy(orjson.loads(document)), tuple(orjson.loads(locked or "[]")))
        for position, policy_id, version, document, locked in rows
    ]


def _load_ticks(connection: psycopg.Connection[Any]) -> list[Tick]:
    rows = connection.execute(SELECT_TICKS, (DayBegun.type,)).fetchall()
    return [
        Tick(position, microseconds(recorded_at), microseconds(datetime.combine(day, time(), UTC)))
        for position, recorded_at, day in rows
    ]
