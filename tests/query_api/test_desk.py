"""Who may ask, and what every answer says of its place in the log."""

import httpx
import psycopg
import pytest

from domain.kernel.envelope import Role
from infra.postgres.event_store import EventStore
from services.projectors.audit_trail import AuditTrail
from services.projectors.learner_profile import LearnerProfile
from tests.projectors.feeding import append, feed
from tests.query_api.conftest import Login
from tests.query_api.histories import evidence, whole_learner

pytestmark = pytest.mark.anyio
PROFILE = "/v1/learners/l1/profile"
PARK = """
    INSERT INTO read_model.parked (projector, generation, position, learner_id, type, why)
    SELECT name, facts_generation, 3, 'l1', 'goal.set.v1', 'unreadable'
    FROM read_model.projector WHERE name = 'learner_profile'
"""
FREE = """
    WITH freed AS (DELETE FROM read_model.parked)
    UPDATE read_model.projector SET epoch = epoch + 1 WHERE name = 'learner_profile'
"""
"""What a retry does, beside folding."""


@pytest.fixture(autouse=True)
async def learner(store: EventStore, database: str) -> None:
    """Learner l1 of `whole_learner`, in the read models."""
    await append(store, *whole_learner())
    feed(database, LearnerProfile())
    feed(database, AuditTrail())


async def test_without_a_token_nothing_is_answered(api: httpx.AsyncClient) -> None:
    answer = await api.get(PROFILE, headers={"Authorization": ""})
    assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ((Role.LEARNER, "l1"), 200),
        ((Role.LEARNER, "l2"), 403),
        ((Role.GUARDIAN, "g1", "l1"), 200),
        ((Role.GUARDIAN, "g1", "l2"), 403),
        ((Role.TEACHER, "t9"), 200),
        ((Role.AUDITOR, "a1"), 200),
        ((Role.ADMINISTRATOR, "d1"), 200),
    ],
)
async def test_a_family_reads_about_its_own_learners_only(
    api: httpx.AsyncClient, login: Login, person: tuple[Role, str], status: int
) -> None:
    for question in ("profile", "goals", "pathway", "history"):
        answer = await api.get(f"/v1/learners/l1/{question}", headers=login(*person))
        assert answer.status_code == status


async def test_the_audit_trail_is_not_for_learners(api: httpx.AsyncClient, login: Login) -> None:
    answer = await api.get("/v1/audit", headers=login(Role.LEARNER, "l1"))
    assert (answer.status_code, answer.json()["code"]) == (403, "not-permitted")


async def test_an_unknown_learner_is_not_found(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/learners/l404/profile")
    assert (answer.status_code, answer.json()["code"]) == (404, "learner-unknown")


async def test_an_answer_says_where_in_the_log_it_is_true(api: httpx.AsyncClient) -> None:
    answer = await api.get(PROFILE)
    assert answer.headers["X-Projection-Position"] == "27"
    placed = {name: answer.json()[name] for name in ("position", "lag_events", "lag_seconds", "stale")}
    assert placed == {"position": 27, "lag_events": 0, "lag_seconds": 0, "stale": False}


async def test_an_answer_that_lags_says_by_how_much(api: httpx.AsyncClient, store: EventStore) -> None:
    await append(store, evidence("z", "2026-02-02"))
    answer = (await api.get(PROFILE)).json()
    assert (answer["position"], answer["lag_events"], answer["stale"]) == (27, 1, False)
    assert answer["lag_seconds"] > 0


async def test_a_position_that_does_not_come_in_time_makes_the_answer_stale(api: httpx.AsyncClient) -> None:
    answer = await api.get(PROFILE, headers={"Min-Position": "28"})
    assert (answer.status_code, answer.json()["stale"]) == (200, True)


async def test_a_position_that_is_there_is_not_stale(api: httpx.AsyncClient) -> None:
    answer = await api.get(PROFILE, headers={"Min-Position": "27"})
    assert answer.json()["stale"] is False


async def test_an_answer_at_hand_is_not_sent_again(api: httpx.AsyncClient, store: EventStore, database: str) -> None:
    tag = (await api.get(PROFILE)).headers["ETag"]
    assert (await api.get(PROFILE, headers={"If-None-Match": tag})).status_code == 304
    await append(store, evidence("z", "2026-02-02"))
    feed(database, LearnerProfile())
    assert (await api.get(PROFILE, headers={"If-None-Match": tag})).status_code == 200


async def test_an_answer_about_a_parked_learner_is_stale_and_changes_when_the_learner_is_freed(
    api: httpx.AsyncClient, database: str
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(PARK)
        parked = await api.get(PROFILE)
        assert (parked.json()["position"], parked.json()["stale"]) == (27, True)
        tag = {"If-None-Match": parked.headers["ETag"]}
        assert (await api.get(PROFILE, headers=tag)).status_code == 304
        connection.execute(FREE)
        freed = await api.get(PROFILE, headers=tag)
        assert (freed.status_code, freed.json()["stale"]) == (200, False)


async def test_a_refusal_keeps_the_words_of_a_form(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/learners/a%20b/profile")
    assert answer.json()["detail"] == "learner_id: string should match pattern '^[A-Za-z0-9._~:@-]{1,200}$'"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("as_of=2025-10-01T00:00:00", "occurred-without-zone"),
        ("as_of=yesterday", "malformed"),
        ("when=2025-10-01T00:00:00Z", "malformed"),
    ],
)
async def test_a_question_that_cannot_be_read_is_refused(api: httpx.AsyncClient, query: str, code: str) -> None:
    answer = await api.get(f"{PROFILE}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_an_unknown_route_is_a_problem(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/nothing")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


async def test_health_and_measures_are_open_and_name_nobody(api: httpx.AsyncClient) -> None:
    await api.get(PROFILE)
    assert (await api.get("/healthz", headers={"Authorization": ""})).text == "ok\n"
    measures = (await api.get("/metrics", headers={"Authorization": ""})).text
    assert 'mastery_projector_lag_events{projector="learner_profile"} 0.0' in measures
    assert 'mastery_query_seconds_count{question="/v1/learners/{learner_id}/profile",status="200"} 1.0' in measures
    assert "l1" not in measures


async def test_projections_tell_of_every_projector(api: httpx.AsyncClient) -> None:
    answer = (await api.get("/v1/projections")).json()
    told = [(one["name"], one["position"], one["lag_events"], one["parked"]) for one in answer["projectors"]]
    assert told == [("audit_trail", 27, 0, 0), ("learner_profile", 27, 0, 0)]
    assert answer["projectors"][0]["generations"][0]["state"] == "live"
    assert answer["position"] == 27
