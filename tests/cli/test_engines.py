"""A draft policy tried on all cells by a cluster: the same digest and the same moves as in one process."""

from importlib.util import find_spec

import pytest

from services.projectors.what_if.on_shards import OWN_CODE
from tests.cli.conftest import Mastery
from tests.cli.district import LATEST, fill


@pytest.mark.skipif(find_spec("ray") is None, reason="the extra ray is not installed")
def test_a_ray_cluster_says_the_same_as_one_process(mastery: Mastery) -> None:
    fill(mastery)
    draft = mastery.write("latest.json", LATEST)
    here = mastery("policy", "evaluate", draft, "--json")
    ray = mastery("policy", "evaluate", draft, "--engine", "ray", "--json")
    assert (here.code, ray.code) == (0, 0), ray.err
    assert ray.document == here.document
    assert here.document["moved"] > 0


@pytest.mark.skipif(find_spec("ray") is None, reason="the extra ray is not installed")
def test_a_what_if_by_two_workers_of_a_ray_cluster_is_that_of_one_process(
    mastery: Mastery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*OWN_CODE)
    import ray

    fill(mastery)
    assert mastery("policy", "draft", mastery.write("latest.json", LATEST)).code == 0
    here, there = mastery.folder / "here.csv", mastery.folder / "there.csv"
    one = mastery("policy", "simulate", "latest", "--csv", here, "--json").document
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1")
    try:
        address = ray.get_runtime_context().gcs_address
        at = ("--at-position", str(one["position"]), "--engine", "ray", "--csv", there, "--json")
        ran = mastery("policy", "simulate", "latest", *at, RAY_ADDRESS=address)
    finally:
        ray.shutdown()
    assert ran.code == 0, ran.err
    own = {"simulation_id", "recorded_at_position"}
    assert {name: value for name, value in ran.document.items() if name not in own} == {
        name: value for name, value in one.items() if name not in own
    }
    assert ran.document["recorded_at_position"] is not None
    assert there.read_text() == here.read_text()
    assert one["moved"] > 0


@pytest.mark.skipif(find_spec("ray") is not None, reason="the extra ray is installed")
def test_without_ray_the_command_says_what_to_install(mastery: Mastery) -> None:
    fill(mastery)
    refused = mastery("policy", "evaluate", mastery.write("latest.json", LATEST), "--engine", "ray")
    assert refused.code != 0
    assert "install the extra ray" in refused.err
