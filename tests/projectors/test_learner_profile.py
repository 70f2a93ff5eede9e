"""The read model learner_profile, folded from real events."""

from datetime import date
from typing import Any

import pytest

from infra.postgres.event_store import EventStore
from schemas.registry import EVENTS, UPCASTERS
from services.projectors.learner_profile import LearnerProfile
from tests.projectors.feeding import append, at, digest, feed, select
from tests.query_api.histories import envelope, fact, whole_learner

pytestmark = pytest.mark.anyio


def test_it_wants_every_event_about_a_learner_but_alignments_and_skips() -> None:
    about_learners = {name for name, event in EVENTS.items() if "learner_id" in event.model_fields}
    assert about_learners - LearnerProfile.types == {"evidence.aligned.v1", "projector.event_skipped.v1"}
    assert LearnerProfile.types - about_learners == {old for old in UPCASTERS if old.startswith("pathway.")}


async def test_an_entry_keeps_its_source_and_who_retired_it_why(store: EventStore, database: str) -> None:
    await append(store, *whole_learner())
    feed(database, LearnerProfile())
    found = select(
        database,
        """SELECT entry_id, kind, noted_by, noted_by_role, source_system, noted_at,
                  retired_by, retired_reason, retired_at
             FROM read_model.profile_entry ORDER BY position""",
    )
    assert [tuple(row.values()) for row in found] == [
        ("n1", "interest", "g1", "guardian", "intake-form", at("2025-09-02"), None, None, None),
        ("n2", "need", "t1", "teacher", None, at("2025-09-03"), "t1", "Reads with ease now.", at("2025-12-01")),
    ]


async def test_an_entry_noted_again_after_its_retirement_holds_in_the_same_batch(
    store: EventStore, database: str
) -> None:
    note: dict[str, Any] = {"entry_id": "n1", "learner_id": "l1", "kind": "strength", "text": "Draws"}
    await append(
        store,
        fact("profile-l1", "2025-09-01", "profile.entry_noted.v1", **note),
        fact("profile-l1", "2025-09-02", "profile.entry_retired.v1", entry_id="n1", learner_id="l1"),
        fact("profile-l1", "2025-09-03", "profile.entry_noted.v1", **note),
    )
    feed(database, LearnerProfile())
    found = select(database, "SELECT position, retired_position FROM read_model.profile_entry ORDER BY position")
    assert found == [{"position": 1, "retired_position": 2}, {"position": 3, "retired_position": None}]


async def test_a_day_counts_what_happened_on_it(store: EventStore, database: str) -> None:
    await append(store, *whole_learner())
    feed(database, LearnerProfile(), batch=5)
    found = select(
        database, "SELECT day, evidence, scores, amendments, plans FROM read_model.learner_day ORDER BY day LIMIT 3"
    )
    assert [tuple(row.values()) for row in found] == [
        (date(2025, 9, 2), 0, 0, 0, 1),
        (date(2025, 9, 3), 0, 0, 0, 1),
        (date(2025, 9, 10), 1, 1, 0, 0),
    ]


async def test_an_enrolment_is_closed_by_the_withdrawal(store: EventStore, database: str) -> None:
    await append(store, *whole_learner())
    feed(database, LearnerProfile())
    found = select(database, "SELECT enrolment_id, school_id, grade, opened_at, closed_at FROM read_model.enrolment")
    assert [tuple(row.values()) for row in found] == [("e1", "north", "7", at("2025-09-01"), at("2026-02-01"))]


async def test_a_retirement_of_an_unknown_entry_changes_nothing(store: EventStore, database: str) -> None:
    gone = fact("profile-l1", "2025-09-02", "profile.entry_retired.v1", envelope(), entry_id="n9", learner_id="l1")
    await append(store, gone)
    feed(database, LearnerProfile())
    assert select(database, "SELECT 1 FROM read_model.profile_entry") == []


@pytest.mark.parametrize("batch", [1, 7, 1000])
async def test_batch_borders_change_nothing(store: EventStore, database: str, batch: int) -> None:
    await append(store, *whole_learner())
    whole = feed(database, LearnerProfile())
    cut = feed(database, LearnerProfile(), batch)
    assert digest(database, LearnerProfile(), cut) == digest(database, LearnerProfile(), whole)
