"""The rules of judgements."""

from typing import Any, Final

from domain.mastery.decider import (
    INITIAL,
    JudgementCommand,
    LiftJudgement,
    RecordJudgement,
    Standing,
    decide,
    evolve,
    stream_of,
)
from domain.mastery.events import JudgementEvent, JudgementLifted, JudgementRecorded
from tests.sample import CATALOGUE, REASON, of
from tests.spec import Spec

SPEC: Spec[Standing, JudgementCommand, JudgementEvent] = Spec(
    INITIAL, evolve, lambda state, command: decide(state, command, CATALOGUE)
)
given = SPEC.given
CELL: Final[dict[str, Any]] = {"learner_id": "l-91", "competency_id": "4.NF.1"}
RECORDED: Final = of(JudgementRecorded, judgement_id="j1", **CELL, level="proficient")
LIFTED: Final = of(JudgementLifted, judgement_id="j1", **CELL)
RECORD: Final = of(RecordJudgement, judgement_id="j1", **CELL, level="proficient", reason=REASON)
LIFT: Final = of(LiftJudgement, **CELL, reason=REASON)


def test_one_judgement_is_in_force_for_a_cell() -> None:
    given().when(RECORD).then(RECORDED)
    given(RECORDED).when(RECORD).refused("judgement-active")
    given(RECORDED, LIFTED).when(RECORD).then(RECORDED)


def test_a_judgement_in_force_is_lifted() -> None:
    given(RECORDED).when(LIFT).then(LIFTED)
    given().when(LIFT).refused("judgement-unknown")
    given(RECORDED, LIFTED).when(LIFT).refused("judgement-unknown")


def test_a_judgement_needs_a_reason() -> None:
    given().when(RECORD.model_copy(update={"reason": None})).refused("reason-required")
    given(RECORDED).when(LIFT.model_copy(update={"reason": None})).refused("reason-required")


def test_a_judgement_names_a_level_of_the_scale_and_a_held_competency() -> None:
    given().when(RECORD.model_copy(update={"level": "great"})).refused("level-unknown")
    given().when(RECORD.model_copy(update={"competency_id": "4.NF.9"})).refused("competency-unknown")


def test_two_cells_never_share_a_stream() -> None:
    one = of(LiftJudgement, learner_id="a:b", competency_id="c")
    other = of(LiftJudgement, learner_id="a", competency_id="b:c")
    names = {stream_of(command.learner_id, command.competency_id) for command in (one, other)}
    assert names == {"judgement-a:b/c", "judgement-a/b:c"}
