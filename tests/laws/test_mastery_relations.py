"""Roll-ups, prerequisites, days and new trees: live = rebuilt = worked out by hand, event by event."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.evidence.events import ScoreGiven, ScoreVoided
from domain.framework.events import Association, AssociationKind, Competency, FrameworkPublished
from domain.kernel.event import Event
from domain.kernel.ids import CompetencyId, FrameworkId, ScaleId
from domain.mastery.events import JudgementLifted, JudgementRecorded
from domain.operations.events import DayBegun
from domain.policy.document import PolicyDocument
from domain.policy.events import PolicyActivated, PolicyRolledBack
from domain.policy.starters import CUTS, DEFAULT, starter
from infra.postgres.embedded import EmbeddedServer
from infra.postgres.event_store import Append, blocking_event_store
from schemas.envelope import Recorded
from services.projectors import ledger
from services.projectors.rebuilding.rebuild import rebuild
from tests.laws.test_mastery_replay import changes, fresh_database, play
from tests.projectors import history
from tests.projectors.feeding import live_digest
from tests.projectors.fold import FOUR_CUTS, Change, say
from tests.projectors.history import START, Log

TREES: Final[tuple[dict[str, tuple[str, ...]], ...]] = (
    {"whole": ("a", "b"), "top": ("whole", "gate")},
    {"whole": ("a",)},
    {},
)
COMPETENCIES: Final = ("a", "b", "gate", "whole", "top")
WHOLE_TREE: Final = starter(
    "average",
    **CUTS["four-levels"],
    rollup={"unknown": "ignore"},
    prerequisites=[{"competency": "gate", "at": "2", "cap": "developing"}],
    validity={"days": 5},
)
BOTH_PARTS: Final = starter("average", **CUTS["four-levels"], rollup={"children": ["a", "b"]})
SETS: Final = ((WHOLE_TREE,), (BOTH_PARTS,), ())
ROWS: Final = """
    SELECT learner_id, competency_id, value_micro, level, status, counted, judged_level, effective_level, scores,
        policy_version, position, valid_until
    FROM read_model.current_mastery
    WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
    ORDER BY learner_id, competency_id
"""
Key = tuple[str, str]
Said = tuple[int | None, str | None, str, int]
"""Value in micro-units, level, status, how many scores counted."""


def published(tree: int, edition: int) -> FrameworkPublished:
    return FrameworkPublished(
        framework_id=FrameworkId("f1"),
        title="x",
        edition=str(edition),
        scale_id=ScaleId("s4"),
        competencies=tuple(Competency(competency_id=CompetencyId(one), statement=one) for one in COMPETENCIES),
        associations=tuple(
            Association(kind=AssociationKind.IS_CHILD_OF, from_id=CompetencyId(child), to_id=CompetencyId(parent))
            for parent, children in TREES[tree].items()
            for child in children
        ),
    )


def story(acts: list[tuple[str, int]]) -> list[Append]:
    """Turn random acts into events that the command side could have made."""
    log, scores = Log(), []
    appends = [log.append("framework-f1", published(0, 1))]
    appends += [log.append(f"policy-{one.name}", history.drafted(one.name, one)) for one in (WHOLE_TREE, BOTH_PARTS)]
    judgement: JudgementRecorded | None = None
    for what, number in acts:
        name, learner, competency = f"n{len(appends)}", ("ann", "bob")[number % 2], COMPETENCIES[number // 2 % 5]
        events: tuple[str, Event] | None = None
        match what:
            case "give":
                scores.append(history.given(name, number // 3 % 5, learner, competency))
                events = f"evidence-{name}", scores[-1]
            case "void" if scores:
                score = scores.pop(number % len(scores))
                events = f"evidence-{score.score_id}", history.voided(score)
            case "judge":
                lifts = judgement is not None
                act = history.lifted(judgement) if judgement else history.judged(name, "advanced", learner, competency)
                judgement = act if isinstance(act, JudgementRecorded) else None
                events = f"judgement-{act.judgement_id}", act
                assert lifts == isinstance(act, JudgementLifted)
            case "policy":
                chosen = [history.scoped(one.name, one) for one in SETS[number % 3]]
                left = history.scoped(WHOLE_TREE.name, WHOLE_TREE)
                events = "policy-p", history.activated(chosen) if chosen else history.rolled_back(left, ())
            case "day":
                events = "calendar", DayBegun(day=f"{START + timedelta(days=number):%Y-%m-%d}")
            case "tree":
                events = "framework-f1", published(number % 3, len(appends))
            case _:
                pass
        if events:
            appends.append(log.append(events[0], events[1], day=number))
    return appends


@dataclass
class ByHand:
    """What there is after some events, worked out anew for each cell, and the changes on the way."""

    scores: dict[str, tuple[ScoreGiven, datetime, int]] = field(default_factory=dict)
    judged: dict[Key, str] = field(default_factory=dict)
    touched: dict[Key, int] = field(default_factory=dict)
    tree: dict[str, tuple[str, ...]] = field(default_factory=dict)
    policy: PolicyDocument = DEFAULT
    clock: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    changes: list[Change] = field(default_factory=list)

    def play(self, recorded: Recorded[Event]) -> None:
        before = self.shown()
        self._take(recorded)
        after, nothing = self.shown(), (None, None, "no_evidence")
        cause = "policy" if isinstance(recorded.event, PolicyActivated | PolicyRolledBack) else "event"
        for key in sorted(before | after):
            (level, value, status), (now, value_now, status_now) = before.get(key, nothing), after.get(key, nothing)
            if (level, value, status) != (now, value_now, status_now):
                version = self.policy.version
                self.changes.append(Change(*key, level, now, value, value_now, cause, recorded.position, version))

    def _take(self, recorded: Recorded[Event]) -> None:
        match recorded.event:
            case ScoreGiven() as event:
                self.scores[event.score_id] = event, recorded.occurred_at, recorded.position
                self.touched[event.learner_id, event.competency_id] = recorded.position
            case ScoreVoided() as event:
                del self.scores[event.score_id]
                self.touched[event.learner_id, event.competency_id] = recorded.position
            case JudgementRecorded() as event:
                self.judged[event.learner_id, event.competency_id] = event.level
                self.touched[event.learner_id, event.competency_id] = recorded.position
            case JudgementLifted() as event:
                del self.judged[event.learner_id, event.competency_id]
                self.touched[event.learner_id, event.competency_id] = recorded.position
            case PolicyActivated() | PolicyRolledBack() as event:
                versions = {one.version: one for one in (WHOLE_TREE, BOTH_PARTS)}
                self.policy = versions[event.policies[0].version] if event.policies else DEFAULT
            case DayBegun(day=day):
                self.clock = max(self.clock, datetime.fromisoformat(f"{day}T00:00:00+00:00"))
            case FrameworkPublished() as event:
                self.tree = {}
                for one in event.associations:
                    self.tree[one.to_id] = (*self.tree.get(one.to_id, ()), one.from_id)
            case _:
                pass

    def children(self, competency: str) -> tuple[str, ...]:
        known = self.tree.get(competency, ())
        if self.policy is BOTH_PARTS:
            return ("a", "b") if {"a", "b"} <= {*known} else ()
        return known if self.policy is WHOLE_TREE else ()

    def position(self, key: Key) -> int:
        """The last touch of a cell or its parts; 0: there is none."""
        of_children = (self.position((key[0], child)) for child in self.children(key[1]))
        return max(self.touched.get(key, 0), *of_children, 0)

    def own(self, key: Key) -> list[tuple[ScoreGiven, datetime]]:
        mine = [one for one in self.scores.values() if (one[0].learner_id, one[0].competency_id) == key]
        return [(given, at) for given, at, _ in sorted(mine, key=lambda one: (one[1], one[2]))]

    def counting(self, key: Key) -> tuple[list[ScoreGiven], datetime | None]:
        """The scores that count under the policy with days, and when the first of them will not."""
        own = self.own(key)
        now = max([self.clock, *(at for _, at in own)])
        there = [(given, at + timedelta(days=5)) for given, at in own if at + timedelta(days=5) > now]
        return [given for given, _ in there], min((end for _, end in there), default=None)

    def said(self, key: Key) -> Said:
        learner, competency = key
        if self.policy is DEFAULT:
            return tuple(say(DEFAULT.version, [(given, given.value_micro) for given, _ in self.own(key)]))  # type: ignore[return-value]
        children = self.children(competency)
        values: list[int] = [one.value_micro for one in self.counting(key)[0]]
        if self.policy is BOTH_PARTS:
            values = [given.value_micro for given, _ in self.own(key)]
        if children:
            standings = [self.said((learner, child))[0] for child in children]
            values = [one for one in standings if one is not None]
            if self.policy is BOTH_PARTS and len(values) < len(children):
                values = []
        if not values:
            return None, None, "no_evidence", 0
        value = int(Fraction(sum(values), len(values) * 10_000) + Fraction(1, 2)) * 10_000
        level = next(level for cut, level in FOUR_CUTS if value >= cut * 1_000_000)
        if self.policy is WHOLE_TREE and competency != "gate":
            gate = self.said((learner, "gate"))[0]
            if (gate is None or gate < 2_000_000) and level in {"advanced", "proficient"}:
                level = "developing"
        return value, level, "determined", len(values)

    def until(self, key: Key) -> datetime | None:
        if self.policy is not WHOLE_TREE:
            return None
        children = self.children(key[1])
        of = [self.until((key[0], child)) for child in children] if children else [self.counting(key)[1]]
        if key[1] != "gate":
            of.append(self.until((key[0], "gate")))
        return min((one for one in of if one is not None), default=None)

    def cells(self) -> list[Key]:
        every = [(learner, competency) for learner in ("ann", "bob") for competency in sorted(COMPETENCIES)]
        return [key for key in every if self.position(key)]

    def shown(self) -> dict[Key, tuple[str | None, int | None, str]]:
        told = {key: self.said(key) for key in self.cells()}
        return {key: (self.judged.get(key) or level, value, status) for key, (value, level, status, _) in told.items()}

    def rows(self) -> list[tuple[Any, ...]]:
        return [
            (*key, *self.said(key), self.judged.get(key), self.shown()[key][0], len(self.own(key)),
             self.policy.version, self.position(key), self.until(key))
            for key in self.cells()
        ]  # fmt: skip


def current(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    connection.execute("SET TIME ZONE 'UTC'")
    return connection.execute(ROWS).fetchall()


KINDS: Final = ["give", "give", "give", "give", "void", "judge", "policy", "day", "tree"]


@pytest.mark.parametrize("policy", range(2))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 14)), max_size=35),
    sizes=st.lists(st.integers(1, 12), max_size=20),
)
@example(acts=[("give", 0), ("give", 8), ("policy", 14)], sizes=[])
@example(acts=[*[("give", 0)] * 9, ("tree", 2), *[("give", 0)] * 5, ("tree", 0)], sizes=[])
def test_levels_that_hang_on_others_and_on_time_are_the_rebuilt_ones_and_those_by_hand(
    server: EmbeddedServer, policy: int, acts: list[tuple[str, int]], sizes: list[int]
) -> None:
    with (
        fresh_database(server) as database,
        blocking_event_store(database) as store,
        ledger.connect(database) as connection,
    ):
        play(connection, store, story([("policy", policy), *acts]), sizes)
        by_hand = ByHand()
        for recorded in store.read(0, 1000):
            by_hand.play(recorded)
        assert current(connection) == by_hand.rows()
        assert changes(connection) == sorted(by_hand.changes, key=lambda change: (change.cause_position, change[:2]))
        live = live_digest(connection)
        assert rebuild(connection, "mastery").digest == live
