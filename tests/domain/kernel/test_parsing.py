"""What a body that can't be read is told."""

import pytest

from domain.evidence.decider import GiveScore
from domain.goal.decider import NoteGoalProgress
from domain.kernel.errors import Invalid
from domain.kernel.parsing import parse_command, parse_json
from domain.profile.decider import NoteProfileEntry


@pytest.mark.parametrize("text", [b"", b"{", b"[1]", b'"words"', b"{'a': 1}", b'{"a":"\xff"}', rb'{"a":"\\\u0000"}'])
def test_a_body_is_a_json_object_without_the_nul_character(text: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_json(text)
    assert refusal.value.rule == "malformed"


def test_a_backslash_before_u0000_is_only_words() -> None:
    assert parse_json(rb'{"a":"\\u0000"}') == {"a": "\\u0000"}


@pytest.mark.parametrize(
    "text",
    [b'{"a":1,"a":1}', b'{"a" \n: 1, "\\u0061":2}', b'{"b":[{"a":1},{"a":{"c":1,"d":2,"c":3}}]}', b'{"a:":NaN,"a:":1}'],
)
def test_an_object_that_holds_a_name_twice_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid, match="is there twice") as refusal:
        parse_json(text)
    assert refusal.value.rule == "malformed"


def test_words_may_look_like_a_name() -> None:
    assert parse_json(rb'{"a":"say \"a\": 1","b":[{"a":2}]}') == {"a": 'say "a": 1', "b": [{"a": 2}]}


def test_a_fault_names_field_and_command() -> None:
    with pytest.raises(Invalid) as refusal:
        parse_command(GiveScore, {"evidence_id": "e1", "value": "3"})
    assert str(refusal.value) == "competency_id: field required (field competency_id, command GiveScore)"


def test_a_fault_shows_a_number_but_never_personal_text() -> None:
    with pytest.raises(Invalid) as shown:
        parse_command(NoteGoalProgress, {"goal_id": "g1", "note": "x", "percent": 140})
    assert shown.value.context["value"] == 140
    with pytest.raises(Invalid) as hidden:
        parse_command(NoteGoalProgress, {"goal_id": "g1", "note": ["Ada was ill"]})
    assert "Ada" not in str(hidden.value)


def test_a_profile_entry_of_unknown_kind_is_refused() -> None:
    words = {"entry_id": "n1", "learner_id": "l-91", "kind": "weakness", "text": "x"}
    with pytest.raises(Invalid) as refusal:
        parse_command(NoteProfileEntry, words)
    assert refusal.value.context["field"] == "kind"
    assert refusal.value.context["value"] == "weakness"


@pytest.mark.parametrize("words", [{"note": "\t "}, {"percent": True}, {"percent": "40"}])
def test_a_note_says_something_and_a_percentage_is_a_number(words: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_command(NoteGoalProgress, {"goal_id": "g1", "note": "x"} | words)
    assert refusal.value.context["field"] == next(iter(words))


@pytest.mark.parametrize("word", ["actor", "role", "recorded_at", "position"])
def test_the_server_sets_who_and_when(word: str) -> None:
    words = {"evidence_id": "e1", "competency_id": "4.NF.1", "value": "3", word: "x"}
    with pytest.raises(Invalid) as refusal:
        parse_command(GiveScore, words)
    assert refusal.value.rule == "server-sets-it"
