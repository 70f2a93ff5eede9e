"""Live = rebuilt = folded by hand, for any history and any cut of it into batches."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.evidence.events import ScoreGiven
from domain.framework.events import Competency, FrameworkPublished
from domain.kernel.ids import CompetencyId, FrameworkId, ScaleId
from domain.mastery.events import JudgementRecorded
from domain.policy.events import ScopedPolicy
from infra.postgres.embedded import EmbeddedServer
from infra.postgres.event_store import Append, BlockingEventStore, Receipt, blocking_event_store
from services.projectors import generations, ledger
from services.projectors.filler import Filler
from services.projectors.rebuilding.rebuild import rebuild
from tests.projectors import history
from tests.projectors.feeding import live_digest
from tests.projectors.fold import HIGHEST, LATEST_OF_TWO, Change, Fold, Row, Said
from tests.projectors.history import Log

NUMBERS = count(1)
LEARNERS, COMPETENCIES = ("ann", "bob"), ("c1", "c2")
POLICIES = (history.scoped("p1", HIGHEST), history.scoped("p2", LATEST_OF_TWO, "f1"))
FRAMEWORKS = {"c1": "f1", "c2": "f2"}
CHANGES = """
    SELECT learner_id, competency_id, before_level, after_level, before_value_micro, after_value_micro, cause,
        cause_position, policy_version
    FROM read_model.mastery_change
    WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
    ORDER BY cause_position, learner_id, competency_id
"""
ROWS = """
    SELECT learner_id, competency_id, framework_id, value_micro, level, status, counted, judged_level, effective_level,
        scores, policy_version, position
    FROM read_model.current_mastery
    WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
    ORDER BY learner_id, competency_id
"""
acts = st.lists(
    st.tuples(
        st.sampled_from(["give", "give", "give", "correct", "void", "withdraw", "judge", "lift", "policy", "back"]),
        st.integers(0, 11),
    ),
    max_size=40,
)


class Story:
    """Turns random acts into events that the command side could have made."""

    def __init__(self) -> None:
        self.log = Log()
        self.appends: list[Append] = []
        self._scores: list[tuple[ScoreGiven, int]] = []
        self._judgements: dict[tuple[str, str], JudgementRecorded] = {}
        self._succession: list[int] = []
        competencies = [Competency(competency_id=CompetencyId(name), statement=name) for name in COMPETENCIES]
        for framework, competency in zip(("f1", "f2"), competencies, strict=True):
            adopted = FrameworkPublished(
                framework_id=FrameworkId(framework), title="x", edition="1", scale_id=ScaleId("s4"),
                competencies=(competency,),
            )  # fmt: skip
            self.appends.append(self.log.append(f"framework-{framework}", adopted))
        self.appends.append(self.log.append("policy-p1", history.drafted("p1", HIGHEST)))
        self.appends.append(self.log.append("policy-p2", history.drafted("p2", LATEST_OF_TWO, "f1")))

    def act(self, what: str, number: int) -> None:
        learner, competency = LEARNERS[number % 2], COMPETENCIES[number // 2 % 2]
        match what:
            case "give":
                name = f"s{len(self.appends)}"
                fields = {"framework": FRAMEWORKS[competency]} | ({"task": f"t{number % 3}"} if number % 4 else {})
                score = history.given(name, number % 5, learner, competency, **fields)
                self._scores.append((score, 1))
                self.appends.append(self.log.append(f"evidence-{score.evidence_id}", score, day=number))
            case "correct" | "void" | "withdraw" if self._scores:
                score, revision = self._scores.pop(number % len(self._scores))
                stream = f"evidence-{score.evidence_id}"
                if what == "correct":
                    changed = history.corrected(score, (number + 1) % 5, revision + 1)
                    self._scores.append((score.model_copy(update={"value_micro": changed.value_micro}), revision + 1))
                    self.appends.append(self.log.append(stream, changed))
                else:
                    event = history.voided(score) if what == "void" else history.withdrawn(score)
                    self.appends.append(self.log.append(stream, event))
            case "judge" if (learner, competency) not in self._judgements:
                level = ("advanced", "developing")[number % 2]
                judgement = history.judged(f"j{len(self.appends)}", level, learner, competency)
                self._judgements[learner, competency] = judgement
                self.appends.append(self.log.append(f"judgement-{judgement.judgement_id}", judgement))
            case "lift" if (learner, competency) in self._judgements:
                judgement = self._judgements.pop((learner, competency))
                self.appends.append(self.log.append(f"judgement-{judgement.judgement_id}", history.lifted(judgement)))
            case "policy":
                self._succession.append(number % 3)
                self.appends.append(self.log.append("policy-p1", history.activated(self._set())))
            case "back" if self._succession:
                self._succession.pop()
                self.appends.append(self.log.append("policy-p1", history.rolled_back(POLICIES[0], self._set())))
            case _:
                pass

    def _set(self) -> list[ScopedPolicy]:
        if not self._succession:
            return []
        return [[POLICIES[0]], [POLICIES[1]], [*POLICIES]][self._succession[-1]]


@contextmanager
def fresh_database(server: EmbeddedServer) -> Iterator[str]:
    """A migrated database with an empty log."""
    name = f"law_{next(NUMBERS)}"
    with psycopg.connect(server.conninfo("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE mastery OWNER mastery_owner".encode())
        yield server.conninfo("mastery_app", name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def current(connection: psycopg.Connection[Any]) -> list[Row]:
    return [
        Row(learner, competency, framework, Said(value, level, status, counted), judged, effective, scores, version, at)
        for learner, competency, framework, value, level, status, counted, judged, effective, scores, version, at
        in connection.execute(ROWS).fetchall()
    ]  # fmt: skip


def changes(connection: psycopg.Connection[Any]) -> list[Change]:
    return [Change(*row) for row in connection.execute(CHANGES).fetchall()]


def play(
    connection: psycopg.Connection[Any], store: BlockingEventStore, story: Sequence[Append], sizes: list[int]
) -> None:
    """Append a story in parts; the projector follows in batches of those sizes, the first part being a build."""
    parts = iter([*sizes, *[7] * 100])
    appends = list(story)
    while appends:
        size = next(parts)
        outcomes = store.append_many(appends[:size])
        assert all(isinstance(outcome, Receipt) for outcome in outcomes)
        del appends[:size]
        if generations.live(connection, "mastery").generation is None:
            rebuild(connection, "mastery")
        filler = Filler(connection, "mastery")
        filler.limit = next(parts)
        while not filler.step().is_last:
            filler.limit = next(parts, 7)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=acts, sizes=st.lists(st.integers(1, 12), max_size=20))
def test_live_mastery_is_the_rebuilt_one_and_the_fold(
    server: EmbeddedServer, story: list[tuple[str, int]], sizes: list[int]
) -> None:
    told = Story()
    for what, number in story:
        told.act(what, number)
    with (
        fresh_database(server) as database,
        blocking_event_store(database) as store,
        ledger.connect(database) as connection,
    ):
        play(connection, store, told.appends, sizes)
        fold = Fold([HIGHEST, LATEST_OF_TWO], FRAMEWORKS)
        for recorded in store.read(0, 1000):
            fold.play(recorded)
        assert current(connection) == fold.rows()
        assert changes(connection) == sorted(fold.changes, key=lambda change: (change.cause_position, change[:2]))
        live = live_digest(connection)
        assert rebuild(connection, "mastery").digest == live
