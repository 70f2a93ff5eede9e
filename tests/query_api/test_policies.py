"""GET /v1/policies, /v1/policies/{id} and /v1/frameworks/{id}: read from the log itself."""

import httpx
import pytest

from domain.policy.starters import starter
from infra.postgres.event_store import EventStore
from tests.projectors.feeding import append
from tests.query_api.histories import fact, framework, scale

pytestmark = pytest.mark.anyio
HIGHEST = starter("highest")
LATEST = starter("latest")


async def draft(store: EventStore) -> None:
    """Draft two revisions of policy p, and activate the first."""
    first, second = HIGHEST.version, LATEST.version
    active = [{"framework_id": None, "policy_id": "p", "version": first}]
    await append(
        store,
        fact("policy-p", "2025-08-01", "policy.drafted.v1", policy_id="p", revision=1, version=first,
             document=HIGHEST.model_dump(exclude_none=True, mode="json")),
        fact("policy-p", "2025-08-02", "policy.published.v1", policy_id="p", version=first),
        fact("policy-p", "2025-08-03", "policy.activated.v1", policy_id="p", version=first, policies=active),
        fact("policy-p", "2025-08-04", "policy.drafted.v1", policy_id="p", revision=2, version=second,
             document=LATEST.model_dump(exclude_none=True, mode="json")),
    )  # fmt: skip


async def test_policies_show_revisions_life_and_the_set_in_force(api: httpx.AsyncClient, store: EventStore) -> None:
    await draft(store)
    answer = (await api.get("/v1/policies")).json()
    (in_force,) = answer["in_force"]
    assert (in_force["policy_id"], in_force["version"]) == ("p", HIGHEST.version)
    assert in_force["terms"] == {"reach": "all_evidence", "evidence_since": None, "hold_harmless": "none"}
    assert {in_force[part] for part in ("school_id", "course_id", "framework_id", "competency_id")} == {None}
    (policy,) = answer["policies"]
    assert (policy["state"], policy["in_force"]) == ("in-force", HIGHEST.version)
    assert [(one["revision"], one["version"], one["state"]) for one in policy["revisions"]] == [
        (1, HIGHEST.version, "in-force"),
        (2, LATEST.version, "drafted"),
    ]
    assert [one["type"] for one in policy["life"]] == ["policy.published.v1", "policy.activated.v1"]
    assert (answer["position"], "position" in policy) == (4, False)


async def test_one_policy_is_published_until_it_is_activated(api: httpx.AsyncClient, store: EventStore) -> None:
    await draft(store)
    published = fact("policy-p", "2025-08-05", "policy.published.v1", policy_id="p", version=LATEST.version)
    await append(store, published)
    answer = (await api.get("/v1/policies/p")).json()
    assert (answer["state"], answer["in_force"]) == ("published", HIGHEST.version)


async def test_a_policy_that_nobody_drafted_is_unknown(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/policies/p404")
    assert (answer.status_code, answer.json()["code"]) == (404, "policy-unknown")


async def test_a_framework_comes_with_its_scale(api: httpx.AsyncClient, store: EventStore) -> None:
    await append(store, scale(), framework())
    answer = (await api.get("/v1/frameworks/math")).json()
    assert [one["competency_id"] for one in answer["competencies"]] == ["m1", "m2", "d1"]
    assert [level["code"] for level in answer["scale"]["levels"]] == [
        "beginning",
        "developing",
        "proficient",
        "advanced",
    ]
    assert answer["edition"] == "2025"


async def test_a_framework_that_nobody_published_is_not_found(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/frameworks/art")
    assert (answer.status_code, answer.json()["code"]) == (404, "framework-unknown")


async def test_the_library_has_the_rules_that_systems_are_known_by(api: httpx.AsyncClient) -> None:
    policies = (await api.get("/v1/policy-library")).json()["policies"]
    assert len(policies) == 19
    assert {one["name"] for one in policies} >= {"canvas-decaying", "marzano-power-law", "moodle-points", "bkt"}
    (khan,) = (await api.get("/v1/policy-library?name=khan&lang=es")).json()["policies"]
    linted = await api.post("/v1/policies:lint", json={"document": khan["document"]})
    assert linted.json()["version"] == khan["version"]
    assert (await api.get("/v1/policy-library?name=magic")).status_code == 404
