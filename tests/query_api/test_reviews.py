"""GET /v1/reviews: acts on levels that hung on others, or held for a time."""

from typing import Any

import httpx
import pytest

from domain.policy.starters import CUTS, starter
from infra.postgres.event_store import EventStore
from services.projectors import ledger
from services.projectors.publishing.publishing import end_next
from tests.projectors.feeding import append, project
from tests.query_api.histories import envelope, fact, framework, scale, score

pytestmark = pytest.mark.anyio
BASIS: dict[str, Any] = {"competency_id": "m1", "policy_id": "p", "level": "advanced", "mastered_level": "proficient",
                         "value_micro": 4_000_000, "score_ids": ["s-a"], "evidence_digest": "00ff"}  # fmt: skip


async def credit_under(store: EventStore, *judged: Any, **stages: Any) -> None:
    """Award learner l1 credit for m1, mastered in September under a policy with some stages."""
    policy = starter("latest", **CUTS["four-levels"], **stages)
    scoped = [{"policy_id": "p", "version": policy.version}]
    document = policy.model_dump(mode="json", exclude_none=True)
    await append(
        store,
        scale(),
        framework(),
        fact("policy-p", "2025-08-02", "policy.drafted.v1", policy_id="p", revision=1, version=policy.version,
             document=document),
        fact("policy-p", "2025-08-03", "policy.activated.v1", policy_id="p", version=policy.version, policies=scoped),
        *(judged or [score("a", "2025-09-10", 4_000_000)]),
        fact("act-c1", "2025-09-12", "credit.awarded.v1", act_id="c1", learner_id="l1", title="Equations",
             credits_micro=1_000_000, bases=[BASIS | {"policy_version": policy.version}], decided_position=5),
    )  # fmt: skip


async def lost(api: httpx.AsyncClient) -> list[tuple[str, str, str | None]]:
    answer = await api.get("/v1/reviews")
    assert answer.status_code == 200, answer.text
    return [
        (one["why"], one["event_type"], one["level_after"]) for act in answer.json()["reviews"] for one in act["lost"]
    ]


@pytest.mark.parametrize(
    ("what", "cause"),
    [("score", ("time", "calendar.day_begun.v1", None)), ("judgement", ("judgement", "judgement.lifted.v1", None))],
)
async def test_a_level_that_lapses_by_time_alone_opens_a_review_on_the_day(
    api: httpx.AsyncClient, store: EventStore, database: str, what: str, cause: tuple[str, ...]
) -> None:
    if what == "score":
        await credit_under(store, validity={"days": 5})
    else:
        told = {"judgement_id": "j", "learner_id": "l1", "competency_id": "m1", "level": "advanced"}
        seen = envelope("t1", reason={"text": "seen"})
        await credit_under(
            store,
            fact("judgement-l1/m1", "2025-09-10", "judgement.recorded.v1", seen, **told, expires_on="2025-09-20"),
        )
    project(database)
    assert await lost(api) == []
    with ledger.connect(database) as connection:
        assert end_next(connection, database)
    project(database)
    assert await lost(api) == [cause]
