"""Policies of schools, courses and subtrees, for new learners, and that hold harmless: what the levels are."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from domain.kernel.event import Event
from domain.kernel.ids import CourseId, EnrolmentId, LearnerId, SchoolId, SectionId
from domain.policy.events import HoldHarmless, PolicyRolledBack, Reach, ScopedPolicy, Terms
from domain.roster.events import LearnerEnrolled, LearnerWithdrawn
from infra.postgres.event_store import BlockingEventStore, blocking_event_store
from services.projectors import generations, ledger
from services.projectors.rebuilding.rebuild import rebuild
from tests.laws.test_scopes_and_terms import edition
from tests.projectors.feeding import follow, live_digest
from tests.projectors.fold import HIGHEST, LATEST_OF_TWO
from tests.projectors.history import Log, activated, corrected, drafted, given, rolled_back, scoped

LEVELS = """
    SELECT effective_level, held_level, before_level, hold_harmless, policy_id FROM read_model.current_mastery
    WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery') AND learner_id = %s
"""
CHANGES = """
    SELECT before_level, after_level, cause, hold_harmless, held_level FROM read_model.mastery_change
    WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery') AND learner_id = %s
    ORDER BY cause_position DESC LIMIT 1
"""


class District:
    """A ledger with scores of ann and its mastery projector, which is rebuilt and compared at the end."""

    def __init__(self, connection: psycopg.Connection[Any], store: BlockingEventStore) -> None:
        self._connection, self._store, self._log = connection, store, Log()
        for name, document in (("high", HIGHEST), ("low", LATEST_OF_TWO)):
            self.happens(f"policy-{name}", drafted(name, document))

    def happens(self, stream: str, event: Event, day: int = 0) -> None:
        self._store.append(self._log.append(stream, event, day=day))

    def scores(self, *values: int, learner: str = "ann", day: int = 0) -> None:
        for value in values:
            score = given(f"s{self._store.head()}", value, learner)
            self.happens(f"evidence-{score.evidence_id}", score, day)

    def enrols(self, name: str, school: str, course: str | None = None, day: int = 0) -> None:
        event = LearnerEnrolled(
            enrolment_id=EnrolmentId(name),
            learner_id=LearnerId("ann"),
            section_id=SectionId("s"),
            school_id=SchoolId(school),
            course_id=None if course is None else CourseId(course),
        )
        self.happens(f"enrolment-{name}", event, day)

    def leaves(self, name: str) -> None:
        event = LearnerWithdrawn(enrolment_id=EnrolmentId(name), learner_id=LearnerId("ann"), section_id=SectionId("s"))
        self.happens(f"enrolment-{name}", event)

    def activates(self, *policies: ScopedPolicy) -> None:
        self.happens("policy-low", activated(policies))

    def level(self, learner: str = "ann") -> tuple[str | None, ...] | None:
        """Follow the log, and return what current mastery says."""
        if generations.live(self._connection, "mastery").generation is None:
            rebuild(self._connection, "mastery")
        follow(self._connection)
        return self._connection.execute(LEVELS, (learner,)).fetchone()

    def change(self) -> tuple[str | None, ...] | None:
        return self._connection.execute(CHANGES, ("ann",)).fetchone()

    def check(self) -> None:
        live = live_digest(self._connection)
        assert rebuild(self._connection, "mastery").digest == live


@pytest.fixture
def district(database: str) -> Iterator[District]:
    with blocking_event_store(database) as store, ledger.connect(database) as connection:
        district = District(connection, store)
        yield district
        district.level()
        district.check()


def low(hold: HoldHarmless = HoldHarmless.NONE, reach: Reach = Reach.ALL_EVIDENCE, **scope: str) -> ScopedPolicy:
    terms = Terms(hold_harmless=hold, reach=reach)
    return scoped("low", LATEST_OF_TWO).model_copy(update={"terms": terms, **scope})


HIGH = scoped("high", HIGHEST)
NEVER, NEXT, NOTICE = HoldHarmless.NEVER_LOWER, HoldHarmless.AFTER_NEXT_EVIDENCE, HoldHarmless.LOWER_WITH_NOTICE


def test_never_lower_keeps_the_level_of_before_as_long_as_the_policy_is_in_force(district: District) -> None:
    district.activates(HIGH)
    district.scores(4, 1)
    assert district.level() == ("advanced", None, None, None, "high")
    district.activates(low(NEVER))
    assert district.level() == ("advanced", "advanced", "advanced", "never_lower", "low")
    assert district.change() == ("advanced", "advanced", "policy", "never_lower", "advanced")
    district.scores(2)
    assert district.level() == ("advanced", "advanced", "advanced", "never_lower", "low")
    district.activates(low())
    assert district.level() == ("developing", None, None, None, "low")


def test_after_next_evidence_a_level_falls_by_a_new_score_and_not_by_a_correction(district: District) -> None:
    district.activates(HIGH)
    district.scores(4)
    last = given("last", 2)
    district.happens("evidence-e-last", last)
    district.activates(low(NEXT))
    assert district.level() == ("advanced", "advanced", "advanced", "after_next_evidence", "low")
    district.happens("evidence-e-last", corrected(last, 1))
    assert district.level() == ("advanced", "advanced", "advanced", "after_next_evidence", "low")
    district.scores(1)
    assert district.level() == ("beginning", None, "advanced", "after_next_evidence", "low")


def test_lower_with_notice_lowers_at_once_and_marks_the_change(district: District) -> None:
    district.activates(HIGH)
    district.scores(4, 1)
    assert district.level() == ("advanced", None, None, None, "high")
    district.activates(low(NOTICE))
    assert district.level() == ("beginning", None, None, "lower_with_notice", "low")
    assert district.change() == ("advanced", "beginning", "policy", "lower_with_notice", None)


def test_a_level_held_through_two_policies_is_that_of_before_the_first(district: District) -> None:
    district.activates(HIGH)
    district.scores(4, 1)
    assert district.level() is not None
    district.activates(low(NEVER))
    district.activates(low(NEVER, school_id="north"), low(NEVER))
    district.enrols("e1", "north")
    assert district.level() == ("advanced", "advanced", "advanced", "never_lower", "low")


def test_a_policy_that_comes_back_has_its_first_beginning_again(district: District) -> None:
    district.activates(HIGH)
    district.scores(4, 1)
    assert district.level() is not None
    kept = low(NEVER)
    district.activates(kept)
    district.activates(low())
    assert district.level() == ("beginning", None, None, None, "low")
    back: PolicyRolledBack = rolled_back(low(), [kept])
    district.happens("policy-low", back)
    assert district.level() == ("advanced", "advanced", "advanced", "never_lower", "low")
    district.activates(low())
    assert district.level() == ("beginning", None, None, None, "low")
    district.activates(kept)
    assert district.level() == ("beginning", None, "beginning", "never_lower", "low")


def test_a_policy_of_a_school_decides_while_a_learner_is_enrolled_there(district: District) -> None:
    district.activates(HIGH, low(school_id="north"))
    district.scores(4, 2)
    assert district.level() == ("advanced", None, None, None, "high")
    district.enrols("e1", "north")
    assert district.level() == ("developing", None, None, None, "low")
    assert district.change() == ("advanced", "developing", "event", None, None)
    district.leaves("e1")
    assert district.level() == ("advanced", None, None, None, "high")


def test_of_two_schools_that_of_the_enrolment_opened_last_decides(district: District) -> None:
    district.activates(HIGH.model_copy(update={"school_id": "south"}), low(school_id="north"))
    district.scores(4, 2)
    district.enrols("e1", "north", day=5)
    district.enrols("e2", "south", day=3)
    assert district.level() == ("developing", None, None, None, "low")
    district.enrols("e3", "south", day=5)
    assert district.level() == ("advanced", None, None, None, "high")


def test_a_policy_of_a_subtree_follows_the_edition_also_through_a_rollback(district: District) -> None:
    district.happens("framework-f1", edition(is_part=True))
    of_top = low(framework_id="f1", competency_id="top")
    district.activates(HIGH, of_top)
    district.scores(4, 2)
    assert district.level() == ("developing", None, None, None, "low")
    district.activates(HIGH)
    assert district.level() == ("advanced", None, None, None, "high")
    district.happens("framework-f1", edition(is_part=False))
    district.happens("policy-low", rolled_back(HIGH, [HIGH, of_top]))
    assert district.level() == ("advanced", None, None, None, "high")
    district.happens("framework-f1", edition(is_part=True))
    assert district.level() == ("developing", None, None, None, "low")


def test_a_policy_for_new_learners_leaves_those_of_before_alone(district: District) -> None:
    district.activates(HIGH)
    district.scores(4, 2)
    assert district.level() is not None
    district.activates(HIGH, low(reach=Reach.NEW_LEARNERS))
    district.scores(2)
    district.scores(4, 2, learner="bob")
    assert district.level() == ("advanced", None, None, None, "high")
    assert district.level("bob") == ("developing", None, None, None, "low")


def test_evidence_since_a_day_counts_only_work_from_then_on(district: District) -> None:
    since = Terms(reach=Reach.EVIDENCE_SINCE, evidence_since="2026-09-03")
    district.scores(4, day=1)
    district.scores(1, day=2)
    district.activates(HIGH.model_copy(update={"terms": since}))
    assert district.level() == ("beginning", None, None, None, "high")
