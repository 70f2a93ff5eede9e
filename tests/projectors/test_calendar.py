"""A level that held for a time: the log says that the day has come, once, and the level falls."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.operations.events import DayBegun
from domain.policy.starters import CUTS, starter
from infra.postgres.event_store import blocking_event_store
from services.projectors import ledger
from services.projectors.publishing.calendar import begin_day
from services.projectors.runner import catch_up
from tests.projectors.feeding import select
from tests.projectors.history import Log, activated, drafted, given, scoped

LEVEL = """
    SELECT status, effective_level, valid_until FROM read_model.current_mastery
    WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
"""
DAYS = """
    SELECT after_level, type, data->>'day' AS day FROM read_model.mastery_change
    JOIN ledger.event ON position = cause_position ORDER BY cause_position
"""


@pytest.mark.parametrize("last_moment", ["counts", "does_not_count"])
def test_a_level_falls_on_the_day_on_which_its_score_is_over_and_the_day_is_begun_once(
    database: str, last_moment: str
) -> None:
    validity: dict[str, Any] = {"days": 5, "last_moment": last_moment}
    policy, log = starter("latest", **CUTS["four-levels"], validity=validity), Log()
    with blocking_event_store(database) as store, ledger.connect(database) as connection:
        store.append(log.append("policy-p", drafted("p", policy), activated([scoped("p", policy)])))
        store.append(log.append("evidence-e", given("s1", 3)))
        catch_up(database, "mastery")
        (held,) = select(database, LEVEL)
        assert (held["status"], held["effective_level"]) == ("determined", "proficient")
        assert f"{held['valid_until']:%Y-%m-%d %H:%M}" == "2026-09-06 08:00"
        assert begin_day(connection, database)
        assert not begin_day(connection, database)
        catch_up(database, "mastery")
        assert select(database, LEVEL) == [{"status": "no_evidence", "effective_level": None, "valid_until": None}]
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        changed = [(one["after_level"], one["type"], one["day"]) for one in select(database, DAYS)]
        assert changed == [("proficient", "score.given.v1", None), (None, DayBegun.type, today)]
        assert not begin_day(connection, database)
