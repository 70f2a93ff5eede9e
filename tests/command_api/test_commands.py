"""Commands over HTTP: what is recorded, and what a refusal reads like."""

import re
from typing import Any, Final

import pytest

from domain.kernel.envelope import Actor
from domain.kernel.parsing import parse_command
from infra.identity import utc_now
from infra.postgres.event_store import Append, EventStore
from services.command_api.app import COMMANDS
from tests.command_api.door import Door
from tests.domain.policy.life import LATEST, simulated
from tests.sample import ADMINISTRATOR, BOARD, GUARDIAN, LEARNER, META, SERVICE, TEACHER

pytestmark = pytest.mark.anyio
EVIDENCE: Final = {"evidence_id": "e1", "learner_id": "l-91", "competency_ids": ["4.NF.1"], "kind": "quiz"}
SCORE: Final = {"competency_id": "4.NF.1", "value": "3.5"}
REASON: Final = {"code": "typing-error"}
GOAL: Final = {"learner_id": "l-91", "statement": "I can compare fractions", "horizon": "short_term"}


async def test_a_score_is_given_corrected_and_voided(door: Door, store: EventStore) -> None:
    assert (await door.post("/v1/evidence", EVIDENCE)).status_code == 201
    given = await door.post("/v1/evidence/e1/scores", SCORE | {"occurred_at": "2026-03-02T10:15:00+01:00"})
    assert given.status_code == 201
    assert given.headers["location"] == "/v1/scores/e1.1/chain"
    assert given.headers["etag"] == '"2"'
    assert given.json() == {
        "stream": "evidence-e1",
        "version": 2,
        "position": 5,
        "events": [
            {
                "type": "score.given.v1",
                "position": 5,
                "data": {
                    "score_id": "e1.1",
                    "evidence_id": "e1",
                    "learner_id": "l-91",
                    "competency_id": "4.NF.1",
                    "framework_id": "math-4",
                    "scale_id": "four-point",
                    "value_micro": 3_500_000,
                    "possible_micro": 4_000_000,
                    "kind": "quiz",
                    "attempt": 1,
                    "assessor": {"id": "t-1", "role": "teacher"},
                },
            }
        ],
    }
    corrected = await door.post("/v1/scores/e1.1/corrections", {"value": 3, "reason": REASON})
    assert corrected.json()["events"][0]["data"]["before_micro"] == 3_500_000
    voided = await door.post("/v1/scores/e1.1/void", {"reason": REASON}, correlation_id="c-1")
    assert voided.status_code == 201
    history = await store.load("evidence-e1")
    assert [recorded.event.type for recorded in history.events] == [
        "evidence.submitted.v1",
        "score.given.v1",
        "score.corrected.v1",
        "score.voided.v1",
    ]
    assert history.events[1].occurred_at.isoformat() == "2026-03-02T09:15:00+00:00"
    assert history.events[3].meta.model_dump(exclude_none=True) == {
        "actor": {"id": "t-1", "role": "teacher"},
        "reason": {"code": "typing-error"},
        "correlation_id": "c-1",
    }


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        ("/v1/evidence/e1/scores", SCORE | {"value": "4.5"}, (409, "score-outside-scale")),
        ("/v1/evidence/e9/scores", SCORE, (404, "evidence-unknown")),
        ("/v1/evidence/e1/scores", SCORE | {"competency_id": "4.NF.2"}, (409, "competency-not-aligned")),
        ("/v1/evidence", EVIDENCE | {"evidence_id": "e2", "competency_ids": ["4.NF.9"]}, (409, "competency-unknown")),
        ("/v1/evidence", EVIDENCE, (409, "evidence-exists")),
        ("/v1/evidence/e1/scores", '{"competency_id":"4.NF.1","value":NaN}', (422, "score-not-a-number")),
        ("/v1/evidence/e1/scores", '{"competency_id":"4.NF.1","value":Infinity}', (422, "score-not-a-number")),
        ("/v1/evidence/e1/scores", SCORE | {"value": True}, (422, "score-not-a-number")),
        ("/v1/evidence/e1/scores", SCORE | {"value": "３"}, (422, "score-not-a-number")),  # noqa: RUF001 - its point
        ("/v1/evidence/e1/scores", SCORE | {"occurred_at": "2026-03-02T10:15:00"}, (422, "occurred-without-zone")),
        ("/v1/evidence/e1/scores", SCORE | {"occurred_at": "2999-01-01T00:00:00Z"}, (422, "occurred-in-future")),
        ("/v1/evidence/e1/scores", SCORE | {"occurred_at": "0001-01-01T00:00:00+14:00"}, (422, "malformed")),
        ("/v1/evidence/e1/scores", SCORE | {"source": {"system": "lms", "row": 2**64}}, (422, "malformed")),
        ("/v1/evidence/e1/scores", SCORE | {"source": {"system": "lms", "batch": "x" * 256}}, (422, "malformed")),
        ("/v1/goals", GOAL | {"due_on": "2026-02-30"}, (422, "malformed")),
        ("/v1/goals", GOAL | {"statement": " \n"}, (422, "malformed")),
        ("/v1/evidence/e1/scores", SCORE | {"colour": "blue"}, (422, "malformed")),
        ("/v1/evidence/e1/scores", SCORE | {"evidence_id": "e2"}, (422, "malformed")),
        ("/v1/evidence/e1/scores", SCORE | {"actor": {"id": "x", "role": "teacher"}}, (422, "server-sets-it")),
        ("/v1/evidence/e1/scores", SCORE | {"recorded_at": "2026-03-02T10:15:00Z"}, (422, "server-sets-it")),
        ("/v1/evidence/e1/scores", SCORE | {"on_behalf_of": "t-2"}, (422, "server-sets-it")),
        ("/v1/evidence/e1/scores", "{", (422, "malformed")),
        ("/v1/evidence/e1/withdrawal", {}, (422, "reason-required")),
        ("/v1/scores/e1.1/corrections", {"value": "3", "reason": REASON}, (404, "score-unknown")),
        ("/v1/goals/g9/signatures", {}, (404, "goal-unknown")),
        ("/v1/pathways/p9/changes", {"steps": [{"step_id": "1", "competency_id": "4.NF.1"}]}, (404, "pathway-unknown")),
        ("/v1/learners/l-91/profile-entries", {"kind": "weakness", "text": "x"}, (422, "malformed")),
    ],
)
async def test_a_refusal_is_a_problem_with_its_rule(
    door: Door, store: EventStore, path: str, body: object, answer: tuple[int, str]
) -> None:
    await door.post("/v1/evidence", EVIDENCE)
    refused = await door.post(path, body)
    problem = refused.json()
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.status_code, problem["code"]) == answer
    assert problem["type"] == f"/errors#{answer[1]}"
    assert await store.head() == 4


@pytest.mark.parametrize(
    "header", [{"if_match": "9" * 5000}, {"if_match": "two"}, {"correlation_id": "x" * 201}, {"idempotency_key": ""}]
)
async def test_a_header_without_its_form_is_refused(door: Door, header: dict[str, Any]) -> None:
    refused = await door.post("/v1/evidence", EVIDENCE, **header)
    assert (refused.status_code, refused.json()["code"]) == (422, "malformed")


async def test_a_service_says_on_whose_behalf_and_who_assessed(door: Door, store: EventStore) -> None:
    await door.post("/v1/evidence", EVIDENCE)
    words = {"on_behalf_of": "t-2", "assessor": {"id": "t-2", "role": "teacher"}, "source": {"system": "lms", "row": 7}}
    assert (await door.post("/v1/evidence/e1/scores", SCORE | words, SERVICE)).status_code == 201
    given = (await store.load("evidence-e1")).events[1]
    assert given.meta.on_behalf_of == "t-2"
    assert given.event.model_dump()["assessor"] == {"id": "t-2", "role": "teacher"}


@pytest.mark.parametrize(
    ("actor", "learner", "status"),
    [
        (TEACHER, None, 201),
        (LEARNER, None, 201),
        (GUARDIAN, "l-91", 201),
        (GUARDIAN, "l-92", 403),
        (SERVICE, None, 403),
    ],
)
async def test_a_goal_is_signed_by_those_around_the_learner(
    door: Door, actor: Actor, learner: str | None, status: int
) -> None:
    assert (await door.post("/v1/goals", GOAL | {"goal_id": "g1"})).status_code == 201
    signed = await door.post("/v1/goals/g1/signatures", {}, actor, learner)
    assert signed.status_code == status


async def test_a_learner_acts_for_itself_only(door: Door) -> None:
    own = await door.post("/v1/evidence", EVIDENCE | {"evidence_id": "own"}, LEARNER)
    assert own.status_code == 201
    other = await door.post("/v1/evidence", EVIDENCE | {"evidence_id": "other", "learner_id": "l-92"}, LEARNER)
    assert (other.status_code, other.json()["code"]) == (403, "not-permitted")
    assert (await door.post("/v1/evidence/own/scores", SCORE, LEARNER)).status_code == 403


async def test_a_policy_that_a_teacher_drafts_is_approved_and_published_by_administrators(
    door: Door, store: EventStore
) -> None:
    draft = {"policy_id": "p1", "document": LATEST, "framework_id": "math-4"}
    assert (await door.post("/v1/policies", draft)).status_code == 201
    await store.append(Append("policy-p1", 1, [simulated(LATEST, at_position=4)], utc_now(), META))
    why = {"reason": {"text": "board decision"}}
    assert (await door.post("/v1/policies/p1/approvals", why)).status_code == 403
    early = await door.post("/v1/policies/p1/publication", why, ADMINISTRATOR)
    assert (early.status_code, early.json()["code"]) == (409, "policy-not-approved")
    for person in BOARD:
        assert (await door.post("/v1/policies/p1/approvals", why, person)).status_code == 201
    twice = await door.post("/v1/policies/p1/approvals", why, BOARD[0])
    assert (twice.status_code, twice.json()["code"]) == (409, "approval-given")
    assert (await door.post("/v1/policies/p1/publication", why)).status_code == 403
    published = await door.post("/v1/policies/p1/publication", why, ADMINISTRATOR)
    assert published.json()["events"][0]["type"] == "policy.published.v1"
    again = await door.post("/v1/policies/p1/publication", why, ADMINISTRATOR)
    assert (again.status_code, again.json()["code"]) == (409, "policy-live")


@pytest.mark.parametrize("act", ["approvals", "publication", "rollback", "retirement"])
async def test_an_act_on_a_policy_needs_a_reason(door: Door, act: str) -> None:
    await door.post("/v1/policies", {"policy_id": "p1", "document": LATEST})
    refused = await door.post(f"/v1/policies/p1/{act}", {}, ADMINISTRATOR)
    assert (refused.status_code, refused.json()["code"]) == (422, "reason-required")


async def test_what_another_process_published_is_known_at_once(door: Door) -> None:
    assert (await door.post("/v1/evidence", EVIDENCE)).status_code == 201
    scale = {"scale_id": "stars", "title": "Stars", "lowest": 0, "highest": 5}
    assert (await door.post("/v1/scales", scale, ADMINISTRATOR)).status_code == 201
    on_stars = await door.post("/v1/evidence/e1/scores", SCORE | {"scale_id": "stars", "value": 5})
    assert on_stars.status_code == 201


async def test_what_holds_already_is_answered_without_an_event(door: Door, store: EventStore) -> None:
    await door.post("/v1/evidence", EVIDENCE)
    same = await door.post("/v1/evidence/e1/alignments", {"competency_ids": ["4.NF.1"]})
    assert (same.status_code, same.json()["events"], same.headers["etag"]) == (200, [], '"1"')
    assert await store.head() == 4


@pytest.mark.parametrize("route", COMMANDS, ids=[path for path, _ in COMMANDS])
def test_every_example_is_a_command(route: tuple[str, Any]) -> None:
    path, module = route
    in_path = {name: "x.1" if name == "score_id" else "x" for name in re.findall(r"{(\w+)}", path)}
    made = {module.MAKES: "x"} if module.MAKES else {}
    parse_command(module.COMMAND, in_path | made | module.EXAMPLE)
