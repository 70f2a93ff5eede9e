"""Official acts in the read model learner_profile, folded from real events."""

from typing import Any

import pytest

from infra.postgres.event_store import EventStore
from services.projectors.learner_profile import LearnerProfile
from tests.projectors.feeding import append, feed, select
from tests.query_api.histories import Fact, envelope, fact

pytestmark = pytest.mark.anyio


def basis(competency_id: str, **words: Any) -> dict[str, Any]:
    return {
        "competency_id": competency_id,
        "policy_id": "p",
        "policy_version": "v1",
        "level": "advanced",
        "mastered_level": "proficient",
        "value_micro": 3_500_000,
        "score_ids": ["s-a"],
        "evidence_digest": "00ff",
        **words,
    }


def act(act_id: str, day: str, type_name: str, reason: str | None = None, **data: Any) -> Fact:
    meta = envelope("t1", reason={"text": reason} if reason else None)
    return fact(f"act-{act_id}", day, type_name, meta, act_id=act_id, learner_id="l1", **data)


async def test_acts_keep_what_they_rest_on_and_whether_they_still_count(store: EventStore, database: str) -> None:
    settled = {"cause_positions": [3, 9], "outcome": "upheld"}
    await append(
        store,
        act("a1", "2026-03-01", "advancement.requested.v1", competency_id="m1"),
        act("a1", "2026-03-02", "advancement.granted.v1", competency_id="m1", basis=basis("m1"), decided_position=1),
        act("c1", "2026-03-03", "credit.awarded.v1", title="Algebra", credits_micro=500_000,
            bases=[basis("m1"), basis("m2", policy_version="v2")], decided_position=2),
        act("r1", "2026-03-04", "report_card.issued.v1", period="spring", decided_position=3,
            lines=[{"basis": basis("m1"), "mark": "A"}]),
        act("c1", "2026-03-05", "credit.revoked.v1", "typed twice"),
        act("a1", "2026-03-06", "review.settled.v1", "seen in class", **settled),
        act("r1", "2026-03-07", "review.settled.v1", "a wrong learner's work", **settled | {"outcome": "revoked"}),
    )  # fmt: skip
    feed(database, LearnerProfile(), batch=3)
    found = select(
        database,
        """SELECT act_id, kind, competency_ids, levels, policy_versions, level, policy_version, title, given_position,
                  settled_position, revoked_position, revoked_reason
             FROM read_model.official_act ORDER BY position""",
    )
    one, two = (["m1"], ["advanced"], ["v1"]), (["m1", "m2"], ["advanced", "advanced"], ["v1", "v2"])
    assert [tuple(row.values()) for row in found] == [
        ("a1", "advancement", *one, "proficient", "v1", None, 1, 9, None, None),
        ("c1", "credit", *two, "proficient", None, "Algebra", 2, None, 5, "typed twice"),
        ("r1", "report_card", *one, None, "v1", "spring", 3, 9, 7, "a wrong learner's work"),
    ]


async def test_a_request_waits_until_it_is_answered(store: EventStore, database: str) -> None:
    await append(
        store,
        act("a1", "2026-03-01", "advancement.requested.v1", competency_id="m1"),
        act("a2", "2026-03-01", "advancement.requested.v1", competency_id="m2"),
        act("a2", "2026-03-02", "advancement.declined.v1", "one more piece", competency_id="m2"),
    )
    feed(database, LearnerProfile())
    found = select(
        database,
        """SELECT act_id, competency_id, requested_by, answer, answer_reason
             FROM read_model.advancement_request ORDER BY position""",
    )
    assert [tuple(row.values()) for row in found] == [
        ("a1", "m1", "t1", None, None),
        ("a2", "m2", "t1", "declined", "one more piece"),
    ]
