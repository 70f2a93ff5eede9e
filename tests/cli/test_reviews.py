"""Official acts on the command line: whose basis is gone, and what a learner has earned."""

import pytest

from infra.postgres.event_store import open_event_store
from tests.cli.conftest import Mastery
from tests.projectors.feeding import append
from tests.query_api.histories import framework, official_acts, scale

pytestmark = pytest.mark.anyio


async def test_a_voided_score_brings_the_acts_that_rest_on_it_to_the_review_list(mastery: Mastery) -> None:
    assert mastery("status").code == 0
    with mastery.database() as database:
        async with open_event_store(database) as store:
            await append(store, scale(), framework(), *official_acts(2))
    found = mastery("reviews", "--json").document["reviews"]
    assert [(one["act"]["act_id"], [lost["event_type"] for lost in one["lost"]]) for one in found] == [
        ("r1", ["score.voided.v1"]),
        ("c1", ["score.voided.v1"]),
    ]
    assert "the work: score.voided.v1" in mastery("reviews", "--learner", "l2").out
    assert "no event is about learner l3" in mastery("reviews", "--learner", "l3", "--json").err
    page = mastery("reviews", "--limit", "1", "--json").document
    (second,) = mastery("reviews", "--after", page["next"], "--json").document["reviews"]
    assert second["act"]["act_id"] == "c1"
    shown = mastery("learner", "show", "l2", "--json").document["acts"]
    assert [(one["kind"], one["title"], one["counts"]) for one in shown] == [
        ("credit", "Linear equations", True),
        ("report_card", "autumn 2025", True),
    ]
    told = mastery("learner", "show", "l2").out
    assert "slope is new" in told
    assert [line.split()[-1] for line in told.splitlines() if line.split()[:1] == ["credit"]] == ["yes"]
    assert "The drawing shows it" in told
    assert mastery("learner", "show", "l2", "--as-of", "2026-01-31", "--json").document["acts"] == []
