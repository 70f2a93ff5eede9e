"""A draft policy tried on all cells by a cluster: the same digest and the same moves as in one process."""

from importlib.util import find_spec

import pytest

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


@pytest.mark.skipif(find_spec("ray") is not None, reason="the extra ray is installed")
def test_without_ray_the_command_says_what_to_install(mastery: Mastery) -> None:
    fill(mastery)
    refused = mastery("policy", "evaluate", mastery.write("latest.json", LATEST), "--engine", "ray")
    assert refused.code != 0
    assert "install the extra ray" in refused.err
