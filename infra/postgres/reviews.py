"""The review list, read from official acts, current mastery and its changes: acts whose basis is not given any more."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

from domain.policy.document import PolicyDocument
from domain.progression.review import Change, OpenReview, loss
from infra.postgres.policy_documents import PolicySet, read_in_force
from infra.postgres.tuples import Connection, select

SHAKEN: Final = """
    SELECT act.position, act.act_id, act.learner_id, rests.competency_id,
           CASE WHEN act.kind = 'report_card' THEN rests.level END, act.given_position, act.settled_position,
           rests.level, rests.version, mastery.policy_version
      FROM read_model.official_act AS act
     CROSS JOIN LATERAL unnest(act.competency_ids, act.levels, act.policy_versions)
             AS rests (competency_id, level, version)
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
END: Final = 2**63 - 1
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
    level: str | None
    """What the act says, by which version; and the version that decides now, if one does."""
    version: str
    version_now: str | None


async def read_open_reviews(
    connection: Connection,
    limit: int,
    *,
    before: int = END,
    learner_id: str | None = None,
    act_id: str | None = None,
) -> list[OpenReview]:
    """Return at most `limit` open reviews, the newest act first, of acts given before a position."""
    in_force = await read_in_force(connection)
    giving = _giving(in_force)
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
        found += await _opened(connection, whole or shaken, in_force)
        if len(shaken) < CANDIDATES_AT_ONCE:
            break
        before = (whole or shaken)[-1].position
    return found[:limit]


async def read_giving(connection: Connection) -> list[Giving]:
    """Return under which version that was ever in force which level gives a wanted one."""
    return _giving(await read_in_force(connection))


def _giving(in_force: Sequence[PolicySet]) -> list[Giving]:
    return [
        Giving(version, level, wanted)
        for version, policy in _documents(in_force).items()
        for level in policy.level_codes
        for wanted in ("", *policy.level_codes)
        if policy.is_at_least(level, wanted or policy.mastered_level)
    ]


def _documents(in_force: Sequence[PolicySet]) -> dict[str, PolicyDocument]:
    return {version: document for one in in_force for version, document in one.documents.items()}


async def _shaken(connection: Connection, asked: dict[str, Any]) -> list[_Shaken]:
    return [_Shaken(*row) for row in await select(connection, SHAKEN, {**asked, "limit": CANDIDATES_AT_ONCE})]


async def _opened(connection: Connection, shaken: Sequence[_Shaken], in_force: Sequence[PolicySet]) -> list[OpenReview]:
    """Return the acts among the shaken ones that a later rule, or a change of their evidence, took the basis from."""
    cells = sorted({(one.learner_id, one.competency_id) for one in shaken})
    asked = {"learner_ids": [cell[0] for cell in cells], "competency_ids": [cell[1] for cell in cells]}
    changes = defaultdict(list)
    for learner_id, competency_id, *change in await select(connection, CHANGES, asked):
        changes[learner_id, competency_id].append(change)
    after, losses = _After(in_force), dict[_Shaken, dict[str, Change]]()
    acts: dict[str, _Shaken] = {}
    for one in shaken:
        lost = loss(after.changes(one, changes[one.learner_id, one.competency_id]), one.settled_position)
        if lost is not None:
            act = acts.setdefault(one.act_id, one)
            losses.setdefault(act, {})[one.competency_id] = lost
    return [OpenReview(act.position, act.act_id, act.learner_id, lost) for act, lost in losses.items()]


class _Stand(NamedTuple):
    """A level, the version that said so, and since which position."""

    position: int
    level: str | None
    version: str


class _After:
    """What became of acts under the policies that were in force after them."""

    def __init__(self, in_force: Sequence[PolicySet]) -> None:
        self._documents = _documents(in_force)
        self._begun = [
            (now.position, now.documents.keys() - before.documents.keys()) for before, now in pairwise(in_force)
        ]

    def changes(self, one: _Shaken, rows: Sequence[Sequence[Any]]) -> list[Change]:
        """Return the changes after an act, each with whether what the act rests on was given after it.

        That the rule alone became another, and the level did not, is no row of the changes.
        """
        later: list[Change] = []
        last = _Stand(one.given_position, one.level, one.version)
        for position, event_type, level, version in rows:
            if position > one.given_position:
                if event_type is not None:
                    later += self._other_rule(one, last, version, position)
                later.append(self._change(one, position, event_type, level, version))
                last = _Stand(position, level, version)
        return later + self._other_rule(one, last, one.version_now or last.version, END)

    def _other_rule(self, one: _Shaken, last: _Stand, now: str, before: int) -> list[Change]:
        """Return the switch by which another version came to decide before a position, if one did."""
        begun = (
            position for position, versions in self._begun if last.position < position < before and now in versions
        )
        position = None if last.version == now else next(begun, None)
        return [] if position is None else [self._change(one, position, None, last.level, now)]

    def _change(self, one: _Shaken, position: int, event_type: str | None, level: str | None, version: str) -> Change:
        policy = self._documents[version]
        holds = policy.is_at_least(level, one.wanted or policy.mastered_level)
        return Change(position, event_type, level, version, holds)
