"""The rules of learners and enrolments."""

from typing import Final

from domain.roster.decider import (
    INITIAL,
    ChangeSubgroups,
    EnrolLearner,
    Membership,
    RegisterLearner,
    RosterCommand,
    WithdrawLearner,
    decide,
    evolve,
)
from domain.roster.events import LearnerEnrolled, LearnerRegistered, LearnerWithdrawn, RosterEvent, SubgroupsChanged
from tests.sample import of
from tests.spec import Spec

SPEC: Spec[Membership, RosterCommand, RosterEvent] = Spec(INITIAL, evolve, decide)
given = SPEC.given
REGISTERED: Final = of(LearnerRegistered, learner_id="l-91", display_name="Ada L.", subgroups=["a:N", "b:Y"])
PLACE: Final = {"enrolment_id": "en1", "learner_id": "l-91", "section_id": "math-4-b", "school_id": "river"}
ENROLLED: Final = of(LearnerEnrolled, **PLACE)
WITHDRAWN: Final = of(LearnerWithdrawn, enrolment_id="en1", learner_id="l-91", section_id="math-4-b")
REGISTER: Final = of(RegisterLearner, learner_id="l-91", display_name="Ada L.", subgroups=["b:Y", "a:N", "b:Y"])


def test_a_learner_is_registered_with_sorted_subgroups() -> None:
    given().when(REGISTER).then(REGISTERED)


def test_a_learner_is_registered_once() -> None:
    given(REGISTERED).when(REGISTER).refused("learner-exists", "learner l-91 is registered already")


def test_subgroups_change_as_a_whole() -> None:
    change = of(ChangeSubgroups, learner_id="l-91", subgroups=["c:Y", "a:Y"])
    given(REGISTERED).when(change).then(of(SubgroupsChanged, learner_id="l-91", subgroups=["a:Y", "c:Y"]))


def test_the_same_subgroups_change_nothing() -> None:
    given(REGISTERED).when(of(ChangeSubgroups, learner_id="l-91", subgroups=["b:Y", "a:N"])).then()


def test_an_unknown_learner_has_no_subgroups_to_change() -> None:
    given().when(of(ChangeSubgroups, learner_id="l-91", subgroups=[])).refused("learner-unknown")


def test_an_enrolment_is_opened_once() -> None:
    given().when(of(EnrolLearner, **PLACE)).then(ENROLLED)
    given(ENROLLED).when(of(EnrolLearner, **PLACE)).refused("enrolment-exists")
    given(ENROLLED, WITHDRAWN).when(of(EnrolLearner, **PLACE)).refused("enrolment-exists")


def test_an_open_enrolment_ends_once() -> None:
    given(ENROLLED).when(of(WithdrawLearner, enrolment_id="en1")).then(WITHDRAWN)
    given().when(of(WithdrawLearner, enrolment_id="en1")).refused("enrolment-unknown")
    given(ENROLLED, WITHDRAWN).when(of(WithdrawLearner, enrolment_id="en1")).refused("enrolment-unknown")
