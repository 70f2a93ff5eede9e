"""GET /v1/learners/{id}/mastery and /explanation, and /v1/scores/{id}/chain."""

import httpx
import pytest

from domain.kernel.envelope import Role
from domain.policy.starters import DEFAULT, starter
from infra.postgres.event_store import EventStore
from tests.projectors.feeding import append, project, select
from tests.query_api.asking import ask
from tests.query_api.conftest import Login
from tests.query_api.histories import evidence, fact, score, whole_learner

pytestmark = pytest.mark.anyio
MASTERY = "/v1/learners/l1/mastery"
EXPLANATION = "/v1/learners/l1/explanation"
LATEST = starter(
    "latest",
    levels=[{"code": "proficient", "at": "3"}, {"code": "beginning", "at": "0"}],
    require=[{"count_at_least": 3}],
    unmet={"cap": "beginning"},
)


@pytest.fixture(autouse=True)
async def learner(store: EventStore, database: str) -> None:
    """Learner l1: scores 2 (corrected to 2.5), 3 and 1 (voided) of 4, judged advanced; policy p is a draft."""
    document = LATEST.model_dump(mode="json", exclude_none=True)
    draft = fact("policy-p", "2025-08-01", "policy.drafted.v1", policy_id="p", revision=1, version=LATEST.version,
                 document=document)  # fmt: skip
    await append(store, *whole_learner(), draft)
    project(database)


async def test_current_mastery_shows_the_computed_level_and_the_judged_one(api: httpx.AsyncClient) -> None:
    answer = await ask(api, MASTERY)
    assert answer["competencies"] == [
        {
            "competency_id": "m1",
            "framework_id": "math",
            "status": "determined",
            "value": "68.75",
            "level": "developing",
            "judged_level": "advanced",
            "held_level": None,
            "effective_level": "advanced",
            "mark": None,
            "counted": 2,
            "scores": 2,
            "expired": 0,
            "valid_until": None,
            "latest_occurred_at": "2025-10-10T12:00:00Z",
            "policy_id": "default",
            "policy_version": DEFAULT.version,
        }
    ]
    assert answer["position"] == 28


async def test_the_kernel_on_the_fly_says_what_current_mastery_says(api: httpx.AsyncClient) -> None:
    current = await ask(api, MASTERY)
    computed = await ask(api, MASTERY, as_of="2100-01-01T00:00:00Z")
    assert computed["competencies"] == current["competencies"]


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2025-09-01T00:00:00Z", []),
        ("2025-09-30T00:00:00Z", [("62.5", "developing", None)]),
        ("2025-10-30T00:00:00Z", [("68.75", "developing", None)]),
        ("2025-12-31T00:00:00Z", [("68.75", "developing", "advanced")]),
    ],
)
async def test_mastery_as_of_a_time_counts_what_had_occurred(
    api: httpx.AsyncClient, as_of: str, expected: list[tuple[str, str, str | None]]
) -> None:
    answer = await ask(api, MASTERY, as_of=as_of)
    assert [(one["value"], one["level"], one["judged_level"]) for one in answer["competencies"]] == expected


async def test_mastery_as_known_before_the_correction_has_the_first_value(
    api: httpx.AsyncClient, database: str
) -> None:
    (row,) = select(database, "SELECT recorded_at FROM ledger.event WHERE position = 19")
    answer = await ask(api, MASTERY, known_at=row["recorded_at"].isoformat())
    assert [(one["value"], one["scores"]) for one in answer["competencies"]] == [("62.5", 2)]


@pytest.mark.parametrize("policy", ["p", LATEST.version])
async def test_mastery_under_a_drafted_policy_is_computed_and_nothing_is_written(
    api: httpx.AsyncClient, policy: str
) -> None:
    (under,) = (await ask(api, MASTERY, policy=policy))["competencies"]
    assert (under["value"], under["level"], under["policy_version"]) == ("3", "beginning", LATEST.version)
    (current,) = (await ask(api, MASTERY))["competencies"]
    assert current["policy_id"] == "default"


async def test_a_policy_that_nobody_drafted_is_unknown(api: httpx.AsyncClient) -> None:
    answer = await api.get(MASTERY, params={"policy": "p404"})
    assert (answer.status_code, answer.json()["code"]) == (404, "policy-unknown")


async def test_an_explanation_names_every_score_and_says_it_in_words(api: httpx.AsyncClient) -> None:
    answer = await ask(api, EXPLANATION, competency="m1")
    assert [
        (one["score_id"], one["revision"], one["assessor_id"], one["value"], one["share"], one["dropped_because"])
        for one in answer["entries"]
    ] == [("s-a", 2, "t1", "2.5", "0.5", None), ("s-b", 1, "t1", "3", "0.5", None)]
    assert (answer["level"], answer["judged"], answer["effective"]) == ("developing", "advanced", "advanced")
    assert (answer["next_level"], answer["missing"]) == ("proficient", "1.25")
    assert answer["judgement"]["reason"] == "Explains it to others."
    assert answer["in_words"] == (
        'Learner l1 is at advanced in "Solve linear equations", under the policy "Share of the possible" '
        f"(version {DEFAULT.version[:8]}). "
        "Teacher t1 judged advanced on 2025-12-02, because: Explains it to others; that holds, "
        "the computed level is developing. 2 of 2 scores make the value 68.75. The value lacks 1.25 to proficient."
    )


async def test_an_explanation_under_another_policy_says_what_is_dropped_and_still_needed(
    api: httpx.AsyncClient,
) -> None:
    answer = await ask(api, EXPLANATION, competency="m1", policy="p")
    assert [(one["score_id"], one["dropped_because"]) for one in answer["entries"]] == [
        ("s-a", "not-latest"),
        ("s-b", None),
    ]
    (clause,) = answer["clauses"]
    assert (clause["have"], clause["need"], clause["met"], answer["capped"]) == (2, 3, False, True)
    assert "Requirements hold the level down: 1 more score." in answer["in_words"]
    assert "Of the others, 1 was not the latest." in answer["in_words"]


async def test_an_explanation_without_evidence_says_so(api: httpx.AsyncClient) -> None:
    answer = await ask(api, EXPLANATION, competency="m2")
    assert (answer["status"], answer["entries"], answer["effective"]) == ("no_evidence", [], None)
    assert answer["in_words"].startswith('Nothing counts yet for learner l1 in "Reason with ratios"')


async def test_an_explanation_of_an_unknown_competency_is_not_found(api: httpx.AsyncClient) -> None:
    answer = await api.get(EXPLANATION, params={"competency": "m404"})
    assert (answer.status_code, answer.json()["code"]) == (404, "competency-unknown")


async def test_a_chain_tells_a_score_from_its_evidence_to_its_correction(api: httpx.AsyncClient) -> None:
    answer = await ask(api, "/v1/scores/s-a/chain")
    told = [
        (one["type"], one["actor_id"], one["reason_code"], one["before"], one["after"]) for one in answer["entries"]
    ]
    assert told == [
        ("evidence.submitted.v1", "t1", None, None, "other"),
        ("score.given.v1", "t1", None, None, "2"),
        ("score.corrected.v1", "t2", "misread", "2", "2.5"),
    ]
    assert answer["learner_id"] == "l1"


async def test_a_chain_leaves_out_other_scores_of_the_same_evidence(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    both = evidence("d", "2026-01-02", competency_ids=["m1", "m2"])
    second = score("d", "2026-01-03", 1_000_000, score_id="s-d2", competency_id="m2")
    await append(store, both, score("d", "2026-01-02", 3_000_000), second)
    project(database)
    answer = await ask(api, "/v1/scores/s-d2/chain")
    assert [one["subject_id"] for one in answer["entries"]] == ["d", "s-d2"]


async def test_a_chain_is_for_those_who_may_read_about_its_learner(api: httpx.AsyncClient, login: Login) -> None:
    own = await api.get("/v1/scores/s-a/chain", headers=login(Role.LEARNER, "l1"))
    other = await api.get("/v1/scores/s-a/chain", headers=login(Role.LEARNER, "l2"))
    unknown = await api.get("/v1/scores/s-404/chain")
    assert (own.status_code, other.status_code, unknown.status_code) == (200, 403, 404)
