"""What a policy needs before it is in force: a simulation, approvals, free stages, dates that lie ahead."""

from typing import Any, Final

import pytest

from domain.policy.commands import ApprovePolicy, DraftPolicy, Limits, PublishPolicy, RecordSimulation
from domain.policy.events import PolicyEvent, PolicyRetired, Reach, Terms
from tests.domain.policy.life import (
    ADA,
    BEN,
    HIGHEST,
    LATEST,
    REASON,
    activated,
    approved,
    drafted,
    given,
    published,
    simulated,
    spec,
    version,
)
from tests.sample import TEACHER, of

APPROVE: Final = of(ApprovePolicy, policy_id="p1", reason=REASON)
PUBLISH: Final = of(PublishPolicy, policy_id="p1", reason=REASON)
SIMULATED: Final = (drafted(1, LATEST), simulated(LATEST))
APPROVED: Final = (*SIMULATED, approved(LATEST, ADA), approved(LATEST, BEN))
SINCE_AUGUST: Final = Terms(reach=Reach.EVIDENCE_SINCE, evidence_since="2026-08-01")


def test_a_simulation_is_recorded_of_any_drafted_revision() -> None:
    words = {"policy_id": "p1", "revision": 1, "simulation_id": "sim-1", "at_position": 400, "digest": "1.00"}
    record = of(RecordSimulation, **words, cells=1, moved=0, matrix={})
    given(drafted(1, LATEST)).when(record).then(simulated(LATEST))
    given(drafted(1, LATEST), drafted(2, HIGHEST)).when(record).then(simulated(LATEST))
    other = record.model_copy(update={"revision": 2})
    given(drafted(1, LATEST)).when(other).refused("policy-version-unknown")
    contradicting = record.model_copy(update={"terms": Terms(reach=Reach.EVIDENCE_SINCE)})
    given(drafted(1, LATEST)).when(contradicting).refused("terms-invalid", "reach evidence_since needs evidence_since")


def test_two_people_who_did_not_write_it_approve_a_revision() -> None:
    spec(actor=ADA).given(*SIMULATED).when(APPROVE).then(approved(LATEST, ADA))
    spec(actor=BEN).given(*SIMULATED, approved(LATEST, ADA)).when(APPROVE).then(approved(LATEST, BEN))


def test_an_author_of_the_same_text_does_not_approve_it() -> None:
    spec(actor=TEACHER).given(*SIMULATED).when(APPROVE).refused(
        "approval-by-author", "t-1 wrote revision 1 (policy p1)"
    )
    again = (drafted(1, LATEST), drafted(2, HIGHEST, ADA), drafted(3, LATEST, BEN), simulated(LATEST, 3))
    spec(actor=TEACHER).given(*again).when(APPROVE).refused("approval-by-author")
    spec(actor=BEN).given(*again).when(APPROVE).refused("approval-by-author")
    spec(actor=ADA).given(*again).when(APPROVE).then(approved(LATEST, ADA, 3))


def test_a_person_approves_a_revision_once() -> None:
    spec(actor=ADA).given(*SIMULATED, approved(LATEST, ADA)).when(APPROVE).refused(
        "approval-given", "a-ada has approved revision 1 already (policy p1)"
    )


def test_what_is_approved_is_the_last_revision_and_was_simulated() -> None:
    spec(actor=ADA).given(drafted(1, LATEST)).when(APPROVE).refused("policy-not-simulated")
    spec(actor=ADA).given(*SIMULATED, drafted(2, HIGHEST)).when(APPROVE).refused(
        "policy-not-simulated", "revision 2 has no finished simulation (policy p1)"
    )
    first = of(ApprovePolicy, policy_id="p1", revision=1, reason=REASON)
    spec(actor=ADA).given(*SIMULATED, drafted(2, HIGHEST), simulated(HIGHEST, 2)).when(first).refused(
        "policy-superseded", "revision 1 is not the last one, 2 is (policy p1)"
    )


@pytest.mark.parametrize("command", [ApprovePolicy, PublishPolicy])
def test_what_is_approved_or_published_has_a_reason(command: type[ApprovePolicy | PublishPolicy]) -> None:
    spec(actor=ADA).given(*APPROVED).when(of(command, policy_id="p1")).refused("reason-required")


def test_an_approved_revision_is_published_on_the_terms_that_were_simulated() -> None:
    given(*APPROVED).when(PUBLISH).then(published(LATEST))
    terms = {"reach": "new_learners", "hold_harmless": "never_lower"}
    held = (drafted(1, LATEST), simulated(LATEST, terms=terms), approved(LATEST, ADA), approved(LATEST, BEN))
    given(*held).when(PUBLISH).then(published(LATEST, terms=terms))
    other = of(PublishPolicy, policy_id="p1", reason=REASON, terms={"hold_harmless": "never_lower"})
    given(*held).when(other).refused("terms-not-simulated")


def test_a_publication_says_where_the_revision_decides() -> None:
    where: dict[str, Any] = {"framework_id": "math-4", "competency_id": "4.NF.1"}
    draft = drafted(1, LATEST, **where)
    steps = (draft, simulated(LATEST, scope=where), approved(LATEST, ADA), approved(LATEST, BEN))
    given(*steps).when(PUBLISH).then(published(LATEST, **where))


def test_a_new_revision_is_simulated_and_approved_anew() -> None:
    revised = (*APPROVED, drafted(2, HIGHEST))
    given(*revised).when(PUBLISH).refused("policy-not-simulated")
    given(*revised, simulated(HIGHEST, 2)).when(PUBLISH).refused(
        "policy-not-approved", "revision 2 has 0 of 2 approvals (policy p1)"
    )
    old = of(PublishPolicy, policy_id="p1", version=version(LATEST), reason=REASON)
    given(*revised).when(old).refused("policy-superseded")


def test_a_later_simulation_on_the_same_terms_keeps_the_approvals() -> None:
    fresh = simulated(LATEST, simulation_id="sim-2", at_position=450)
    given(*APPROVED, fresh).when(PUBLISH).then(published(LATEST, simulation_id="sim-2"))
    elsewise = simulated(LATEST, simulation_id="sim-3", terms=SINCE_AUGUST)
    given(*APPROVED, elsewise).when(PUBLISH).refused("policy-not-approved")


def test_the_simulation_of_an_earlier_revision_is_for_comparison_only() -> None:
    steps = (drafted(1, HIGHEST), drafted(2, LATEST), simulated(LATEST, 2), approved(LATEST, ADA, 2))
    compared = (*steps, simulated(HIGHEST, 1, simulation_id="sim-9"), approved(LATEST, BEN, 2))
    given(*compared).when(PUBLISH).then(published(LATEST, 2))


def test_a_simulation_may_be_so_many_positions_old() -> None:
    spec(limits=Limits(2, 100)).given(*APPROVED).when(PUBLISH).then(published(LATEST))
    spec(limits=Limits(2, 99)).given(*APPROVED).when(PUBLISH).refused(
        "simulation-too-old", "the simulation is 100 positions old, at most 99 are taken (simulation sim-1)"
    )


def test_a_simulation_was_made_under_the_policies_in_force() -> None:
    spec(switched_at=400).given(*APPROVED).when(PUBLISH).then(published(LATEST))
    spec(switched_at=401).given(*APPROVED).when(PUBLISH).refused(
        "simulation-too-old",
        "the simulation is of position 400, the policies in force came after it (simulation sim-1, since 401)",
    )


def test_a_district_says_how_many_approve() -> None:
    spec(limits=Limits(approvals_min=1)).given(*SIMULATED, approved(LATEST, ADA)).when(PUBLISH).then(published(LATEST))
    given(*SIMULATED, approved(LATEST, ADA)).when(PUBLISH).refused(
        "policy-not-approved", "revision 1 has 1 of 2 approvals (policy p1)"
    )


def test_only_drafted_versions_are_published() -> None:
    given().when(PUBLISH).refused("policy-unknown")
    other = of(PublishPolicy, policy_id="p1", version="0" * 64, reason=REASON)
    given(*APPROVED).when(other).refused("policy-version-unknown")


def test_a_version_that_is_awaited_or_in_force_is_not_published_again() -> None:
    given(*APPROVED, published(LATEST)).when(PUBLISH).refused("policy-live")
    live = activated("p1", LATEST)
    spec(live).given(*APPROVED, published(LATEST), live).when(PUBLISH).refused("policy-live")


def test_a_version_that_another_policy_replaced_is_published_again_with_new_approvals() -> None:
    live = activated("p1", LATEST)
    replaced = spec(live, activated("p2", HIGHEST))
    past = (*APPROVED, published(LATEST), live)
    replaced.given(*past).when(PUBLISH).refused("policy-not-simulated")
    again = (*past, simulated(LATEST), approved(LATEST, ADA), approved(LATEST, BEN))
    replaced.given(*again).when(PUBLISH).then(published(LATEST))


def test_a_policy_in_force_gets_other_terms_by_another_publication() -> None:
    live = activated("p1", LATEST)
    held = simulated(LATEST, terms={"hold_harmless": "never_lower"})
    past = (*APPROVED, published(LATEST), live, held, approved(LATEST, ADA), approved(LATEST, BEN))
    spec(live).given(*past).when(PUBLISH).then(published(LATEST, terms={"hold_harmless": "never_lower"}))


def test_a_policy_comes_into_force_ahead_and_ends_after_it_began() -> None:
    ahead: dict[str, Any] = {"effective_from": "2026-08-01T00:00:00+02:00", "effective_to": "2027-07-31T00:00:00+02:00"}
    given(*APPROVED).when(of(PublishPolicy, policy_id="p1", reason=REASON, **ahead)).then(published(LATEST, **ahead))
    just_now: dict[str, Any] = {"effective_from": "2026-02-28T23:55:00Z"}
    given(*APPROVED).when(of(PublishPolicy, policy_id="p1", reason=REASON, **just_now)).then(
        published(LATEST, **just_now)
    )
    for dates in (
        {"effective_from": "2026-02-28T23:54:59Z"},
        {"effective_to": "2026-03-01T00:00:00Z"},
        {"effective_from": "2026-08-01T00:00:00Z", "effective_to": "2026-08-01T00:00:00Z"},
    ):
        wrong = of(PublishPolicy, policy_id="p1", reason=REASON, **dates)
        given(*APPROVED).when(wrong).refused("effective-dates")


def test_a_version_that_the_lint_denies_is_neither_approved_nor_published() -> None:
    timed = LATEST | {"select": {"kinds": ["attendance", "essay"]}}
    steps = (drafted(1, timed), simulated(timed))
    spec(actor=ADA).given(*steps).when(APPROVE).refused("policy-denied-by-lint")
    given(*steps).when(PUBLISH).refused(
        "policy-denied-by-lint",
        "kind attendance says how long or how willingly a learner worked, not what the learner can do "
        "(finding counts-time-or-effort, place select.kinds)",
    )


def test_the_lint_knows_the_scale_of_the_framework() -> None:
    high = LATEST | {"scale": None, "levels": [{"code": "proficient", "at": "4.5"}]}
    rest = (simulated(high), approved(high, ADA), approved(high, BEN))
    given(drafted(1, high, framework_id="math-4"), *rest).when(PUBLISH).refused("policy-denied-by-lint")
    given(drafted(1, high), *rest).when(PUBLISH).then(published(high))


def locking(**scope: Any) -> tuple[PolicyEvent, ...]:
    """Return a policy in force that takes the highest score and says that this shall stay so."""
    draft = drafted(1, HIGHEST, policy_id="district", locked=["combine"], **scope)
    return draft, published(HIGHEST, policy_id="district", **scope), activated("district", HIGHEST, **scope)


def test_a_stage_that_is_locked_above_is_not_changed_below() -> None:
    draft = of(DraftPolicy, policy_id="p1", document=LATEST, school_id="north")
    fault = "stage combine is locked (by district, revision 1)"
    spec(*locking()).given().when(draft).refused("stage-locked", fault)
    steps = (drafted(1, LATEST, school_id="north"), *APPROVED[1:])
    spec(*locking()).given(*steps).when(PUBLISH).refused("stage-locked", fault)
    same = of(DraftPolicy, policy_id="p1", document=HIGHEST | {"name": "Ours"}, school_id="north")
    spec(*locking()).given().when(same).then(drafted(1, HIGHEST | {"name": "Ours"}, school_id="north"))


NORTH: Final = {"school_id": "north"}
NORTH_ALGEBRA: Final = {"school_id": "north", "course_id": "algebra"}
MATH: Final = {"framework_id": "math-4"}
WHOLE: Final = {"framework_id": "math-4", "competency_id": "4.NF.1"}
PART: Final = {"framework_id": "math-4", "competency_id": "4.NF.2"}


@pytest.mark.parametrize(
    ("above", "below"),
    [({}, {"course_id": "algebra"}), (NORTH, NORTH_ALGEBRA), (MATH, PART), (WHOLE, PART), ({}, WHOLE)],
)
def test_a_lock_holds_in_the_scopes_that_lie_inside(above: dict[str, Any], below: dict[str, Any]) -> None:
    draft = of(DraftPolicy, policy_id="p1", document=LATEST, **below)
    spec(*locking(**above)).given().when(draft).refused("stage-locked")


@pytest.mark.parametrize(
    ("above", "below"),
    [({}, {}), ({"school_id": "south"}, NORTH_ALGEBRA), (NORTH, {}), (PART, WHOLE), (WHOLE, MATH), (WHOLE, NORTH)],
)
def test_a_lock_leaves_what_does_not_lie_inside(above: dict[str, Any], below: dict[str, Any]) -> None:
    draft = of(DraftPolicy, policy_id="p1", document=LATEST, **below)
    spec(*locking(**above)).given().when(draft).then(drafted(1, LATEST, **below))


def test_a_lock_ends_with_the_policy_that_holds_it() -> None:
    draft = of(DraftPolicy, policy_id="p1", document=LATEST, school_id="north")
    retired = of(PolicyRetired, policy_id="district", version=version(HIGHEST), policies=())
    spec(*locking(), retired).given().when(draft).then(drafted(1, LATEST, school_id="north"))
    spec(*locking()[:2]).given().when(draft).then(drafted(1, LATEST, school_id="north"))
