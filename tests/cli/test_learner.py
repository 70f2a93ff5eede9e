"""A learner on the command line: levels with their marks and last days, and what counts in one."""

from typing import Any

import pytest

from domain.policy.starters import CUTS, starter
from infra.postgres.event_store import open_event_store
from tests.cli.conftest import Mastery
from tests.projectors.feeding import append
from tests.query_api.histories import fact, framework, scale, score

pytestmark = pytest.mark.anyio
POLICY = starter(
    "latest", **CUTS["four-levels"], convert=[{"mark": "Excellent", "at": "3.5"}], validity={"days": 10_000}
)


async def test_levels_are_shown_with_marks_and_last_days_and_no_value_counts_as_something_that_was_dropped(
    mastery: Mastery,
) -> None:
    assert mastery("status").code == 0
    document = POLICY.model_dump(mode="json", exclude_none=True)
    named: dict[str, Any] = {"policy_id": "p", "version": POLICY.version}
    with mastery.database() as database:
        async with open_event_store(database) as store:
            await append(
                store,
                scale(),
                framework(),
                fact("policy-p", "2025-08-01", "policy.drafted.v1", revision=1, document=document, **named),
                fact("policy-p", "2025-08-02", "policy.activated.v1", policies=[named], **named),
                score("a", "2025-09-10", 2_000_000),
                score("b", "2025-09-11", 4_000_000),
            )
    shown = mastery("learner", "show", "l1").out
    for told in ("mark", "Excellent", "valid_until", "2053-01-26"):
        assert told in shown
    explained = mastery("explain", "l1", "m1").out.splitlines()
    rows = [line.split() for line in explained if line.strip().startswith("2025-09-1")]
    assert rows == [
        ["2025-09-10", "quiz", "t1", "2", "of", "4", "not-latest"],
        ["2025-09-11", "quiz", "t1", "4", "of", "4", "4", "100.0%"],
    ]
