"""From files to explained levels, by the command alone."""

import json
from datetime import UTC, datetime

import pytest

from tests.cli.conftest import Mastery
from tests.cli.district import APPROVED, DOCUMENT, LATEST, OBSERVATIONS, RATIO, fill, package


@pytest.fixture(scope="module")
def filled(mastery: Mastery) -> Mastery:
    fill(mastery)
    return mastery


def test_status_counts_events_and_levels_once_the_projectors_have_caught_up(filled: Mastery) -> None:
    status = filled("status", "--json").document
    assert status["events_by_type"]["score.given.v1"] == 4
    assert status["head_position"] == sum(status["events_by_type"].values())
    assert [one["name"] for one in status["projectors"]] == ["audit_trail", "learner_profile", "mastery"]
    assert {(one["position"], one["lag_events"], one["state"]) for one in status["projectors"]} == {
        (status["head_position"], 0, "caught-up")
    }
    assert status["cells"] == sum(status["levels"].values()) == 3
    assert status["levels"] == {"advanced": 1, "beginning": 1, "developing": 1}


def test_a_file_imported_again_adds_nothing(filled: Mastery) -> None:
    again = filled("import", "observations", filled.write("scores.ndjson", *OBSERVATIONS), "--json")
    assert (again.code, again.document["added"], again.document["repeated"]) == (0, 0, 4)


def test_a_bad_line_is_reported_by_line_and_rule_and_the_good_ones_are_kept(filled: Mastery) -> None:
    bad = {**OBSERVATIONS[0], "evidence_id": "e9", "value": "21"}
    path = filled.write("more.ndjson", bad, OBSERVATIONS[0])
    report = filled("import", "observations", path, "--dry-run", "--json").document
    assert [(row["line"], row["rule"]) for row in report["bad"]] == [(1, "score-outside-scale")]
    assert report["repeated"] == 1


def test_a_level_explains_itself(filled: Mastery) -> None:
    explained = filled("explain", "ada", RATIO, "--json").document
    assert (explained["effective"], [entry["value"] for entry in explained["entries"]]) == ("developing", ["2", "3"])
    assert explained["in_words"] in filled("explain", "ada", RATIO).out.replace("\n", " ").replace("  ", " ")


def test_a_learner_is_shown_as_of_a_time(filled: Mastery) -> None:
    shown = filled("learner", "show", "ada", "--as-of", "2026-01-05T12:00:00", "--json").document
    assert [(one["competency_id"], one["scores"]) for one in shown["mastery"]] == [(RATIO, 1)]


def test_the_audit_trail_is_searched_by_type_and_learner(filled: Mastery) -> None:
    found = filled("audit", "search", "--type", "score.given.v1", "--learner", "ada", "--json").document
    assert [entry["after"] for entry in found["entries"]] == ["3", "2"]


def test_the_stream_is_printed_as_cloudevents_a_line_each(filled: Mastery) -> None:
    told = filled("stream", "tail", "--type", "score.given.v1", "--json")
    events = [json.loads(line) for line in told.out.splitlines()]
    assert [event["partitionkey"] for event in events] == ["ada", "ada", "ben", "ben"]
    last = filled("stream", "tail", "--from", str(int(events[0]["sequence"])), "--limit", "1")
    assert last.out.split()[0] == str(int(events[0]["sequence"]) + 1)


def test_a_narrow_table_leaves_nothing_out(filled: Mastery) -> None:
    assert "\u2026" not in filled("audit", "search", COLUMNS="60").out


def test_a_published_policy_moves_whom_evaluate_said_and_rollback_moves_them_back(filled: Mastery) -> None:
    policy = filled.write("latest.json", LATEST)
    since = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
    foreseen = filled("policy", "evaluate", policy, "--framework", DOCUMENT, "--json").document
    published = filled("policy", "publish", policy, "--framework", DOCUMENT, *APPROVED, "--json").document
    assert published["matrix"] == foreseen["matrix"]
    assert published["moved"] == 2
    assert filled("status", "--json").document["levels"] == {"beginning": 1, "proficient": 2}
    explained = filled("explain", "ada", RATIO, "--since", since, "--json").document["changed"]
    assert (explained["changed_by"], explained["then"]["level"], explained["now"]["level"]) == (
        ["rule"], "developing", "proficient",
    )  # fmt: skip
    assert filled("explain", "ada", RATIO, "--since", since).out.count("What changed the level: the rule.") == 1
    assert filled("policy", "rollback", "latest", "--reason", "too early", "--json").document["moved"] == 2
    assert filled("status", "--json").document["levels"] == {"advanced": 1, "beginning": 1, "developing": 1}


def test_a_policy_is_taken_through_its_life_step_by_step(filled: Mastery) -> None:
    path = filled.write("best.json", LATEST | {"name": "Best", "combine": {"op": "highest"}})
    drafted = filled("policy", "draft", path, "--framework", DOCUMENT, "--lock", "combine", "--as", "a-lund", "--json")
    assert (drafted.document["revision"], drafted.document["locked"]) == (1, ["combine"])
    early = filled("policy", "publish", "best", "--reason", "board", "--dry-run")
    assert (early.code, early.err.splitlines()) == (
        1,
        [
            "next: mastery policy simulate best",
            "refused revision 1 has no finished simulation (policy best) [policy-not-simulated]",
        ],
    )
    tried = filled("policy", "publish", path, "--framework", DOCUMENT, "--reason", "board", "--as", "a-lund")
    assert tried.code == 1
    assert tried.err.splitlines() == [
        "next: name those who approved it, --approved-by NAME, or take it step by step: draft, simulate",
        "refused revision 2 has 0 of 2 approvals (policy best) [policy-not-approved]",
    ]
    assert filled("policy", "simulate", "best").code == 0
    unapproved = filled("policy", "publish", "best", "--reason", "board")
    assert unapproved.err.splitlines()[-2] == 'next: mastery policy approve best --as NAME --reason "..."'
    own = filled("policy", "approve", "best", "--as", "a-lund", "--reason", "mine")
    assert own.err.endswith("[approval-by-author]\n")
    for person in ("a-diaz", "a-okafor"):
        assert filled("policy", "approve", "best", "--as", person, "--reason", "agreed").code == 0
    head = filled("status", "--json").document["head_position"]
    foreseen = filled("policy", "publish", "best", "--reason", "board", "--dry-run", "--json").document
    assert (foreseen["moved"], filled("status", "--json").document["head_position"]) == (2, head)
    assert filled("policy", "publish", "best", "--reason", "board", "--effective-to", "2040-01-01").code == 0
    (best,) = [one for one in filled("policy", "list", "--json").document["policies"] if one["policy_id"] == "best"]
    approved = [step for step in best["life"] if step["type"] == "policy.approved.v1"]
    assert [(step["on_behalf_of"], step["authority"]["basis"]) for step in approved] == [
        ("a-diaz", "recorded by the operator"),
        ("a-okafor", "recorded by the operator"),
    ]
    assert "a-okafor" in filled("policy", "show", "best").out, "the one who decided, not whoever wrote it down"
    assert filled("policy", "retire", "best", "--reason", "over", "--json").code == 0
    assert filled("policy", "list", "--json").document["in_force"] == []


def test_a_rebuilt_read_model_equals_the_live_one(filled: Mastery) -> None:
    rebuilt = filled("projector", "rebuild", "mastery", "--json")
    assert rebuilt.code == 0
    assert rebuilt.document["digest"]


def test_a_refusal_is_one_line_with_its_rule_and_exit_code_1(filled: Mastery) -> None:
    refused = filled("learner", "show", "nobody")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.splitlines() == ["refused no event is about learner nobody [learner-unknown]"]


def test_wrong_usage_is_exit_code_2(filled: Mastery) -> None:
    assert filled("import", "observations", filled.folder / "absent.ndjson").code == 2


def test_a_case_package_imported_again_adds_nothing(filled: Mastery) -> None:
    again = filled("import", "case", filled.write("framework.json", package()), "--json")
    assert (again.code, again.document["added"], again.document["refused"]) == (0, 0, 0)


def test_a_database_that_does_not_answer_is_one_line_and_exit_code_3(filled: Mastery) -> None:
    away = filled("status", MASTERY_DATABASE_URL="postgresql://mastery_app@127.0.0.1:1/mastery")
    assert (away.code, away.out) == (3, "")
    assert away.err.startswith("refused database does not answer")


def test_settings_that_contradict_each_other_are_exit_code_2(filled: Mastery) -> None:
    wrong = filled("status", MASTERY_DATABASE_OWNER_URL="postgresql://mastery_owner@127.0.0.1:1/mastery")
    assert (wrong.code, wrong.err.splitlines()) == (
        2,
        ["refused MASTERY_DATABASE_OWNER_URL is set without MASTERY_DATABASE_URL [configuration]"],
    )
