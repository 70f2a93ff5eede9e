"""`mastery policy lint` and `mastery policy show`."""

from tests.cli.conftest import Mastery
from tests.cli.district import APPROVED, DOCUMENT, LATEST, RATIO, fill


def test_a_document_is_linted_without_a_ledger(mastery: Mastery) -> None:
    timed = LATEST | {"select": {"kinds": ["attendance", "essay"]}, "require": [{"kinds_at_least": 2}]}
    linted = mastery("policy", "lint", mastery.write("timed.json", timed), "--json")
    assert (linted.code, linted.document["publishable"]) == (1, False)
    assert [(one["severity"], one["rule"]) for one in linted.document["findings"]] == [
        ("deny", "counts-time-or-effort")
    ]
    assert mastery("policy", "lint", mastery.write("latest.json", LATEST)).code == 0
    shown = mastery("policy", "lint", mastery.write("latest.json", LATEST), "--lang", "es").out.splitlines()
    assert "- El valor es la última calificación." in shown
    assert mastery("policy", "lint", mastery.write("list.json", [LATEST])).err.splitlines() == [
        "refused body is a JSON list, not an object [malformed]"
    ]
    named = mastery("policy", "lint", mastery.write("latest.json", LATEST), "--framework", "bad id")
    assert named.code == 2
    assert "'bad id' is not an id" in named.err


def test_a_policy_is_shown_in_the_language_of_the_family(mastery: Mastery) -> None:
    fill(mastery)
    path = mastery.write("latest.json", LATEST)
    assert mastery("policy", "publish", path, "--framework", DOCUMENT, *APPROVED).code == 0
    (revision,) = mastery("policy", "show", "latest", "--lang", "es", "--json").document["revisions"]
    assert "El valor es la última calificación." in [one["text"] for one in revision["in_words"]]
    shown = mastery("policy", "show", "latest").out.splitlines()
    assert shown[0] == "The latest score (latest, in-force)"
    assert "- Level proficient is reached at 3 or above." in shown
    assert any("policy.activated.v1" in line for line in shown)
    answering = mastery("policy", "effective", "--competency", RATIO, "--json").document
    assert [one["policy_id"] for one in answering["candidates"]] == ["latest", "default"]
    assert mastery("policy", "effective", "--on", "2020-01-01").out.startswith("Share of the possible (default)")
    assert mastery("policy", "effective", "--on", "soon").code == 1
    denied = mastery.write("latest.json", LATEST | {"levels": [{"code": "proficient", "at": "4.5"}]})
    assert mastery("policy", "lint", denied, "--framework", DOCUMENT).code == 1
    refused = mastery("policy", "publish", denied, "--framework", DOCUMENT, *APPROVED)
    assert refused.code == 1
    assert refused.err.splitlines()[-1] == (
        "refused level proficient starts at 4.5, and no value is above 4 (finding level-unreachable, place levels.0) "
        "[policy-denied-by-lint]"
    )


def test_a_policy_of_the_library_is_printed_to_be_copied(mastery: Mastery) -> None:
    assert "canvas-decaying" in mastery("policy", "library").out
    printed = mastery("policy", "library", "canvas-decaying")
    path = mastery.write("mine.json", printed.document)
    assert mastery("policy", "lint", path).code == 0
    unknown = mastery("policy", "library", "magic")
    assert (unknown.code, unknown.err) == (1, "refused policy magic is not in the library [policy-unknown]\n")
