"""The review list, read from official acts, current mastery and its changes: acts whose basis is not given any more."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from psycopg.rows import tuple_row

from domain.policy.document import PolicyDocument
from domain.policy.events import SWITCHES
from domain.progression.review import Change, OpenReview, loss
from infra.postgres.standing import Connection, read_documents

VERSIONS: Final = """
    SELECT DISTINCT policy->>'version'
      FROM ledger.event, json_array_elements(data->'policies') AS policy
     WHERE learner_id IS NULL AND type = ANY(%s)
"""
"""The versions that were ever in force."""
SHAKEN: Final = """
    SELECT act.position, act.act_id, act.learner_id, rests.competency_id,
           CASE WHEN act.kind = 'report_card' THEN rests.level END, act.given_position, act.settled_position
      FROM read_model.official_act AS act
     CROSS JOIN LATERAL unnest(act.competency_ids, act.levels) AS rests (competency_id, level)
      LEFT JOIN read_model.current_mastery AS mastery
        ON mastery.generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
           AND mastery.learner_id = act.learner_id AND mastery.competency_id = rests.competency_id
     WHERE act.generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
       AND act.revoked_position IS NULL
       AND act.position < %(before)s
       AND (%(learner_id)s::text IS NULL OR act.learner_id = %(learner_id)s)
       AND (%(act_id)s::text IS NULL OR act.act_id = %(act_id)s)
       AND (act.kind <> 'report_card' OR rests.level IS NOT NULL)
       AND NOT EXISTS (
               SELECT FROM unnest(%(versions)s::text[], %(levels)s::text[], %(wanted)s::text[])
                        AS given (version, level, wanted)
                WHERE given.version = mastery.policy_version AND given.level = mastery.effective_level
                  AND given.wanted = CASE WHEN act.kind = 'report_card' THEN rests.level ELSE '' END)
     ORDER BY act.position DESC
     LIMIT %(limit)s
"""
"""Acts and competencies whose level is not now what the act rests on; `given` lists what gives a wanted level, and
with '' what counts as mastered."""
CHANGES: Final = """
    SELECT change.learner_id, change.competency_id, change.cause_position,
           CASE WHEN change.cause = 'event' THEN event.type END, change.after_level, change.policy_version
      FROM unnest(%(learner_ids)s::text[], %(competency_ids)s::text[]) AS cell (learner_id, competency_id)
      JOIN read_model.mastery_change AS change
        ON change.generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
           AND change.learner_id = cell.learner_id AND change.competency_id = cell.competency_id
      JOIN ledger.event ON event.position = change.cause_position
     ORDER BY change.cause_position
"""
CANDIDATES_AT_ONCE: Final = 1_000
"""Competencies of acts that are looked at in one go; most of them open a review."""


class Giving(NamedTuple):
    """Under a version, a level that gives the wanted one; wanted '' stands for mastered."""

    version: str
    level: str
    wanted: str


class _Shaken(NamedTuple):
    """An act's competency whose level is not now what the act rests on; `wanted` None: the mastered level."""

    position: int
    act_id: str
    learner_id: str
    competency_id: str
    wanted: str | None
    given_position: int
    settled_position: int | None


async def read_open_reviews(
    connection: Connection,
    limit: int,
    *,
    before: int = 2**63 - 1,
    learner_id: str | None = None,
    act_id: str | None = None,
) -> list[OpenReview]:
    """Return at most `limit` open reviews, the newest act first, of acts given before a position."""
    policies = await _read_policies(connection)
    giving = _giving(policies)
    columns = {
        "versions": [one.version for one in giving],
        "levels": [one.level for one in giving],
        "wanted": [one.wanted for one in giving],
    }
    found: list[OpenReview] = []
    while len(found) < limit:
        asked = {"before": before, "learner_id": learner_id, "act_id": act_id, **columns}
        shaken = await _shaken(connection, asked)
        # the last act of a full portion may go on behind it
        whole = shaken if len(shaken) < CANDIDATES_AT_ONCE else [one for one in shaken if one[0] > shaken[-1][0]]
        found += await _opened(connection, whole or shaken, policies)
        if len(shaken) < CANDIDATES_AT_ONCE:
            break
        before = (whole or shaken)[-1].position
    return found[:limit]


async def read_giving(connection: Connection) -> list[Giving]:
    """Return under which version that was ever in force which level gives a wanted one."""
    return _giving(await _read_policies(connection))


async def _read_policies(connection: Connection) -> dict[str, PolicyDocument]:
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(VERSIONS.encode(), (list(SWITCHES),))
        return await read_documents(connection, [version for (version,) in await cursor.fetchall()])


def _giving(policies: Mapping[str, PolicyDocument]) -> list[Giving]:
    return [
        Giving(version, level, wanted)
        for version, policy in policies.items()
        for level in policy.level_codes
        for wanted in ("", *policy.level_codes)
        if policy.is_at_least(level, wanted or policy.mastered_level)
    ]


async def _shaken(connection: Connection, asked: dict[str, Any]) -> list[_Shaken]:
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(SHAKEN.encode(), {**asked, "limit": CANDIDATES_AT_ONCE})
        return [_Shaken(*row) for row in await cursor.fetchall()]


async def _opened(
    connection: Connection, shaken: Sequence[_Shaken], policies: Mapping[str, PolicyDocument]
) -> list[OpenReview]:
    """Return the acts among the shaken ones that a later rule, or a change of their evidence, took the basis from."""
    cells = sorted({(one.learner_id, one.competency_id) for one in shaken})
    asked = {"learner_ids": [cell[0] for cell in cells], "competency_ids": [cell[1] for cell in cells]}
    changes = defaultdict(list)
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(CHANGES.encode(), asked)
        for learner_id, competency_id, *change in await cursor.fetchall():
            changes[learner_id, competency_id].append(change)
    losses: dict[_Shaken, dict[str, Change]] = {}
    acts: dict[str, _Shaken] = {}
    for one in shaken:
        lost = loss(_after(one, changes[one.learner_id, one.competency_id], policies), one.settled_position)
        if lost is not None:
            act = acts.setdefault(one.act_id, one)
            losses.setdefault(act, {})[one.competency_id] = lost
    return [OpenReview(act.position, act.act_id, act.learner_id, lost) for act, lost in losses.items()]


def _after(one: _Shaken, changes: Sequence[Sequence[Any]], policies: Mapping[str, PolicyDocument]) -> list[Change]:
    """Return the changes after an act, each with whether what the act rests on was given after it."""
    later = []
    for position, event_type, level, version in changes:
        if position > one.given_position:
            policy = policies[version]
            holds = policy.is_at_least(level, one.wanted or policy.mastered_level)
            later.append(Change(position, event_type, level, version, holds))
    return later
