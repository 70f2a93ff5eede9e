"""The rules of evidence and scores."""

from typing import Final

import pytest

from domain.evidence.decider import (
    INITIAL,
    AlignEvidence,
    CorrectScore,
    Evidence,
    EvidenceCommand,
    GiveScore,
    ResubmitEvidence,
    SubmitEvidence,
    VoidScore,
    WithdrawEvidence,
    decide,
    evolve,
)
from domain.evidence.events import (
    EvidenceAligned,
    EvidenceEvent,
    EvidenceResubmitted,
    EvidenceSubmitted,
    EvidenceWithdrawn,
    ScoreCorrected,
    ScoreGiven,
    ScoreVoided,
)
from domain.kernel.envelope import Actor
from tests.sample import CATALOGUE, REASON, SERVICE, TEACHER, of
from tests.spec import Spec


def spec(actor: Actor = TEACHER) -> Spec[Evidence, EvidenceCommand, EvidenceEvent]:
    return Spec(INITIAL, evolve, lambda state, command: decide(state, command, actor, CATALOGUE))


given = spec().given
ABOUT: Final = {"evidence_id": "e1", "learner_id": "l-91"}
SUBMITTED: Final = of(EvidenceSubmitted, **ABOUT, competency_ids=["4.NF.1"], kind="quiz", task="a7")
GIVEN: Final = of(
    ScoreGiven,
    **ABOUT,
    score_id="e1.1",
    competency_id="4.NF.1",
    framework_id="math-4",
    scale_id="four-point",
    value_micro=3_500_000,
    possible_micro=4_000_000,
    kind="quiz",
    task="a7",
    assessor=TEACHER,
)
CORRECTED: Final = of(
    ScoreCorrected,
    **ABOUT,
    score_id="e1.1",
    competency_id="4.NF.1",
    revision=2,
    before_micro=3_500_000,
    value_micro=3_000_000,
)
VOIDED: Final = of(ScoreVoided, **ABOUT, score_id="e1.1", competency_id="4.NF.1", before_micro=3_500_000)
WITHDRAWN: Final = of(EvidenceWithdrawn, **ABOUT, score_ids=["e1.1"])
SUBMIT: Final = of(SubmitEvidence, **ABOUT, competency_ids=["4.NF.1", "4.NF.1"], kind="quiz", task="a7")
GIVE: Final = of(GiveScore, evidence_id="e1", competency_id="4.NF.1", value="3.5")
CORRECT: Final = of(CorrectScore, score_id="e1.1", value="3", reason=REASON)
VOID: Final = of(VoidScore, score_id="e1.1", reason=REASON)
WITHDRAW: Final = of(WithdrawEvidence, evidence_id="e1", reason=REASON)


def test_evidence_is_submitted_for_each_competency_once() -> None:
    given().when(SUBMIT).then(SUBMITTED)


def test_evidence_is_submitted_once() -> None:
    given(SUBMITTED).when(SUBMIT).refused("evidence-exists", "evidence e1 is on record already")


def test_evidence_is_for_competencies_that_a_framework_holds() -> None:
    unheld = of(SubmitEvidence, **ABOUT, competency_ids=["4.NF.9"], kind="quiz")
    given().when(unheld).refused("competency-unknown", "competency 4.NF.9 is in no published framework")


def test_an_alignment_names_the_new_competencies_only() -> None:
    align = of(AlignEvidence, evidence_id="e1", competency_ids=["4.NF.2", "4.NF.1"])
    given(SUBMITTED).when(align).then(of(EvidenceAligned, **ABOUT, competency_ids=["4.NF.2"]))


def test_an_alignment_that_holds_already_adds_nothing() -> None:
    given(SUBMITTED).when(of(AlignEvidence, evidence_id="e1", competency_ids=["4.NF.1"])).then()


def test_a_score_carries_learner_kind_and_task_of_its_evidence() -> None:
    given(SUBMITTED).when(GIVE).then(GIVEN)


def test_a_score_of_a_second_attempt_says_so() -> None:
    second = of(EvidenceResubmitted, **ABOUT, attempt=2)
    given(SUBMITTED).when(of(ResubmitEvidence, evidence_id="e1")).then(second)
    expected = GIVEN.model_copy(update={"score_id": "e1.2", "attempt": 2})
    given(SUBMITTED, GIVEN, second).when(GIVE).then(expected)


def test_a_score_may_be_on_another_scale_than_the_framework() -> None:
    give = GIVE.model_copy(update={"scale_id": "points-20", "value": 17_000_000})
    words = {"scale_id": "points-20", "value_micro": 17_000_000, "possible_micro": 20_000_000}
    given(SUBMITTED).when(give).then(GIVEN.model_copy(update=words))


@pytest.mark.parametrize("value", [-1, 4_000_001])
def test_a_score_lies_on_its_scale(value: int) -> None:
    given(SUBMITTED).when(GIVE.model_copy(update={"value": value})).refused("score-outside-scale")


def test_the_refusal_of_a_score_names_value_span_task_and_learner() -> None:
    give = of(GiveScore, evidence_id="e1", competency_id="4.NF.1", value="21", scale_id="points-20")
    given(SUBMITTED).when(give).refused("score-outside-scale", "score 21 is outside 0..20 (task a7, learner l-91)")


@pytest.mark.parametrize("value", [0, 4_000_000])
def test_both_ends_of_the_scale_are_scores(value: int) -> None:
    given(SUBMITTED).when(GIVE.model_copy(update={"value": value})).then(
        GIVEN.model_copy(update={"value_micro": value})
    )


def test_a_score_is_given_on_a_published_scale() -> None:
    given(SUBMITTED).when(GIVE.model_copy(update={"scale_id": "stars"})).refused("scale-unknown")


def test_a_score_is_given_for_an_aligned_competency() -> None:
    given(SUBMITTED).when(GIVE.model_copy(update={"competency_id": "4.NF.2"})).refused("competency-not-aligned")


def test_unknown_evidence_takes_no_score() -> None:
    given().when(GIVE).refused("evidence-unknown", "evidence e1 is not on record")


@pytest.mark.parametrize("command", [GIVE, CORRECT, VOID, WITHDRAW, of(ResubmitEvidence, evidence_id="e1")])
def test_withdrawn_evidence_takes_no_further_act(command: EvidenceCommand) -> None:
    given(SUBMITTED, GIVEN, WITHDRAWN).when(command).refused("evidence-withdrawn", "evidence e1 is withdrawn")


def test_withdrawn_evidence_is_not_submitted_again() -> None:
    given(SUBMITTED, WITHDRAWN).when(SUBMIT).refused("evidence-exists")


def test_a_service_says_who_assessed() -> None:
    named = GIVE.model_copy(update={"assessor": TEACHER})
    spec(SERVICE).given(SUBMITTED).when(named).then(GIVEN)
    given(SUBMITTED).when(named).refused("server-sets-it")


def test_a_correction_keeps_what_was_before() -> None:
    given(SUBMITTED, GIVEN).when(CORRECT).then(CORRECTED)


def test_a_second_correction_follows_the_first() -> None:
    again = of(CorrectScore, score_id="e1.1", value="2", reason=REASON)
    words = {"revision": 3, "before_micro": 3_000_000, "value_micro": 2_000_000}
    given(SUBMITTED, GIVEN, CORRECTED).when(again).then(CORRECTED.model_copy(update=words))


@pytest.mark.parametrize("command", [CORRECT, VOID, WITHDRAW])
def test_a_correction_a_void_and_a_withdrawal_need_a_reason(command: EvidenceCommand) -> None:
    without = command.model_copy(update={"reason": None})
    given(SUBMITTED, GIVEN).when(without).refused("reason-required")
    blank = command.model_copy(update={"reason": REASON.model_copy(update={"code": " "})})
    given(SUBMITTED, GIVEN).when(blank).refused("reason-required")


def test_a_correction_changes_the_value() -> None:
    same = of(CorrectScore, score_id="e1.1", value="3.50", reason=REASON)
    given(SUBMITTED, GIVEN).when(same).refused("value-unchanged", "score e1.1 is 3.5 already")


def test_a_correction_stays_on_the_scale() -> None:
    beyond = of(CorrectScore, score_id="e1.1", value="4.1", reason=REASON)
    given(SUBMITTED, GIVEN).when(beyond).refused("score-outside-scale")


def test_a_score_that_was_not_given_is_not_corrected() -> None:
    given(SUBMITTED).when(CORRECT).refused("score-unknown")


def test_a_void_names_the_value_that_counts_no_more() -> None:
    given(SUBMITTED, GIVEN).when(VOID).then(VOIDED)


@pytest.mark.parametrize("command", [CORRECT, VOID])
def test_a_voided_score_takes_no_further_act(command: EvidenceCommand) -> None:
    given(SUBMITTED, GIVEN, VOIDED).when(command).refused("score-voided", "score e1.1 is voided")


def test_a_withdrawal_names_the_scores_that_still_counted() -> None:
    second = GIVEN.model_copy(update={"score_id": "e1.2"})
    given(SUBMITTED, GIVEN, second, VOIDED).when(WITHDRAW).then(of(EvidenceWithdrawn, **ABOUT, score_ids=["e1.2"]))
