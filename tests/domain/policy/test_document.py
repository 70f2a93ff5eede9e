"""The policy language: what it accepts, what it refuses, how a document is identified."""

import json

import pytest

from domain.kernel.errors import Invalid
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.starters import DEFAULT, FOUR_LEVELS, PERCENT, STARTERS, starter

MEAN = {"name": "mean", "combine": {"op": "mean"}}
LEVELS = [{"code": "high", "at": "3.50"}, {"code": "low", "at": 1}]


def test_a_document_is_read_and_its_canonical_text_is_fixed() -> None:
    policy = parse_policy(MEAN | {"levels": LEVELS, "select": {"kinds": ["quiz", "essay", "quiz"]}})
    assert policy.canonical_json == (
        '{"clock":{"missing":"oldest","order":"occurred"},"combine":{"op":"mean"},"judgement":{"allowed":true},'
        '"levels":[{"at":"3.5","code":"high"},{"at":"1","code":"low"}],"name":"mean","require":[],'
        '"round":{"mode":"half_up","places":6},"select":{"kinds":["essay","quiz"]},"unmet":"insufficient"}'
    )
    assert policy.version == "1e966346e7ee697f3471b49de028b6741706a6f4886c1f5f13e4e460ea8df90a"


def test_the_canonical_text_reads_back_to_the_same_policy() -> None:
    policy = parse_policy(MEAN | {"levels": LEVELS, "unmet": {"cap": "low"}, "require": [{"count_at_least": 2}]})
    assert parse_policy(json.loads(policy.canonical_json)) == policy


def test_the_version_depends_on_the_content_and_not_on_its_spelling() -> None:
    one = parse_policy({"combine": {"op": "mean"}, "levels": [{"at": "3.50", "code": "a"}], "name": "p"})
    same = parse_policy({"name": "p", "levels": [{"code": "a", "at": "3.5"}], "combine": {"op": "mean"}, "require": []})
    other = parse_policy({"name": "p", "levels": [{"code": "a", "at": "3.6"}], "combine": {"op": "mean"}})
    assert one.version == same.version
    assert one.version != other.version


@pytest.mark.parametrize(
    ("stages", "fault"),
    [
        (
            {"combine": {"op": "bayes"}},
            "combine: input tag 'bayes' found using 'op' does not match any of the expected",
        ),
        ({"colour": "red"}, "colour: extra inputs are not permitted"),
        ({"combine": {"op": "mean", "rate": "0.5"}}, "combine.mean.rate: extra inputs are not permitted"),
        (
            {"normalise": {"to_max": 4.0}},
            "normalise.to_max: value error, 4.0 is not an exact decimal; write it as text",
        ),
        (
            {"normalise": {"to_max": True}},
            "normalise.to_max: value error, True is not an exact decimal; write it as text",
        ),
        ({"normalise": {"to_max": "NaN"}}, "score 'NaN' is not a decimal of at most 9 digits and 6 places"),
        ({"normalise": {"to_max": "0"}}, "normalise.to_max: value error, 0 is not above 0"),
        ({"levels": [{"code": "a", "at": "1"}, {"code": "a", "at": "2"}]}, "levels a, a repeat a code"),
        (
            {"levels": [{"code": "a", "at": "1"}, {"code": "b", "at": "3"}, {"code": "c", "at": "2"}]},
            "level cuts 1, 3, 2 are not strictly ordered",
        ),
        (
            {"levels": [{"code": "a", "at": "1"}, {"code": "b", "at": "1.0"}]},
            "level cuts 1, 1 are not strictly ordered",
        ),
        ({"levels": LEVELS, "unmet": {"cap": "middle"}}, "cap middle is not one of the levels"),
        ({"replace": {"keep": "pooled"}}, "replace keep pooled needs normalise"),
        ({"weigh": {"own": True}}, "weigh and combine mean do not go together"),
        ({"combine": {"op": "weighted_mean"}}, "weigh and combine weighted_mean do not go together"),
        ({"combine": {"op": "decaying", "rate": "1.5"}}, "1.5 is outside 0.01..1"),
        (
            {"combine": {"op": "weighted_mean"}, "weigh": {"by_kind": {"quiz": "-1"}}},
            "weigh.by_kind.quiz: value error, -1 is outside 0..1000",
        ),
        ({"round": {"places": 7}}, "round.places: input should be less than or equal to 6"),
        ({"clock": {"missing": "newest"}}, "clock.missing: input should be 'oldest'"),
    ],
)
def test_a_document_outside_the_language_is_refused_by_name(stages: dict[str, object], fault: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_policy(MEAN | stages)
    assert fault in str(refusal.value)


def test_an_unknown_operation_lists_those_that_are_known() -> None:
    with pytest.raises(Invalid, match="'latest', 'highest', 'mean', 'weighted_mean', 'mean_of_kinds', 'median'"):
        parse_policy({"name": "p", "combine": {"op": "bayes"}})


def test_text_that_is_not_an_object_is_refused() -> None:
    with pytest.raises(Invalid, match="document: input should be a valid dictionary"):
        parse_policy("mean")


def test_levels_may_be_listed_from_either_end() -> None:
    assert parse_policy(MEAN | {"levels": LEVELS}).level_codes == ("high", "low")
    assert parse_policy(MEAN | {"levels": LEVELS[::-1]}).level_codes == ("low", "high")


@pytest.mark.parametrize("name", STARTERS)
def test_every_starter_is_a_policy(name: str) -> None:
    assert isinstance(starter(name), PolicyDocument)


def test_the_defaults_name_four_levels() -> None:
    assert DEFAULT is PERCENT
    assert PERCENT.level_codes == FOUR_LEVELS.level_codes == ("advanced", "proficient", "developing", "beginning")
