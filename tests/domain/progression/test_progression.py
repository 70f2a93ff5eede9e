"""Official acts: given once, on what was mastered."""

from typing import Any

from domain.kernel.envelope import Actor
from domain.kernel.ids import CompetencyId, LearnerId, LevelCode, PolicyId, PolicyVersion
from domain.policy.starters import DEFAULT
from domain.progression.decider import (
    INITIAL,
    Act,
    AwardCredit,
    DeclineAdvancement,
    Giving,
    GrantAdvancement,
    IssueReportCard,
    RequestAdvancement,
    RevokeCredit,
    SettleReview,
    decline,
    evolve,
    give,
    grant,
    revoke,
    settle,
)
from domain.progression.events import (
    AdvancementDeclined,
    AdvancementGranted,
    AdvancementRequested,
    Basis,
    CreditAwarded,
    CreditRevoked,
    ProgressionEvent,
    ReportCardIssued,
    ReportLine,
    ReviewSettled,
)
from domain.progression.standing import Standing, Stood
from tests.sample import CATALOGUE, LEARNER, REASON, TEACHER, of
from tests.spec import Spec

NF1, NF2 = CompetencyId("4.NF.1"), CompetencyId("4.NF.2")


def basis(competency_id: CompetencyId, level: str) -> Basis:
    return Basis(
        competency_id=competency_id,
        policy_id=PolicyId("default"),
        policy_version=PolicyVersion(DEFAULT.version),
        level=LevelCode(level),
        mastered_level=LevelCode("proficient"),
        value_micro=87_500_000,
        evidence_digest="ff",
    )


MASTERED = basis(NF1, "advanced")
STOOD = Stood(
    LearnerId("l-91"),
    40,
    {NF1: Standing(MASTERED, DEFAULT), NF2: Standing(basis(NF2, "developing"), DEFAULT)},
)
ACT: dict[str, Any] = {"act_id": "a1", "learner_id": "l-91"}
ABOUT = {**ACT, "competency_id": NF1}
REQUESTED = of(AdvancementRequested, **ABOUT)
GRANTED = of(AdvancementGranted, **ABOUT, basis=MASTERED, decided_position=40)
AWARDED = of(CreditAwarded, **ACT, title="Fractions", credits_micro=500_000, bases=(MASTERED,), decided_position=40)


def giving(actor: Actor, stood: Stood = STOOD) -> Spec[Act, Giving, ProgressionEvent]:
    return Spec(INITIAL, evolve, lambda state, command: give(state, command, actor, stood, CATALOGUE))


def settling(*causes: int) -> Spec[Act, SettleReview, ProgressionEvent]:
    return Spec(INITIAL, evolve, lambda state, command: settle(state, command, causes))


by_learner, by_teacher = giving(LEARNER), giving(TEACHER)
granting: Spec[Act, GrantAdvancement, ProgressionEvent] = Spec(
    INITIAL, evolve, lambda state, command: grant(state, command, STOOD)
)
declining = Spec(INITIAL, evolve, decline)
revoking = Spec(INITIAL, evolve, revoke)


def test_a_learner_requests_and_an_educator_grants() -> None:
    by_learner.given().when(of(RequestAdvancement, **ABOUT)).then(REQUESTED)
    granting.given(REQUESTED).when(of(GrantAdvancement, act_id="a1")).then(GRANTED)


def test_what_an_educator_requests_is_granted_at_once() -> None:
    by_teacher.given().when(of(RequestAdvancement, **ABOUT)).then(REQUESTED, GRANTED)


def test_nothing_is_requested_or_awarded_on_what_is_not_mastered() -> None:
    fault = "level is developing, mastered is proficient (learner l-91, competency 4.NF.2, policy default, position 40)"
    by_learner.given().when(of(RequestAdvancement, **{**ABOUT, "competency_id": NF2})).refused("not-mastered", fault)
    credit = of(AwardCredit, **ACT, title="Fractions", credits="0.5", competency_ids=[NF1, NF2])
    by_teacher.given().when(credit).refused("not-mastered", fault)
    unseen = of(RequestAdvancement, **{**ABOUT, "competency_id": "4.NF.3"})
    by_learner.given().when(unseen).refused("competency-unknown")


def test_credit_rests_on_each_competency_once_and_is_above_0() -> None:
    words = {**ACT, "title": "Fractions", "competency_ids": [NF1, NF1]}
    by_teacher.given().when(of(AwardCredit, **words, credits="0.5")).then(AWARDED)
    by_teacher.given().when(of(AwardCredit, **words, credits="0")).refused("malformed")


def test_a_report_card_tells_of_all_with_evidence_or_of_what_is_named() -> None:
    lines = (ReportLine(basis=MASTERED), ReportLine(basis=basis(NF2, "developing")))
    card = of(ReportCardIssued, **ACT, period="autumn", lines=lines, decided_position=40)
    by_teacher.given().when(of(IssueReportCard, **ACT, period="autumn")).then(card)
    named = of(IssueReportCard, **ACT, period="autumn", competency_ids=[NF1])
    by_teacher.given().when(named).then(card.model_copy(update={"lines": lines[:1]}))
    unknown = of(IssueReportCard, **ACT, period="autumn", competency_ids=["9.X"])
    by_teacher.given().when(unknown).refused("competency-unknown")
    nobody = giving(TEACHER, Stood(LearnerId("l-91"), 3, {}))
    nobody.given().when(of(IssueReportCard, **ACT, period="autumn")).refused("nothing-to-report")
    nobody.given().when(named).refused("nothing-to-report")


def test_an_act_is_given_once_and_a_request_answered_once() -> None:
    by_teacher.given(AWARDED).when(of(RequestAdvancement, **ABOUT)).refused("act-exists")
    granting.given(REQUESTED, GRANTED).when(of(GrantAdvancement, act_id="a1")).refused("act-closed")
    granting.given().when(of(GrantAdvancement, act_id="a1")).refused("act-unknown")


def test_a_refusal_of_a_request_has_a_reason() -> None:
    declining.given(REQUESTED).when(of(DeclineAdvancement, act_id="a1")).refused("reason-required")
    declined = of(AdvancementDeclined, **ABOUT)
    declining.given(REQUESTED).when(of(DeclineAdvancement, act_id="a1", reason=REASON)).then(declined)
    granting.given(REQUESTED, declined).when(of(GrantAdvancement, act_id="a1")).refused("act-closed")


def test_only_credit_is_revoked_and_only_once() -> None:
    revoked = of(CreditRevoked, **ACT)
    command = of(RevokeCredit, act_id="a1", reason=REASON)
    revoking.given(AWARDED).when(command).then(revoked)
    revoking.given(AWARDED, revoked).when(command).refused("act-closed")
    revoking.given(REQUESTED, GRANTED).when(command).refused("act-unknown")
    revoking.given(AWARDED).when(of(RevokeCredit, act_id="a1")).refused("reason-required")


def test_a_review_is_settled_while_the_act_lacks_its_basis() -> None:
    upheld = of(ReviewSettled, **ACT, outcome="upheld", cause_positions=(50, 52))
    revoked = of(ReviewSettled, **ACT, outcome="revoked", cause_positions=(50, 52))
    uphold = of(SettleReview, act_id="a1", outcome="upheld", reason=REASON)
    settling(52, 50).given(REQUESTED, GRANTED).when(uphold).then(upheld)
    settling(52, 50).given(AWARDED, upheld).when(of(SettleReview, act_id="a1", outcome="revoked", reason=REASON)).then(
        revoked
    )
    settling(52, 50).given(AWARDED, revoked).when(uphold).refused("act-closed")
    settling(52, 50).given(REQUESTED).when(uphold).refused("act-unknown")
    settling().given(AWARDED).when(uphold).refused("review-not-open")
    settling(52, 50).given(AWARDED).when(of(SettleReview, act_id="a1", outcome="upheld")).refused("reason-required")
