"""The replay of a publication through the running servers: paused, resumed, cancelled, watched, and rolled back."""

import json
from typing import Any, Final

import psycopg
import pytest
from anyio import fail_after, sleep

from domain.policy.starters import CUTS
from infra.postgres.event_store import Append, blocking_event_store
from services.projectors import ledger, parking
from services.projectors.rebuilding.rebuild import rebuild
from tests.journeys.public import Public
from tests.projectors.history import META, START
from tests.sample import ADMINISTRATOR, BOARD, TEACHER

pytestmark = pytest.mark.anyio
HIGHEST: Final[dict[str, Any]] = {"name": "Highest", "combine": {"op": "highest"}, **CUTS["percent"]}
WHY: Final = {"text": "exams week"}
AHEAD: Final = "2099-01-01T00:00:00Z"
UNREADABLE: Final = """
    INSERT INTO ledger.event
        (position, stream, version, type, event_id, learner_id, occurred_at, recorded_at, meta, data)
    SELECT max(position) + 1, 'evidence-e1', 3, 'score.corrected.v1', gen_random_uuid(), 'l-91', now(), now(),
        '{"actor":{"id":"t-1","role":"teacher"}}', '{"score_id":"e1.1"}'
    FROM ledger.event
    RETURNING position
"""
ME: Final = "learners/l-91/mastery"


async def give(public: Public, name: str, value: str) -> None:
    evidence: dict[str, Any] = {"evidence_id": name, "learner_id": "l-91", "competency_ids": ["4.NF.1"], "kind": "quiz"}
    await public.do("evidence", **evidence)
    await public.do(f"evidence/{name}/scores", competency_id="4.NF.1", value=value)


async def publish(public: Public, **when: str) -> int:
    """Publish the policy `best`, which was not before; return the id of its replay."""
    await public.do("policies", policy_id="best", document=HIGHEST)
    await public.simulate("best")
    await public.approve("best", *BOARD)
    await public.do("policies/best/publication", ADMINISTRATOR, reason=WHY, **when)
    return public.position


async def state(public: Public, replay: int, *states: str) -> dict[str, Any]:
    """Wait until a replay is in one of some states; return it."""
    with fail_after(30):
        while True:
            for one in (await public.ask("replays"))["replays"]:
                if one["replay_id"] == replay and one["state"] in states:
                    found: dict[str, Any] = one
                    return found
            await sleep(0.05)


async def test_a_replay_is_paused_resumed_and_cancelled_by_people_with_a_reason(public: Public) -> None:
    await give(public, "e1", "4")
    await give(public, "e2", "2")
    replay = await publish(public, effective_from=AHEAD)
    assert (await state(public, replay, "waiting"))["cells_done"] == 1
    assert (await public.try_to("policies/best/replay/pause", TEACHER, reason=WHY)).status_code == 403
    assert (await public.try_to("policies/best/replay/pause", ADMINISTRATOR)).status_code == 422
    (paused,) = await public.do("policies/best/replay/pause", ADMINISTRATOR, reason=WHY)
    assert paused["type"] == "policy.replay_paused.v1"
    await state(public, replay, "paused")
    await public.do("policies/best/replay/resume", ADMINISTRATOR, reason=WHY)
    await state(public, replay, "waiting")
    await public.do("policies/best/replay/cancel", ADMINISTRATOR, reason=WHY)
    ended = await state(public, replay, "cancelled")
    assert ended["finished_at"] is not None
    again = await public.try_to("policies/best/replay/resume", ADMINISTRATOR, reason=WHY)
    assert again.status_code == 409
    assert (await public.ask(ME))["competencies"][0]["level"] == "proficient"


async def test_the_progress_of_a_replay_is_told_until_its_end(public: Public) -> None:
    await give(public, "e1", "4")
    replay = await publish(public)
    await state(public, replay, "computing", "verifying", "catching_up", "switching", "done")
    headers = public.sign_in(TEACHER)
    one = await public.ask(f"replays/{replay}")
    assert (one["policy_id"], one["cells"], one["stale"]) == ("best", 1, False)
    assert one["position"] >= replay
    assert (await public.ask("replays"))["position"] >= replay
    told = await public.questions.get(f"/v1/replays/{replay}/progress", headers=headers, timeout=60)
    assert told.headers["content-type"].startswith("text/event-stream")
    last = told.text.strip().split("\n\n")[-1]
    assert last.startswith("event: done\ndata: ")
    words = json.loads(last.split("data: ")[1])
    assert (words["cells_done"], words["digest"]) == (1, words["digest_simulated"])
    missing = await public.questions.get("/v1/replays/999999/progress", headers=headers)
    assert missing.status_code == 404


async def test_levels_that_are_rolled_back_to_are_those_of_before_with_what_was_scored_since(
    public: Public, database: str
) -> None:
    await give(public, "e1", "4")
    await give(public, "e2", "2")
    version = (await public.ask(ME))["competencies"][0]["policy_version"]
    await public.put_in_force("best", HIGHEST)
    assert (await public.ask(ME))["competencies"][0]["level"] == "advanced"
    await give(public, "e3", "1")
    await public.do("policies/best/rollback", ADMINISTRATOR, reason=WHY)
    await give(public, "e4", "3")
    cell = (await public.ask(ME))["competencies"][0]
    assert (cell["level"], cell["counted"], cell["scores"]) == ("developing", 4, 4)
    assert cell["policy_version"] == version
    heard = (await public.ask("learners/l-91/notices"))["notices"]
    assert [(one["before_level"], one["after_level"]) for one in heard] == [
        ("proficient", "advanced"),
        ("advanced", "developing"),
    ]
    with ledger.connect(database) as connection:
        assert rebuild(connection, "mastery").digest is not None


async def test_a_learner_who_was_parked_at_the_simulation_and_is_folded_since_does_not_stop_the_publication(
    public: Public, database: str
) -> None:
    await give(public, "e1", "2")
    with psycopg.connect(database) as connection:
        [[poison]] = connection.execute(UNREADABLE).fetchall()
    await give(public, "e2", "4")
    await public.do("policies", policy_id="best", document=HIGHEST)
    await public.simulate("best")
    with ledger.connect(database) as connection, blocking_event_store(database) as store:
        skip = parking.skip_event(connection, "mastery", poison)
        position = store.append(Append("operations-mastery", 0, [skip], START, META)).last_position
    await give(public, "e3", "3")
    await public.approve("best", *BOARD)
    await public.do("policies/best/publication", ADMINISTRATOR, reason=WHY)
    told = await state(public, public.position, "done", "refused")
    assert (told["state"], told["at_position"] > position) == ("done", True)
    assert told["digest_touched_then"] != told["digest_touched_now"]
    assert (await public.ask(ME))["competencies"][0]["counted"] == 3
