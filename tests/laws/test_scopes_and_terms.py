"""Live = rebuilt = folded by hand, with scopes, moves, reaches and hold-harmless modes; and a what-if foretells."""

from typing import Any, Final

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.framework.events import Association, AssociationKind, Competency, FrameworkPublished
from domain.kernel.ids import (
    CompetencyId,
    CourseId,
    EnrolmentId,
    FrameworkId,
    LearnerId,
    PolicyId,
    PolicyVersion,
    ScaleId,
    SchoolId,
    SectionId,
)
from domain.policy.document import PolicyDocument
from domain.policy.events import HoldHarmless, PolicyRetired, Reach, ScopedPolicy, Terms, joined
from domain.roster.events import LearnerEnrolled, LearnerWithdrawn
from infra.postgres.embedded import EmbeddedServer
from infra.postgres.event_store import blocking_event_store
from services.projectors import generations, ledger
from services.projectors.cells.points import Points
from services.projectors.cells.states import NO_LEVEL, Judge
from services.projectors.cells.tables import CELLS_OF_LEARNERS, facts_of_cells
from services.projectors.policies import load_timeline, with_policy
from services.projectors.rebuilding.rebuild import rebuild
from tests.laws.test_mastery_replay import FRAMEWORKS, LEARNERS, Story, changes, current, fresh_database, play
from tests.projectors import history
from tests.projectors.feeding import follow, live_digest
from tests.projectors.fold import HIGHEST, LATEST_OF_TWO
from tests.projectors.scoped_fold import ScopedFold

SCOPES: Final[tuple[tuple[str, PolicyDocument, dict[str, str]], ...]] = (
    ("p1", HIGHEST, {}),
    ("p2", LATEST_OF_TWO, {"framework_id": "f1"}),
    ("p3", HIGHEST, {"school_id": "north"}),
    ("p4", LATEST_OF_TWO, {"course_id": "algebra"}),
    ("p5", HIGHEST, {"framework_id": "f1", "competency_id": "top"}),
    ("p6", LATEST_OF_TWO, {"school_id": "south", "framework_id": "f2"}),
)
TERMS: Final = (
    Terms(),
    Terms(hold_harmless=HoldHarmless.NEVER_LOWER),
    Terms(hold_harmless=HoldHarmless.AFTER_NEXT_EVIDENCE),
    Terms(hold_harmless=HoldHarmless.LOWER_WITH_NOTICE),
    Terms(reach=Reach.NEW_LEARNERS),
    Terms(reach=Reach.EVIDENCE_SINCE, evidence_since="2026-09-06", hold_harmless=HoldHarmless.NEVER_LOWER),
)
HELD: Final = """
    SELECT learner_id, competency_id, held_level
    FROM read_model.current_mastery
    WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery') AND held_level IS NOT NULL
    ORDER BY learner_id, competency_id
"""
acts = st.lists(
    st.tuples(
        st.sampled_from(
            ["give"] * 6 + ["correct", "void", "judge", "lift", "move", "move", "leave", "edition", "switch", "switch"]
            + ["switch", "back", "retire"]
        ),
        st.integers(0, 35),
    ),
    min_size=25,
    max_size=50,
)  # fmt: skip


def scoped(number: int) -> ScopedPolicy:
    """One of 36 policies: of six scopes, under six terms."""
    name, document, scope = SCOPES[number % 6]
    fields: dict[str, Any] = {"policy_id": PolicyId(name), "version": PolicyVersion(document.version), **scope}
    return ScopedPolicy(**fields, terms=TERMS[number // 6])


class Moved(Story):
    """The acts of `Story`, with people who move and policies of all scopes and terms."""

    def __init__(self) -> None:
        super().__init__()
        self._stack: list[tuple[ScopedPolicy, ...]] = []
        self._enrolments: list[LearnerEnrolled] = []
        for name, document, _ in SCOPES:
            self.appends.append(self.log.append(f"policy-{name}", history.drafted(name, document)))

    @property
    def policies(self) -> tuple[ScopedPolicy, ...]:
        return self._stack[-1] if self._stack else ()

    def act(self, what: str, number: int) -> None:
        match what:
            case "move":
                self._move(number)
            case "leave" if self._enrolments:
                one = self._enrolments.pop(number % len(self._enrolments))
                left = LearnerWithdrawn(
                    enrolment_id=one.enrolment_id, learner_id=one.learner_id, section_id=one.section_id
                )
                self.appends.append(self.log.append(f"enrolment-{one.enrolment_id}", left))
            case "edition":
                self.appends.append(self.log.append("framework-f1", edition(is_part=number % 2 == 0)))
            case "switch":
                self.switch(scoped(number))
            case "back" if self._stack:
                left_policy = self._stack.pop()[-1]
                self.appends.append(self.log.append("policy-p1", history.rolled_back(left_policy, self.policies)))
            case "retire" if len(self.policies) > 1:
                gone, *rest = self.policies
                self._stack.append(tuple(rest))
                retired = PolicyRetired(policy_id=gone.policy_id, version=gone.version, policies=tuple(rest))
                self.appends.append(self.log.append("policy-p1", retired))
            case "give" | "correct" | "void" | "judge" | "lift":
                super().act(what, number % 12)
            case _:
                pass

    def switch(self, policy: ScopedPolicy) -> None:
        self._stack.append(joined(self.policies, policy))
        self.appends.append(self.log.append("policy-p1", history.activated(self.policies)))

    def _move(self, number: int) -> None:
        name = f"en{len(self.appends)}"
        enrolled = LearnerEnrolled(
            enrolment_id=EnrolmentId(name),
            learner_id=LearnerId(LEARNERS[number % 2]),
            section_id=SectionId("s"),
            school_id=SchoolId(("north", "south", "west")[number // 2 % 3]),
            course_id=CourseId("algebra") if number % 5 == 0 else None,
        )
        self._enrolments.append(enrolled)
        self.appends.append(self.log.append(f"enrolment-{name}", enrolled, day=number % 4))


def edition(*, is_part: bool) -> FrameworkPublished:
    """An edition of f1 in which c1 is part of top, or is not."""
    child = Association(kind=AssociationKind.IS_CHILD_OF, from_id=CompetencyId("c1"), to_id=CompetencyId("top"))
    return FrameworkPublished(
        framework_id=FrameworkId("f1"),
        title="x",
        edition="2",
        scale_id=ScaleId("s4"),
        competencies=tuple(Competency(competency_id=CompetencyId(one), statement=one) for one in ("c1", "top")),
        associations=(child,) if is_part else (),
    )


def foretold(connection: psycopg.Connection[Any], policy: ScopedPolicy) -> dict[tuple[str, str], str | None]:
    """The level of each cell if a policy came into force now."""
    live = generations.live(connection, "mastery").place
    cells = connection.execute(
        CELLS_OF_LEARNERS, {"generation": live.facts_generation, "learners": list(LEARNERS)}
    ).fetchall()
    judge = Judge()
    facts = facts_of_cells(connection, live.facts_generation, cells, judge.vocabulary())
    timeline = with_policy(connection, load_timeline(connection), live.position, policy)
    states = judge.states(facts, Points.everywhere(len(cells), live.position), timeline)
    words = {NO_LEVEL: None, **dict(enumerate(states.levels))}
    return dict(zip(cells, [words[code] for code in states.effective.tolist()], strict=True))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=acts, sizes=st.lists(st.integers(1, 12), max_size=20), last=st.integers(0, 35))
def test_levels_with_scopes_and_terms_are_the_rebuilt_ones_and_the_fold_and_as_foretold(
    server: EmbeddedServer, story: list[tuple[str, int]], sizes: list[int], last: int
) -> None:
    told = Moved()
    for what, number in story:
        told.act(what, number)
    with (
        fresh_database(server) as database,
        blocking_event_store(database) as store,
        ledger.connect(database) as connection,
    ):
        play(connection, store, told.appends, sizes)
        told.appends.clear()
        expected = foretold(connection, scoped(last))
        told.switch(scoped(last))
        store.append_many(told.appends)
        follow(connection)
        fold = ScopedFold(FRAMEWORKS)
        for recorded in store.read(0, 1000):
            fold.play(recorded)
        assert current(connection) == fold.rows()
        held = [(*key, cell) for key, cell in sorted((key, fold.held(one)) for key, one in fold.cells.items()) if cell]
        assert connection.execute(HELD).fetchall() == held
        assert changes(connection) == sorted(fold.changes, key=lambda change: (change.cause_position, change[:2]))
        assert {(row.learner_id, row.competency_id): row.effective_level for row in current(connection)} == expected
        live = live_digest(connection)
        assert rebuild(connection, "mastery").digest == live
