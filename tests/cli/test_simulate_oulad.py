"""A what-if over real data, from the import to the page: the first 200 learners of the Open University's data."""

from pathlib import Path

from domain.policy.starters import CUTS
from tests.cli.conftest import Mastery
from tests.imports import conftest as imports

shared, oulad_slice = imports.shared, imports.oulad_slice
HIGHEST = {"name": "The best of all work", "combine": {"op": "highest"}, **CUTS["percent"]}


def test_real_scores_go_through_a_what_if_and_onto_its_page(mastery: Mastery, oulad_slice: Path) -> None:
    assert mastery("import", "oulad", oulad_slice).code == 0
    levels = mastery("status", "--json").document["levels"]
    page, movers = mastery.folder / "page.html", mastery.folder / "movers.csv"
    document = mastery.write("highest.json", HIGHEST)
    found = mastery("policy", "simulate", document, "--report", page, "--csv", movers, "--json").document
    assert {level: sum(row.values()) for level, row in found["matrix"].items()} == levels
    assert (found["cells"], found["fell"], found["rose"]) == (193, 0, 98)
    assert len(movers.read_text().splitlines()) == 1 + found["moved"]
    groups = {one["name"]: [group["name"] for group in one["groups"]] for one in found["dimensions"]}
    assert groups["disability"] == ["N", "Y"]
    text = page.read_text()
    assert "By highest education" in text
    assert found["digest"] in text
    again = mastery("policy", "simulate", document, "--at-position", str(found["position"]), "--json").document
    assert again["digest"] == found["digest"]
