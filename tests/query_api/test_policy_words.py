"""GET /v1/policies/{id}?lang=, POST /v1/policies:lint and the explanation in another language."""

from typing import Any, Final

import httpx
import pytest

from domain.policy.starters import DEFAULT, starter
from infra.postgres.event_store import EventStore
from tests.projectors.feeding import append, project
from tests.query_api.histories import fact, framework, scale, whole_learner

pytestmark = pytest.mark.anyio
LATEST: Final = starter("latest", require=[{"kinds_at_least": 2}], levels=[{"code": "proficient", "at": "3"}])
LINT: Final = "/v1/policies:lint"


async def draft(store: EventStore) -> None:
    """Publish framework math and draft policy p for it."""
    document = LATEST.model_dump(mode="json", exclude_none=True)
    await append(
        store,
        scale(),
        framework(),
        fact("policy-p", "2025-08-01", "policy.drafted.v1", policy_id="p", revision=1, version=LATEST.version,
             framework_id="math", document=document),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lang", "combine", "level"),
    [
        ("en", "The value is the latest score.", "Level proficient is reached at 3 or above."),
        ("es", "El valor es la última calificación.", "El nivel proficient se alcanza con 3 o más."),
    ],
)
async def test_a_policy_reads_as_sentences(
    api: httpx.AsyncClient, store: EventStore, lang: str, combine: str, level: str
) -> None:
    await draft(store)
    (revision,) = (await api.get("/v1/policies/p", params={"lang": lang})).json()["revisions"]
    told = {sentence["place"]: sentence["text"] for sentence in revision["in_words"]}
    assert (told["combine"], told["levels.0"]) == (combine, level)
    assert revision["version"] == LATEST.version


async def test_a_policy_shows_what_the_lint_finds_beside_its_framework(
    api: httpx.AsyncClient, store: EventStore
) -> None:
    await draft(store)
    (revision,) = (await api.get("/v1/policies/p")).json()["revisions"]
    assert revision["findings"] == [
        {
            "rule": "dispositions-mixed",
            "severity": "warn",
            "place": "framework math",
            "value": "d1",
            "reason": "1 of 3 competencies are dispositions; a policy of their own suits them",
        }
    ]


async def test_a_language_without_a_catalogue_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/policies/p", params={"lang": "fr"})
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


async def test_a_document_is_linted_before_anybody_drafts_it(api: httpx.AsyncClient, store: EventStore) -> None:
    await append(store, scale(), framework())
    document = LATEST.model_dump(mode="json", exclude_none=True) | {"levels": [{"code": "proficient", "at": "4.5"}]}
    answer = (await api.post(LINT, json={"document": document, "framework_id": "math"})).json()
    assert (answer["publishable"], answer["position"]) == (False, 2)
    assert [(one["severity"], one["rule"], one["place"], one["value"]) for one in answer["findings"]] == [
        ("deny", "level-unreachable", "levels.0", "4.5"),
        ("warn", "dispositions-mixed", "framework math", "d1"),
    ]
    other = (await api.post(LINT, json={"document": document})).json()
    assert (other["publishable"], other["findings"]) == (True, [])
    assert (await api.get("/v1/policies")).json()["policies"] == []


async def test_what_is_no_policy_is_a_finding_and_no_error(api: httpx.AsyncClient) -> None:
    answer = (await api.post(LINT, json={"document": {"name": "p", "combine": {"op": "mean"}, "colour": "red"}})).json()
    assert (answer["version"], answer["publishable"], answer["in_words"]) == (None, False, [])
    (finding,) = answer["findings"]
    assert (finding["rule"], finding["place"], finding["reason"]) == (
        "policy-invalid",
        "colour",
        "extra inputs are not permitted",
    )


async def test_a_body_without_a_document_is_malformed(api: httpx.AsyncClient) -> None:
    answer = await api.post(LINT, json={"policy": {}})
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


async def test_an_explanation_is_told_in_spanish(api: httpx.AsyncClient, store: EventStore, database: str) -> None:
    await append(store, *whole_learner())
    project(database)
    asked: dict[str, Any] = {"competency": "m1", "lang": "es"}
    answer = (await api.get("/v1/learners/l1/explanation", params=asked)).json()
    assert answer["in_words"] == (
        'El alumno l1 está en el nivel advanced en "Solve linear equations", según la política "Share of the possible" '
        f"(versión {DEFAULT.version[:8]}). "
        "Decisión de docente t1 el 2025-12-02: advanced, porque: Explains it to others; es lo que vale, el nivel "
        "calculado es developing. 2 de 2 calificaciones forman el valor 68.75. Al valor le faltan 1.25 para "
        "proficient."
    )


async def test_a_prerequisite_may_be_of_another_framework_and_not_of_none(
    api: httpx.AsyncClient, store: EventStore
) -> None:
    await draft(store)
    other = [{"competency_id": "art1", "statement": "Draw."}]
    await append(
        store,
        fact("framework-art", "2025-08-01", "framework.published.v1", framework_id="art", title="Art", edition="1",
             scale_id="four", competencies=other),
    )  # fmt: skip
    needed = [{"competency": name, "at": "2"} for name in ("art1", "art-1")]
    document = LATEST.model_dump(mode="json", exclude_none=True) | {"prerequisites": needed}
    answer = await api.post(LINT, json={"document": document, "framework_id": "math"})
    found = [(one["rule"], one["place"]) for one in answer.json()["findings"] if one["severity"] == "deny"]
    assert found == [("prerequisite-unknown", "prerequisites.1")]
