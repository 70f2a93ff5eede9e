"""`mastery demo`, as the README shows it."""

import pytest

from tests.cli.conftest import Mastery


@pytest.mark.slow
@pytest.mark.need("NEED-81")
def test_the_demo_makes_a_district_and_moves_learners_by_a_new_policy(mastery: Mastery) -> None:
    demo = mastery("demo", "--json")
    assert demo.code == 0, demo.err
    document = demo.document
    assert list(document) == ["events", "learners", "cells", "levels", "moved", "acts", "reviews", "seconds"]
    assert document["learners"] == 600
    assert document["events"] > 55_000
    assert sum(document["levels"].values()) == document["cells"]
    assert 0 < document["moved"] < document["cells"]
    assert 0 < document["reviews"] < document["acts"]
    assert not (mastery.folder / "data/demo").exists()
