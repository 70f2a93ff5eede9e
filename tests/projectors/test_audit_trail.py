"""The read model audit_trail, folded from real events."""

import pytest

from domain.kernel.envelope import Meta, Reason
from infra.postgres.event_store import Append, BlockingEventStore, EventStore
from services.projectors import ledger
from services.projectors.audit_trail import AuditTrail
from services.projectors.read_model import Poison
from services.projectors.rebuilding.rebuild import rebuild
from tests.projectors.feeding import append, digest, feed, select
from tests.projectors.history import START, TEACHER, given
from tests.query_api.histories import whole_learner

pytestmark = pytest.mark.anyio
ROWS = """
    SELECT position, type, subject_id, competency_ids, actor_id, actor_role, reason_code, reason_text, before, after
      FROM read_model.audit_event
     ORDER BY position
"""


async def test_every_event_has_one_row_at_its_position(store: EventStore, database: str) -> None:
    facts = whole_learner()
    await append(store, *facts)
    feed(database, AuditTrail())
    assert [(row["position"], row["type"]) for row in select(database, ROWS)] == [
        (position, event.type) for position, (_, event, *_) in enumerate(facts, 1)
    ]


async def test_a_correction_says_who_why_before_and_after(store: EventStore, database: str) -> None:
    await append(store, *whole_learner())
    feed(database, AuditTrail())
    assert select(database, ROWS)[19] == {
        "position": 20,
        "type": "score.corrected.v1",
        "subject_id": "s-a",
        "competency_ids": ["m1"],
        "actor_id": "t2",
        "actor_role": "teacher",
        "reason_code": "misread",
        "reason_text": "Question 3 was right.",
        "before": "2",
        "after": "2.5",
    }


async def test_a_pathway_change_is_found_by_what_it_was_because_of(store: EventStore, database: str) -> None:
    await append(store, *whole_learner())
    feed(database, AuditTrail())
    row = select(database, ROWS)[18]
    assert (row["reason_code"], row["reason_text"]) == ("score", "Ready for more")
    assert row["competency_ids"] == ["m1", "m2", "d1"]
    assert row["after"] == "m1, m2, d1"


@pytest.mark.parametrize("batch", [1, 7, 1000])
async def test_batch_borders_change_nothing(store: EventStore, database: str, batch: int) -> None:
    await append(store, *whole_learner())
    whole = feed(database, AuditTrail())
    cut = feed(database, AuditTrail(), batch)
    assert digest(database, AuditTrail(), cut) == digest(database, AuditTrail(), whole)


async def test_an_envelope_that_cannot_be_read_names_its_position_and_learner(store: EventStore, database: str) -> None:
    await append(store, *whole_learner())
    with ledger.connect(database) as connection:
        spoilt = ledger.read(connection, 6, 7, None)[0]._replace(meta='{"actor":{}}')
        with pytest.raises(Poison) as poison:
            AuditTrail().apply(connection, 1, [spoilt])
    assert (poison.value.position, poison.value.learner_id) == (7, "l1")


def test_a_rebuild_writes_of_given_scores_what_is_written_of_them_singly(
    blocking: BlockingEventStore, database: str
) -> None:
    reasons = [None, Reason(code="late"), Reason(code="late", text="Ill: 39 °C"), Reason(code="late", text='"Ill"')]
    values = [2_500_000, 0, -1_000_000, 3_000_001]
    for number, (value, reason) in enumerate(zip(values, reasons, strict=True)):
        score = given(f"s{number}", 0, competency=f"c{number}").model_copy(update={"value_micro": value})
        blocking.append(Append(f"evidence-e-s{number}", 0, [score], START, Meta(actor=TEACHER, reason=reason)))
    with ledger.connect(database) as connection:
        rebuild(connection, "audit_trail")
    said = {"type": "score.given.v1", "actor_id": "t1", "actor_role": "teacher", "before": None}
    assert select(database, ROWS) == [
        {"position": position, **said, "subject_id": score, "competency_ids": [competency], "after": after,
         "reason_code": code, "reason_text": text}
        for position, score, competency, after, code, text in (
            (1, "s0", "c0", "2.5", None, None),
            (2, "s1", "c1", "0", "late", None),
            (3, "s2", "c2", "-1", "late", "Ill: 39 °C"),
            (4, "s3", "c3", "3.000001", "late", '"Ill"'),
        )
    ]  # fmt: skip
    assert digest(database, AuditTrail(), 1) == digest(database, AuditTrail(), feed(database, AuditTrail()))
