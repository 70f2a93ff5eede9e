"""Observations: what batches and files bring."""

from typing import Any, Final

import pytest

from domain.evidence.decider import INITIAL, GiveScore, SubmitEvidence, decide, evolve
from domain.evidence.observation import Observation, name_of, observe
from domain.kernel.errors import LedgerError
from domain.kernel.parsing import parse_command
from tests.sample import CATALOGUE, SERVICE, TEACHER, of

WORDS: Final[dict[str, Any]] = {
    "evidence_id": "e1",
    "learner_id": "l-91",
    "competency_id": "4.NF.1",
    "kind": "quiz",
    "value": "3.5",
    "occurred_at": "2026-03-02T10:15:00+01:00",
}


def test_an_observation_makes_the_events_that_the_two_commands_make() -> None:
    submit = of(SubmitEvidence, evidence_id="e1", learner_id="l-91", competency_ids=["4.NF.1"], kind="quiz")
    [submitted] = decide(INITIAL, submit, TEACHER, CATALOGUE)
    give = of(GiveScore, evidence_id="e1", competency_id="4.NF.1", value="3.5")
    [score] = decide(evolve(INITIAL, submitted), give, TEACHER, CATALOGUE)
    assert observe(of(Observation, **WORDS), TEACHER, CATALOGUE) == [submitted, score]


def test_an_observation_without_a_value_is_evidence_alone() -> None:
    [submitted] = observe(of(Observation, **WORDS | {"value": None}), TEACHER, CATALOGUE)
    assert submitted.type == "evidence.submitted.v1"


def test_zero_is_a_value() -> None:
    assert len(observe(of(Observation, **WORDS | {"value": 0}), TEACHER, CATALOGUE)) == 2


def test_an_observation_without_an_id_is_named_by_what_it_says_not_by_where_it_stood() -> None:
    words = WORDS | {"evidence_id": None}
    first = name_of(of(Observation, **words, source={"system": "lms", "batch": "monday", "row": 3}))
    again = name_of(of(Observation, **words, source={"system": "lms", "batch": "friday", "row": 9}))
    other = name_of(of(Observation, **words | {"value": "3"}))
    assert first == again != other
    assert len(first) == 32


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ({"value": "4.5"}, "score-outside-scale"),
        ({"competency_id": "4.NF.9"}, "competency-unknown"),
        ({"scale_id": "stars"}, "scale-unknown"),
        ({"assessor": {"id": "t-9", "role": "teacher"}}, "server-sets-it"),
        ({"value": float("nan")}, "score-not-a-number"),
        ({"value": float("inf")}, "score-not-a-number"),
        ({"value": True}, "score-not-a-number"),
        ({"value": "３"}, "score-not-a-number"),  # noqa: RUF001 - a full-width digit is the point
        ({"value": "3.1234567"}, "score-not-a-number"),
        ({"occurred_at": "2026-03-02T10:15:00"}, "occurred-without-zone"),
        ({"occurred_at": "yesterday"}, "malformed"),
        ({"occurred_at": None}, "malformed"),
        ({"colour": "blue"}, "malformed"),
        ({"recorded_at": "2026-03-02T10:15:00Z"}, "server-sets-it"),
        ({"actor": {"id": "x", "role": "teacher"}}, "server-sets-it"),
        ({"evidence_id": "e" * 191}, "malformed"),
    ],
)
def test_a_bad_observation_is_refused_by_its_rule(words: dict[str, Any], rule: str) -> None:
    with pytest.raises(LedgerError) as refusal:
        observe(parse_command(Observation, WORDS | words), TEACHER, CATALOGUE)
    assert refusal.value.rule == rule


def test_a_service_names_the_assessor() -> None:
    named = of(Observation, **WORDS, assessor={"id": "t-9", "role": "teacher"})
    score = observe(named, SERVICE, CATALOGUE)[1]
    assert score.model_dump()["assessor"] == {"id": "t-9", "role": "teacher"}
