"""The OpenAPI document and its examples; MASTERY_WRITE_EXAMPLES=1 writes them anew."""

import json
import os
import threading
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from domain.policy.starters import starter
from infra.postgres.event_store import EventStore
from services.projectors import ledger
from services.projectors.what_if.worker import simulate_next
from services.query_api import examples
from tests.projectors.feeding import append, project
from tests.query_api.histories import Fact, fact, official_acts, whole_learner

pytestmark = pytest.mark.anyio
QUESTIONS: Final = {
    "/v1/learners/{learner_id}/mastery": "/v1/learners/l1/mastery",
    "/v1/learners/{learner_id}/explanation": "/v1/learners/l1/explanation?competency=m1",
    "/v1/learners/{learner_id}/growth": "/v1/learners/l1/growth?competency=m1",
    "/v1/learners/{learner_id}/targets/{competency_id}": "/v1/learners/l1/targets/m1?lang=es",
    "/v1/learners/{learner_id}/profile": "/v1/learners/l1/profile?as_of=2025-11-15T00:00:00Z",
    "/v1/learners/{learner_id}/goals": "/v1/learners/l1/goals",
    "/v1/learners/{learner_id}/pathway": "/v1/learners/l1/pathway",
    "/v1/learners/{learner_id}/supports": "/v1/learners/l2/supports",
    "/v1/learners/{learner_id}/feedback": "/v1/learners/l2/feedback",
    "/v1/equity": "/v1/equity?by=ell",
    "/v1/glossary": "/v1/glossary?lang=es",
    "/v1/feedback-latency": "/v1/feedback-latency?section=sec1",
    "/v1/learners/{learner_id}/evidence-coverage": "/v1/learners/l1/evidence-coverage",
    "/v1/learners/{learner_id}/ready-to-advance": "/v1/learners/l2/ready-to-advance",
    "/v1/learners/{learner_id}/credits": "/v1/learners/l2/credits",
    "/v1/learners/{learner_id}/report-cards/{act_id}": "/v1/learners/l2/report-cards/r1",
    "/v1/reviews": "/v1/reviews",
    "/v1/learners/{learner_id}/history": "/v1/learners/l1/history?limit=2",
    "/v1/scores/{score_id}/chain": "/v1/scores/s-a/chain",
    "/v1/audit": "/v1/audit?reason=misread",
    "/v1/events": "/v1/events?type=score.given.v1&limit=1",
    "/v1/policies": "/v1/policies",
    "/v1/policies:effective": "/v1/policies:effective?competency=m1&on=2025-12-01",
    "/v1/policies/{policy_id}": "/v1/policies/p",
    "/v1/policies:lint": "/v1/policies:lint?lang=es",
    "/v1/simulations/{simulation_id}": "/v1/simulations/w1",
    "/v1/simulations/{simulation_id}/movers": "/v1/simulations/w1/movers?limit=1",
    "/v1/simulations/{simulation_id}/movers/{learner_id}/{competency_id}": "/v1/simulations/w1/movers/l1/m1",
    "/v1/simulations/compare": "/v1/simulations/compare?ids=w1,w2",
    "/v1/policy-library": "/v1/policy-library?name=canvas-decaying",
    "/v1/frameworks:lint": "/v1/frameworks:lint",
    "/v1/frameworks/{framework_id}": "/v1/frameworks/math",
    "/v1/projections": "/v1/projections",
}
PUBLISHED_AT: Final = 44
AFTER_PUBLICATION: Final = {
    "/v1/replays": "/v1/replays",
    "/v1/replays/{replay_id}": f"/v1/replays/{PUBLISHED_AT}",
    "/v1/notices": "/v1/notices?limit=1",
    "/v1/learners/{learner_id}/notices": "/v1/learners/l1/notices",
}
STREAMS: Final = {
    "/v1/simulations/{simulation_id}/progress",
    "/v1/simulations/{simulation_id}/movers.csv",
    "/v1/replays/{replay_id}/progress",
    "/v1/webhooks",
    "/v1/webhooks/{webhook_id}/deliveries",
    "/v1/webhooks/{webhook_id}/secret",
}
"""Answers that are not one JSON document, and those that only an administrator gets."""
STRICT: Final = starter("highest", levels=[{"code": "advanced", "at": "4"}])
BODIES: Final = {
    "/v1/frameworks:lint": {
        "competencies": [{"competency_id": "m1", "statement": "Understand slope.", "can_do": "I can draw a slope."}]
    },
    "/v1/policies:lint": {
        "framework_id": "math",
        "document": {
            "name": "Best work",
            "combine": {"op": "highest"},
            "levels": [{"code": "proficient", "at": "3"}, {"code": "honours", "at": "5"}],
        },
    },
}
SETTLED: Final = {
    "recorded_at": "2026-02-01T12:00:01Z",
    "published_at": "2025-08-01T12:00:01Z",
    "drafted_at": "2026-02-01T12:00:01Z",
    "updated_at": "2026-02-01T12:00:02Z",
    "asked_at": "2026-02-01T12:00:01Z",
    "finished_at": "2026-02-01T12:00:03Z",
    "started_at": "2026-02-01T12:00:00Z",
    "recordedtime": "2026-02-01T12:00:01.000000Z",
    "event_id": "01930d52-7c00-7000-8000-000000000001",
    "issued_at": "2026-02-01T12:00:03Z",
    "events_per_second": 4200,
    "cells_per_second": 910000,
    "recorded_us": 1769947201000000,
}
"""What differs from run to run."""


def settle(answer: Any) -> Any:
    """Return an answer with fixed words where it differs from run to run."""
    if isinstance(answer, dict):
        if "specversion" in answer:
            answer = answer | {"id": SETTLED["event_id"]}
        stage = {"at": SETTLED["recorded_at"]} if {"type", "cause"} & {*answer} else {}
        return {key: (SETTLED | stage).get(key, settle(value)) for key, value in answer.items()}
    return [settle(one) for one in answer] if isinstance(answer, list) else answer


def asked(simulation: tuple[str, str]) -> Fact:
    """A what-if that was asked for."""
    simulation_id, policy_id = simulation
    version = starter("latest").version if policy_id == "p" else STRICT.version
    return fact(f"simulation-{simulation_id}", "2026-02-01", "simulation.asked.v1", simulation_id=simulation_id,
                policy_id=policy_id, version=version, revision=1, at_position=28, flag_ratio="1.25")  # fmt: skip


def simulate_all(database: str) -> None:
    """Work on the what-ifs that were asked for."""
    with ledger.connect(database) as connection:
        while simulate_next(connection, database, threading.Event()):
            pass


async def ask(api: httpx.AsyncClient, route: str, url: str) -> dict[str, Any]:
    """Ask a question and return it as an example."""
    if route not in BODIES:
        return {"question": url, "answer": settle((await api.get(url)).json())}
    body = BODIES[route]
    return {"question": url, "body": body, "answer": settle((await api.post(url, json=body)).json())}


async def test_every_question_has_a_real_answer_as_its_example(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    latest = starter("latest")
    draft = fact("policy-p", "2026-02-01", "policy.drafted.v1", policy_id="p", revision=1, version=latest.version,
                 document=latest.model_dump(mode="json", exclude_none=True))  # fmt: skip
    other = fact("policy-q", "2026-02-01", "policy.drafted.v1", policy_id="q", revision=1, version=STRICT.version,
                 document=STRICT.model_dump(mode="json", exclude_none=True))  # fmt: skip
    await append(store, *whole_learner(), draft, other, *(asked(one) for one in (("w1", "p"), ("w2", "q"))))
    project(database)
    simulate_all(database)
    await append(store, *official_acts(await store.head()))
    project(database)
    told = {route: await ask(api, route, url) for route, url in QUESTIONS.items()}
    await append(store, fact("policy-p", "2026-02-01", "policy.published.v1", policy_id="p", version=latest.version,
                             revision=1, simulation_id="w1"))  # fmt: skip
    project(database)
    told |= {route: await ask(api, route, url) for route, url in AFTER_PUBLICATION.items()}
    if os.environ.get("MASTERY_WRITE_EXAMPLES"):
        Path(examples.__file__).with_name("examples.json").write_text(json.dumps(told, indent=1) + "\n")
    assert told == examples.EXAMPLES


async def test_the_document_names_every_question_once(api: httpx.AsyncClient) -> None:
    openapi = (await api.get("/openapi.json")).json()
    assert set(openapi["paths"]) == set(QUESTIONS) | set(AFTER_PUBLICATION) | STREAMS
    assert openapi["security"] == [{"bearer": []}]
