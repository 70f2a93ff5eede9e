"""`mastery projector rebuild`, `rollback`, `prune`: the next generation, back again, and the old ones away."""

import psycopg
import pytest

from tests.cli.conftest import Mastery
from tests.cli.district import LATEST, fill


@pytest.fixture(scope="module")
def district(mastery: Mastery) -> Mastery:
    fill(mastery)
    assert mastery("status").code == 0
    return mastery


def states(mastery: Mastery, name: str) -> list[str]:
    projectors = mastery("projector", "list", "--json").document["projectors"]
    [generations] = [one["generations"] for one in projectors if one["name"] == name]
    return [generation["state"] for generation in generations]


def test_a_rebuild_by_two_workers_is_switched_to_rolled_back_and_pruned(district: Mastery) -> None:
    head = district("status", "--json").document["head_position"]
    rebuilt = district("projector", "rebuild", "audit_trail", "--workers", "2", "--json").document
    assert rebuilt["position"] == head
    assert rebuilt["digest"] is not None
    assert states(district, "audit_trail") == ["kept", "live"]
    back = district("projector", "rollback", "audit_trail", "--json").document
    assert back["generation"] != rebuilt["generation"]
    assert back["position"] == head
    assert states(district, "audit_trail") == ["live", "kept"]
    pruned = district("projector", "prune", "audit_trail", "--json").document
    assert pruned == {"projector": "audit_trail", "pruned": [rebuilt["generation"]]}
    assert states(district, "audit_trail") == ["live"]
    refused = district("projector", "rollback", "audit_trail")
    assert refused.code == 1
    assert "no earlier generation of audit_trail is kept [nothing-to-roll-back]" in refused.err


def test_levels_answer_as_before_from_a_rebuilt_generation(district: Mastery) -> None:
    before = district("status", "--json").document
    assert district("projector", "rebuild", "mastery", "--workers", "2").code == 0
    after = district("status", "--json").document
    assert after["levels"] == before["levels"]
    assert after["generation"] != before["generation"]


def simulate(district: Mastery, policy: str) -> str:
    found: str = district("policy", "simulate", policy, "--json").document["simulation_id"]
    return found


def test_pruning_keeps_the_what_ifs_that_decisions_rest_on_and_the_last_of_each_policy(district: Mastery) -> None:
    path = district.write("latest.json", LATEST)
    assert district("policy", "draft", path, "--as", "a-moss").code == 0
    old, approved, last = simulate(district, "latest"), simulate(district, "latest"), ""
    assert district("policy", "approve", "latest", "--as", "a-diaz", "--reason", "as simulated").code == 0
    last = simulate(district, "latest")
    folders = district.folder / "data" / "cells"
    before = {one.name for one in folders.iterdir()}
    assert district("projector", "rebuild", "mastery").code == 0
    assert district("cells", "build").code == 0
    pruned = district("projector", "prune", "mastery", "--json").document
    assert pruned["simulations"] == [old]
    assert {f"g{number}" for number in pruned["shards"]} == before
    assert [one.name for one in folders.iterdir()] == [f"g{district('status', '--json').document['generation']}"]
    with district.database() as conninfo, psycopg.connect(conninfo) as connection:
        there = connection.execute("SELECT DISTINCT simulation_id FROM read_model.simulation_mover").fetchall()
        kept = connection.execute("SELECT count(*) FROM read_model.simulation WHERE impact IS NOT NULL").fetchone()
    assert {one for (one,) in there} == {approved, last}
    assert kept == (3,), "what each came to stays"
    assert district("projector", "prune", "mastery", "--json").document["simulations"] == []
