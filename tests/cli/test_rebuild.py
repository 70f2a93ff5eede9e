"""`mastery projector rebuild`, `rollback`, `prune`: the next generation, back again, and the old ones away."""

import pytest

from tests.cli.conftest import Mastery
from tests.cli.district import fill


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
