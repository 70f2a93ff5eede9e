import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import jsonschema
import psycopg
import pytest
import uvicorn

from domain.kernel.envelope import Role
from infra.postgres.event_store import EventStore
from infra.settings import QueryAPISettings
from schemas.published import published_schema
from services.query_api.bootstrap import build_app
from tests.projectors.feeding import append
from tests.query_api.conftest import Login
from tests.query_api.histories import fact, whole_learner

pytestmark = pytest.mark.anyio
STEP = {"step_id": "st1", "competency_id": "m1", "modality": "independent"}
STORE_OLD = """
    INSERT INTO ledger.event (position, recorded_at, stream, version, type, event_id, occurred_at, meta, data)
    VALUES (1, now(), 'pathway-p', 1, 'pathway.changed.v1', gen_random_uuid(), now(),
        '{"actor": {"id": "t1", "role": "teacher"}}', %s)
"""
OFFICIAL = Path(__file__).parents[3] / "shared/data/schemas/cloudevents/cloudevents.json"


async def everything(api: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    """Follow the pages to the end."""
    events: list[dict[str, Any]] = []
    url = str(httpx.URL("/v1/events", params={"limit": 7, **query}))
    while True:
        answer = await api.get(url)
        page = answer.json()
        if not page:
            return events
        events += page
        url = answer.links["next"]["url"]


@pytest.mark.need("NEED-83")
async def test_pages_hold_every_event_once_in_commit_order_each_valid_as_its_schema_says(
    api: httpx.AsyncClient, store: EventStore
) -> None:
    await append(store, *whole_learner())
    events = await everything(api)
    assert [int(event["sequence"]) for event in events] == list(range(1, await store.head() + 1))
    for event in events:
        jsonschema.validate(event["data"], published_schema(event["type"]))
    assert {event["partitionkey"] for event in events if event["subject"] == "learner-l1"} == {"l1"}


async def test_every_event_is_a_cloudevent_by_the_official_schema(api: httpx.AsyncClient, store: EventStore) -> None:
    if not OFFICIAL.exists():
        pytest.skip("../shared/data is not there")
    await append(store, *whole_learner())
    schema = json.loads(OFFICIAL.read_text())
    for event in await everything(api):
        jsonschema.validate(event, schema)


async def test_types_are_chosen_and_the_next_page_lies_behind_all_that_was_looked_at(
    api: httpx.AsyncClient, store: EventStore
) -> None:
    await append(store, *whole_learner())
    answer = await api.get("/v1/events", params={"type": "score.given.v1", "limit": 1000})
    assert {event["type"] for event in answer.json()} == {"score.given.v1"}
    assert answer.headers["x-head-position"] == str(await store.head())
    assert (await api.get(answer.links["next"]["url"])).json() == []


async def test_an_old_version_leaves_as_the_current_one_and_is_found_under_its_name(
    api: httpx.AsyncClient, database: str
) -> None:
    data = {"pathway_id": "p", "learner_id": "l1", "because": "CANARY", "steps": [STEP]}
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(STORE_OLD, (json.dumps(data),))
    [event] = await everything(api, type="pathway.changed.v2")
    told = {"pathway_id": "p", "learner_id": "l1", "because": {"kind": "teacher_observation"}, "steps": [STEP]}
    assert (event["type"], event["data"]) == ("pathway.changed.v2", told)


async def test_lines_are_the_same_events(api: httpx.AsyncClient, store: EventStore) -> None:
    await append(store, *whole_learner())
    lines = (await api.get("/v1/events", headers={"Accept": "application/x-ndjson"})).text.splitlines()
    assert [json.loads(line) for line in lines] == (await api.get("/v1/events")).json()


@asynccontextmanager
async def listening(settings: QueryAPISettings, database: str) -> AsyncIterator[str]:
    """Serve on a loopback port of its own: server-sent events need a real connection."""
    server = uvicorn.Server(uvicorn.Config(build_app(settings, database), port=0, log_level="error"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve)
        while not server.started:  # noqa: ASYNC110 - uvicorn offers nothing to wait for
            await anyio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True


async def heard(client: httpx.AsyncClient, events: int, **headers: str) -> list[tuple[int, str, str]]:
    """Listen until so many events came; return position, type and subject of each."""
    found: list[tuple[int, str, str]] = []
    position = 0
    async with client.stream("GET", "/v1/events", headers={"Accept": "text/event-stream", **headers}) as answer:
        async for line in answer.aiter_lines():
            word, _, text = line.partition(": ")
            if word == "id":
                position = int(text)
            elif word == "data":
                event = json.loads(text)
                found.append((position, event["type"], event["subject"]))
                if len(found) == events:
                    return found
    return found


async def test_who_listens_hears_what_is_recorded_and_goes_on_where_it_broke_off(
    settings: QueryAPISettings, database: str, store: EventStore, login: Login
) -> None:
    first, second, third = (
        fact(f"learner-l{n}", "2026-01-01", "learner.registered.v1", learner_id=f"l{n}") for n in (1, 2, 3)
    )
    await append(store, first)
    async with (
        listening(settings, database) as url,
        httpx.AsyncClient(base_url=url, headers=login(Role.AUDITOR), timeout=10) as client,
    ):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(append, store, second)
            assert [told[::2] for told in await heard(client, 2)] == [(1, "learner-l1"), (2, "learner-l2")]
        await append(store, third)
        again = await heard(client, 2, **{"Last-Event-ID": "1"})
    assert again == [(2, "learner.registered.v1", "learner-l2"), (3, "learner.registered.v1", "learner-l3")]


async def test_no_personal_word_leaves(api: httpx.AsyncClient, store: EventStore) -> None:
    canary = "CANARY"
    await append(
        store,
        fact(
            "learner-l9",
            "2026-01-01",
            "learner.registered.v1",
            learner_id="l9",
            display_name=canary,
            subgroups=[canary],
        ),
    )
    answer = await api.get("/v1/events")
    assert answer.json()[0]["data"] == {"learner_id": "l9"}
    assert canary not in answer.text


@pytest.mark.parametrize("role", [Role.LEARNER, Role.GUARDIAN, Role.TEACHER])
async def test_the_stream_is_not_for_everybody(api: httpx.AsyncClient, login: Login, role: Role) -> None:
    answer = await api.get("/v1/events", headers=login(role))
    assert (answer.status_code, answer.json()["code"]) == (403, "not-permitted")


@pytest.mark.parametrize(
    ("query", "headers", "fault"),
    [
        ("type=score.guessed.v1", {}, "event type score.guessed.v1 is not registered"),
        ("after=-1", {}, "after: input should be greater than or equal to 0"),
        ("limit=1001", {}, "limit: input should be less than or equal to 1000"),
        ("", {"Accept": "text/event-stream", "Last-Event-ID": "x"}, "Last-Event-ID 'x' is not a position"),
    ],
)
async def test_what_can_not_be_meant_is_refused(
    api: httpx.AsyncClient, query: str, headers: dict[str, str], fault: str
) -> None:
    answer = await api.get(f"/v1/events?{query}", headers=headers)
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (422, "malformed", fault)
