"""What changed of a level since a time, its history, and whether the work or the rule changed it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from domain.policy.starters import CUTS, starter
from infra.postgres.event_store import EventStore
from tests.projectors.feeding import append, project, select
from tests.query_api.histories import Fact, drafted, envelope, evidence, fact, framework, scale, score, voiding

pytestmark = pytest.mark.anyio
HIGHEST = starter("highest", **CUTS["four-levels"])
LATEST = starter("latest", **CUTS["four-levels"])
BOARD = envelope("ben", "administrator", reason={"text": "The board wants the latest work."})


def switched(name: str, document: Any, **terms: str) -> list[Fact]:
    """The publication of a policy by ben, and the switch to it."""
    named: dict[str, Any] = {"policy_id": name, "version": document.version}
    return [
        fact(f"policy-{name}", "2025-11-01", "policy.published.v1", BOARD, **named, revision=1, simulation_id="w1"),
        fact(f"policy-{name}", "2025-11-01", "policy.activated.v1", **named, policies=[{**named, "terms": terms}]),
    ]


@pytest.fixture(autouse=True)
async def learner(store: EventStore) -> None:
    """Learner l1 has 3 of 4 in m1; the policy high is in force, low is drafted."""
    high = [{"policy_id": "high", "version": HIGHEST.version}]
    await append(
        store, scale(), framework(), drafted("high", HIGHEST), drafted("low", LATEST),
        fact("policy-high", "2025-08-01", "policy.activated.v1", policy_id="high", version=HIGHEST.version,
             policies=high),
        evidence("e1", "2025-09-01"), score("e1", "2025-09-01", 3_000_000),
    )  # fmt: skip


def last_recorded(database: str) -> str:
    """Return when the last event was recorded."""
    (row,) = select(database, "SELECT max(recorded_at) AS at FROM ledger.event")
    at: datetime = row["at"]
    return at.isoformat()


def minute(time: str) -> str:
    """Return a time as texts tell it."""
    return f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M UTC}"


async def explanation(api: httpx.AsyncClient, since: str, **view: str) -> dict[str, Any]:
    answer = await api.get("/v1/learners/l1/explanation", params={"competency": "m1", "since": since, **view})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_new_work_alone_is_named_with_who_scored_it(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    since, today = last_recorded(database), f"{datetime.now(UTC):%Y-%m-%d}"
    await append(store, evidence("e2", "2025-10-01"), score("e2", "2025-10-01", 4_000_000))
    project(database)
    told = await explanation(api, since)
    changed = told["changed"]
    assert (changed["then"]["level"], changed["now"]["level"], changed["changed_by"], changed["alone"]) == (
        "proficient", "advanced", ["work"], None,
    )  # fmt: skip
    (one,) = changed["changes"]
    assert (one["cause"]["type"], one["cause"]["actor_id"], one["before_value"], one["after_value"]) == (
        "score.given.v1", "t1", "3", "4",
    )  # fmt: skip
    assert told["changed_in_words"] == (
        f"Since {minute(since)} the level went from proficient to advanced. "
        f"On {today} it went from proficient to advanced: the work: a score was given by teacher t1. "
        "What changed the level: the work."
    )


async def test_the_rule_alone_is_named_with_who_published_it_and_why(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    await append(store, evidence("e2", "2025-10-01"), score("e2", "2025-10-01", 1_000_000))
    since, today = last_recorded(database), f"{datetime.now(UTC):%Y-%m-%d}"
    await append(store, *switched("low", LATEST))
    project(database)
    changed = (told := await explanation(api, since, lang="es"))["changed"]
    assert (changed["then"]["policy_id"], changed["now"]["policy_id"]) == ("high", "low")
    assert (changed["changed_by"], changed["alone"]) == (["rule"], None)
    cause = changed["changes"][0]["cause"]
    assert (cause["type"], cause["published_by"], cause["published_reason"]["text"]) == (
        "policy.activated.v1", "ben", "The board wants the latest work.",
    )  # fmt: skip
    assert told["changed_in_words"] == (
        f"Desde el {minute(since)} el nivel pasó de proficient a beginning. "
        f"El {today} pasó de proficient a beginning: "
        f'la regla: una política entró en vigor, con lo que decide la política "{LATEST.name}" (versión '
        f"{LATEST.version[:8]}), por ben, porque: The board wants the latest work. Lo que cambió el nivel: la regla."
    )


async def test_where_rule_and_work_changed_what_each_would_have_done_alone_is_told(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    await append(store, evidence("e2", "2025-10-01"), score("e2", "2025-10-01", 2_000_000))
    since = last_recorded(database)
    await append(store, evidence("e3", "2025-10-05"), score("e3", "2025-10-05", 4_000_000), *switched("low", LATEST))
    await append(store, evidence("e4", "2025-12-01"), score("e4", "2025-12-01", 1_000_000))
    project(database)
    told = await explanation(api, since)
    changed = told["changed"]
    assert [(one["before_level"], one["after_level"], one["cause"]["kind"]) for one in changed["changes"]] == [
        ("proficient", "advanced", "work"), ("advanced", "beginning", "work"),
    ]  # fmt: skip
    assert {name: one["level"] for name, one in changed["alone"].items()} == {"rule": "developing", "work": "advanced"}
    assert told["changed_in_words"].endswith(
        "What changed the level: the work. The new rule alone, on the work of then, would have made it developing; "
        "the new work alone, under the rule of then, advanced."
    )


async def test_a_level_that_stands_under_a_stricter_rule_has_not_changed(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    await append(store, evidence("e2", "2025-10-01"), score("e2", "2025-10-01", 1_000_000))
    since = last_recorded(database)
    await append(store, *switched("low", LATEST, hold_harmless="never_lower"))
    project(database)
    told = await explanation(api, since)
    changed = told["changed"]
    assert (changed["then"]["level"], changed["now"]["level"], changed["changed_by"]) == (
        "proficient", "proficient", [],
    )  # fmt: skip
    assert told["changed_in_words"].startswith(f"Since {minute(since)} the level is the same: proficient.")


async def test_since_compares_with_now_only(api: httpx.AsyncClient, database: str) -> None:
    project(database)
    view = {"competency": "m1", "since": "2025-09-01T00:00:00Z", "as_of": "2025-09-02T00:00:00Z"}
    refused = await api.get("/v1/learners/l1/explanation", params=view)
    assert (refused.status_code, refused.json()["type"].split("#")[-1]) == (422, "malformed")


@pytest.mark.need("NEED-33")
async def test_growth_is_the_history_of_levels_with_the_cause_of_each(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    await append(store, evidence("e2", "2025-10-01"), score("e2", "2025-10-01", 4_000_000))
    await append(store, voiding("e2", "2025-10-02", 4_000_000), *switched("low", LATEST))
    await append(store, evidence("e3", "2025-12-01"), score("e3", "2025-12-01", 2_000_000))
    project(database)
    grown = (await api.get("/v1/learners/l1/growth", params={"competency": "m1"})).json()
    assert (grown["statement"], [(one["before_level"], one["after_level"]) for one in grown["changes"]]) == (
        "Solve linear equations.",
        [(None, "proficient"), ("proficient", "advanced"), ("advanced", "proficient"), ("proficient", "developing")],
    )
    assert [(one["cause"]["type"], one["policy_id"]) for one in grown["changes"]] == [
        ("score.given.v1", "high"), ("score.given.v1", "high"), ("score.voided.v1", "high"), ("score.given.v1", "low"),
    ]  # fmt: skip
    unknown = await api.get("/v1/learners/l1/growth", params={"competency": "nothing"})
    assert unknown.status_code == 404


async def test_two_changes_of_one_day_are_told_apart_by_their_time(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    since = last_recorded(database)
    await append(store, evidence("e2", "2025-10-01"), score("e2", "2025-10-01", 4_000_000))
    await asyncio.sleep(1)
    await append(store, voiding("e2", "2025-10-02", 4_000_000))
    project(database)
    told = await explanation(api, since)
    times = [f"{datetime.fromisoformat(one['at']):%Y-%m-%d %H:%M}" for one in told["changed"]["changes"]]
    assert [f"On {time}" in told["changed_in_words"] for time in times] == [True, True]
    of_day = await explanation(api, since[:10])
    assert of_day["changed"]["since"] == f"{since[:10]}T00:00:00Z"
    assert of_day["changed_in_words"].startswith(f"Since {since[:10]} the level went from no level to proficient.")
