"""Which policy decides on a learner's cells: the set in force, or with one other policy in its place."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, get_args

from domain.kernel.errors import Unknown
from domain.kernel.ids import CompetencyId
from domain.kernel.times import microseconds
from domain.mastery.harmless import is_below
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.events import HoldHarmless, PolicyDrafted, PolicySwitch, ScopedPolicy
from domain.policy.relations import Tree
from domain.policy.rulings import Ruling, Rulings, Seat
from domain.policy.timeline import Draft, Switch, Timeline, timeline_of
from infra.postgres.editions import SELECT_EDITIONS, editions_of
from infra.postgres.score_cells import ScoreRow
from services.query_api.answers import Connection, Part, rows
from services.query_api.policies import PolicyFact, read_policy_facts

TRACKED: Final = "SELECT position FROM read_model.live WHERE projector = 'mastery'"
SEATS: Final = """
    SELECT school_id, course_id
      FROM read_model.learner_place
     WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
       AND learner_id = %(learner_id)s
       AND (%(as_of)s::timestamptz IS NULL OR opened_at <= %(as_of)s)
       AND (%(known_at)s::timestamptz IS NULL OR recorded_at <= %(known_at)s)
       AND (closed_at IS NULL OR closed_at > %(as_of)s OR closed_recorded_at > %(known_at)s)
     ORDER BY opened_at DESC, enrolment_id DESC
"""
"""Where a learner was at `as_of`, as the ledger knew at `known_at` (null: now), the enrolment opened last first."""
FIRST: Final = "SELECT min(position) AS position FROM ledger.event WHERE learner_id = %(learner_id)s"
BEFORE: Final = """
    SELECT competency_id, policy_version, before_level
      FROM read_model.current_mastery
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
       AND learner_id = %(learner_id)s AND hold_harmless IN ('never_lower', 'after_next_evidence')
"""
"""The levels that stood before a policy came into force that keeps them; as of no time but that."""


class Kept(Part):
    """A level from before a policy that stands, under which terms, and since which switch."""

    level: str
    hold_harmless: HoldHarmless
    position: int
    since: datetime


class LearnerRulings(NamedTuple):
    """What decides on one learner's cells, and the levels that stood before policies that keep them."""

    rulings: Rulings
    seats: Sequence[Seat]
    first: int | None
    before: Mapping[tuple[str, str], str | None]
    """By competency and version."""
    documents: Sequence[PolicyDocument]
    begun: Mapping[int, datetime]
    """When a policy came into force, by the position of the switch."""
    tree: Tree
    """The parts of each competency that has some, in the editions of the frameworks that hold now."""

    def ruling(self, framework_id: str | None, competency_id: str) -> Ruling:
        """Return the policy that decides on a competency."""
        return self.rulings.ruling(framework_id, CompetencyId(competency_id), self.seats, self.first)

    def held(self, ruling: Ruling, competency_id: str, level: str | None, scores: Sequence[ScoreRow]) -> str | None:
        """Return the level of before, if it stands over the one that is computed from scores."""
        has_new = any(score.given_position > ruling.since for score in scores)
        released = ruling.hold_harmless is HoldHarmless.AFTER_NEXT_EVIDENCE and has_new
        before = self.before.get((competency_id, ruling.version))
        if before is None or not ruling.keeps_levels or released:
            return None
        return before if is_below(level, before, [*self.documents, ruling.document]) else None


async def read_learner_rulings(
    connection: Connection,
    learner_id: str,
    policy: str | None = None,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    *,
    ruled_at: datetime | None = None,
) -> LearnerRulings:
    """Return what decides on a learner's cells: the set in force, or with `policy` (an id or a version) in it.

    `ruled_at` looks at the set, and the parts of competencies, of an earlier time.

    Raises:
        Unknown: policy-unknown, if `policy` is neither.
    """
    timeline = await read_timeline(connection, policy)
    if ruled_at is not None:
        timeline = timeline.until(microseconds(ruled_at))
    asked: dict[str, Any] = {"learner_id": learner_id, "as_of": as_of, "known_at": known_at}
    rulings = timeline.epochs[-1].rulings
    seats = [Seat(**row) for row in await rows(connection, SEATS, asked)] if rulings.schools_and_courses else []
    first = (await rows(connection, FIRST, asked))[0]["position"] if rulings.new_since else None
    before = await rows(connection, BEFORE, asked) if policy is None and ruled_at is None else []
    return LearnerRulings(
        rulings=rulings,
        seats=seats,
        first=first,
        before={(row["competency_id"], row["policy_version"]): row["before_level"] for row in before},
        documents=[one.document for epoch in timeline.epochs for one in epoch.rulings.standings],
        begun={epoch.position: datetime.fromtimestamp(epoch.recorded_us // 10**6, UTC) for epoch in timeline.epochs},
        tree=timeline.editions[-1].tree if timeline.editions else {},
    )


async def read_timeline(connection: Connection, policy: str | None = None) -> Timeline:
    """Return the timeline that current mastery has seen; `policy` (an id or a version) is put in force at its end.

    Raises:
        Unknown: policy-unknown, if `policy` is neither.
    """
    facts = await read_policy_facts(connection)
    named = _named([fact.event for fact in facts if isinstance(fact.event, PolicyDrafted)], policy)
    timeline = await timeline_after(connection, await _seen(connection, facts))
    if not named:
        return timeline
    last = named[-1]
    scoped = ScopedPolicy(policy_id=last.policy_id, version=last.version, **last.scope.model_dump())
    return timeline.with_draft(facts[-1].position, scoped, parse_policy(last.document), last.locked)


async def timeline_after(connection: Connection, facts: Sequence[PolicyFact]) -> Timeline:
    """Return the timeline that follows from what happened to all policies."""
    switches = [
        Switch(fact.position, microseconds(fact.recorded_at), fact.event)
        for fact in facts
        if isinstance(fact.event, get_args(PolicySwitch))
    ]
    wanted = {one.version for switch in switches for one in switch.event.policies}
    drafts = [
        _draft(fact.position, fact.event)
        for fact in facts
        if isinstance(fact.event, PolicyDrafted) and fact.event.version in wanted
    ]
    editions = editions_of([tuple(row.values()) for row in await rows(connection, SELECT_EDITIONS, {})])
    return timeline_of(switches, drafts, editions)


def _named(drafts: Sequence[PolicyDrafted], policy: str | None) -> list[PolicyDrafted]:
    if policy is None:
        return []
    named = [event for event in drafts if policy in {event.policy_id, event.version}]
    if not named:
        raise Unknown("policy-unknown", f"policy {policy} is neither the id nor a version of a drafted policy")
    return named


def _draft(position: int, event: PolicyDrafted) -> Draft:
    return Draft(position, event.policy_id, event.version, parse_policy(event.document), event.locked)


async def _seen(connection: Connection, facts: list[PolicyFact]) -> list[PolicyFact]:
    """Return what the mastery projector has seen."""
    tracked = await rows(connection, TRACKED, {})
    return [fact for fact in facts if tracked and fact.position <= tracked[0]["position"]]
