"""A what-if through the public interface: asked for, watched, read, compared, cancelled; nothing live is written."""

import csv
import json
from threading import Event
from typing import Any, Final

import anyio
import psycopg
import pytest
from anyio import to_thread

from domain.kernel.envelope import Actor, Role
from domain.kernel.ids import ActorId
from domain.policy.starters import CUTS
from services.projectors import ledger
from services.projectors.pruning import prune
from services.projectors.rebuilding.rebuild import rebuild
from services.projectors.what_if.worker import simulate_next
from tests.journeys.public import Public
from tests.sample import ADMINISTRATOR, GUARDIAN, LEARNER, SERVICE, TEACHER

pytestmark = pytest.mark.anyio
NF1: Final = "4.NF.1"
AUDITOR: Final = Actor(id=ActorId("x-1"), role=Role.AUDITOR)
LATEST: Final = {"name": "Latest", "combine": {"op": "latest"}, **CUTS["percent"]}
HIGHEST: Final = {"name": "Highest", "combine": {"op": "highest"}, **CUTS["percent"]}
FALLING, STEADY, RISING = ("4", "2"), ("3", "3"), ("2", "4")
"""Two scores of 4 points: their mean is 75 %, proficient; the last alone developing, proficient, advanced."""
DISTRICT: Final = (
    ("north", "N", FALLING, 12), ("north", "N", STEADY, 12), ("north", "N", RISING, 12),
    ("south", "Y", FALLING, 14), ("south", "Y", STEADY, 10), ("south", "N", STEADY, 12), ("south", "N", RISING, 10),
    ("hill", "N", FALLING, 1), ("hill", "N", STEADY, 3),
)  # fmt: skip
"""School, whether with a disability, scores, learners: 27 of 86 fall under the latest score alone."""


async def fill(public: Public) -> None:
    """Register, enrol and score the learners of the district."""
    number = 0
    lines = []
    for school, disability, values, learners in DISTRICT:
        for _ in range(learners):
            number += 1
            learner = f"l{number:02}"
            await public.do("learners", ADMINISTRATOR, learner_id=learner, subgroups=[f"disability:{disability}"])
            place = {"learner_id": learner, "section_id": f"s-{school}", "school_id": school, "grade": "4"}
            await public.do("enrolments", ADMINISTRATOR, enrolment_id=f"n-{learner}", **place)
            lines += [observation(learner, day, value) for day, value in enumerate(values, 1)]
    sent = await public.commands.post(
        "/v1/observations:batch", content="\n".join(lines), headers=public.sign_in(SERVICE), timeout=60
    )
    assert sent.status_code == 200, sent.text
    public.position = json.loads(sent.text.splitlines()[-1]).get("position", public.position)


def observation(learner: str, day: int, value: str) -> str:
    """One line of a batch: a quiz of January 2026."""
    told = {"evidence_id": f"e-{learner}-{day}", "learner_id": learner, "competency_id": NF1, "kind": "quiz"}
    return json.dumps(told | {"value": value, "occurred_at": f"2026-01-{day:02}T09:00:00Z"})


async def draft(public: Public, policy_id: str, document: dict[str, Any]) -> None:
    await public.do("policies", ADMINISTRATOR, policy_id=policy_id, document=document)


async def simulate(public: Public, policy_id: str, **words: Any) -> str:
    """Ask for a what-if and return where it can be read."""
    answer = await public.try_to(f"policies/{policy_id}/simulations", **words)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].removeprefix("/v1/")


async def ended(public: Public, place: str) -> dict[str, Any]:
    """Return a what-if once it has ended."""
    with anyio.fail_after(60):
        while (found := await public.ask(place))["state"] in {"asked", "running"}:  # noqa: ASYNC110 - another process
            await anyio.sleep(0.1)
    return found


@pytest.mark.need("NEED-81")
@pytest.mark.need("NEED-66")
@pytest.mark.need("NEED-21")
async def test_a_what_if_says_who_would_fall_and_which_groups_more_than_the_rest(public: Public) -> None:
    await fill(public)
    await draft(public, "latest", LATEST)
    found = await ended(public, await simulate(public, "latest"))
    assert found["state"] == "finished", found
    impact = found["impact"]
    assert impact["matrix"] == {"proficient": {"developing": 27, "proficient": 37, "advanced": 22}}
    assert (impact["cells"], impact["moved"], impact["fell"], impact["rose"]) == (86, 49, 27, 22)
    assert impact["levels"] == ["developing", "proficient", "advanced"]
    by = {one["name"]: {group["name"]: group for group in one["groups"]} for one in impact["dimensions"]}
    assert set(by) == {"disability", "school"}, "all are in one grade"
    assert by["disability"]["Y"] == {
        "name": "Y", "learners": 24, "cells": 24, "fell": 14, "stayed": 10, "rose": 0,
        "falls_ratio": "2.78", "flagged": True,
    }  # fmt: skip
    assert by["disability"]["N"]["flagged"] is False
    assert {name: group["cells"] for name, group in by["school"].items()} == {"hill": None, "north": None, "south": 46}
    assert by["school"]["hill"]["fell"] is by["school"]["north"]["fell"] is None


async def test_nothing_live_is_written_and_the_policy_has_the_simulation_on_record(public: Public) -> None:
    await fill(public)
    await draft(public, "latest", LATEST)
    before = await public.ask("learners/l01/mastery")
    place = await simulate(public, "latest", reason={"text": "for the board"})
    found = await ended(public, place)
    after = await public.ask("learners/l01/mastery")
    assert after["competencies"] == before["competencies"]
    recorded = (await public.ask("audit", AUDITOR, type="policy.simulated.v1"))["entries"]
    assert [(one["position"], one["actor_id"], one["reason_text"]) for one in recorded] == [
        (found["recorded_at_position"], TEACHER.id, "for the board")
    ]
    assert recorded[0]["data"]["digest"] == found["digest"]
    assert recorded[0]["data"]["simulation_id"] == found["simulation_id"]


async def test_a_family_reads_a_policy_and_not_what_it_would_do_to_others(public: Public) -> None:
    await fill(public)
    await draft(public, "latest", LATEST)
    await ended(public, await simulate(public, "latest"))
    for path in ("policies/latest", "policies"):
        answers = [await public.ask(path, actor) for actor in (TEACHER, LEARNER, GUARDIAN)]
        of_teacher, *of_family = [one.get("life") or one["policies"][0]["life"] for one in answers]
        assert [stage["simulation"]["moved"] for stage in of_teacher] == [49]
        assert [[stage["simulation"] for stage in life] for life in of_family] == [[None], [None]]


async def test_a_what_if_at_a_position_comes_to_the_same_after_more_events(public: Public) -> None:
    await fill(public)
    await draft(public, "latest", LATEST)
    first = await ended(public, await simulate(public, "latest"))
    await public.do("evidence/e-l01-2/scores", competency_id=NF1, value="4")
    await public.do("scores/e-l02-2.1/void", reason={"code": "typing-error"})
    await public.do("learners/l03/subgroups", ADMINISTRATOR, subgroups=["disability:Y"])
    await public.do("enrolments/n-l04/withdrawal", ADMINISTRATOR)
    again = await ended(public, await simulate(public, "latest", at_position=first["at_position"]))
    now = await ended(public, await simulate(public, "latest"))
    assert (again["digest"], again["impact"]) == (first["digest"], first["impact"])
    assert now["digest"] != first["digest"]
    assert now["impact"]["matrix"] != first["impact"]["matrix"]


async def test_each_mover_is_explained_under_both_policies_from_what_was_known_then(public: Public) -> None:
    await fill(public)
    await draft(public, "latest", LATEST)
    place = await simulate(public, "latest")
    await ended(public, place)
    await public.do("scores/e-l01-2.1/corrections", value="4", reason={"code": "typing-error"})
    page = await public.ask(f"{place}/movers", before="proficient", after_level="developing", school="south", limit=10)
    more = await public.ask(f"{place}/movers", after_level="developing", school="south", after=page["next"])
    assert [len(page["movers"]), len(more["movers"]), more["next"]] == [10, 4, None]
    explained = await public.ask(f"{place}/movers/l01/{NF1}")
    assert explained["mover"]["before_value"] == "75"
    assert explained["mover"]["after_value"] == "50"
    assert explained["before"]["explanation"]["effective"] == "proficient"
    assert explained["after"]["explanation"]["effective"] == "developing"
    assert [one["dropped_because"] for one in explained["after"]["explanation"]["entries"]] == ["not-latest", None]
    assert "developing" in explained["after"]["in_words"]
    file = await public.questions.get(f"/v1/{place}/movers.csv", headers=public.sign_in(TEACHER))
    lines = list(csv.DictReader(file.text.splitlines()))
    assert len(lines) == 49
    assert (lines[0]["learner_id"], lines[0]["before_level"], lines[0]["after_level"]) == (
        "l01",
        "proficient",
        "developing",
    )


@pytest.mark.parametrize(
    ("name", "code", "detail"),
    [
        ("before", "level-unknown", "no policy has level nonsense"),
        ("after_level", "level-unknown", "no policy has level nonsense"),
        ("school", "not-found", "no learner, and no policy, is at school nonsense"),
    ],
)
async def test_movers_are_not_looked_for_by_a_name_that_nothing_has(
    public: Public, name: str, code: str, detail: str
) -> None:
    await fill(public)
    await draft(public, "latest", LATEST)
    place = await simulate(public, "latest")
    await ended(public, place)
    assert (await public.ask(f"{place}/movers", before="none", after_level="advanced"))["movers"] == []
    asked, headers = {name: "nonsense"}, public.sign_in(TEACHER)
    refused = await public.questions.get(f"/v1/{place}/movers", params=asked, headers=headers)
    assert (refused.status_code, refused.json()["code"], refused.json()["detail"]) == (404, code, detail)


async def test_movers_that_were_pruned_are_told_so_and_not_as_none(public: Public, database: str) -> None:
    await fill(public)
    await draft(public, "latest", LATEST)
    old = await ended(public, await simulate(public, "latest"))
    new = await ended(public, await simulate(public, "latest"))
    with psycopg.connect(database, autocommit=True) as connection:
        assert prune(connection, None).simulations == [old["simulation_id"]]
    place, headers = f"/v1/simulations/{old['simulation_id']}", public.sign_in(TEACHER)
    for path in ("movers", "movers.csv", f"movers/l01/{NF1}"):
        answer = await public.questions.get(f"{place}/{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "simulation-pruned")
    kept = await public.ask(f"simulations/{old['simulation_id']}")
    assert (kept["impact"], kept["movers_pruned_at"] is None) == (new["impact"], False)
    assert len((await public.ask(f"simulations/{new['simulation_id']}/movers", limit=100))["movers"]) == 49


async def test_drafts_are_compared_at_one_position(public: Public) -> None:
    await fill(public)
    await draft(public, "latest", LATEST)
    await draft(public, "highest", HIGHEST)
    first = await ended(public, await simulate(public, "latest"))
    second = await ended(public, await simulate(public, "highest", at_position=first["at_position"]))
    third = await ended(public, await simulate(public, "highest"))
    ids = [one["simulation_id"] for one in (first, second, third)]
    found = await public.ask("simulations/compare", ids=f"{ids[0]},{ids[1]}", limit=2)
    assert found["before"] == {"proficient": 86}
    assert [one["levels"] for one in found["drafts"]] == [
        {"developing": 27, "proficient": 37, "advanced": 22},
        {"proficient": 37, "advanced": 49},
    ]
    assert found["differences"][0]["levels"] == {ids[0]: "developing", ids[1]: "advanced"}
    assert found["next"] is not None
    refused = await public.questions.get(
        "/v1/simulations/compare", params={"ids": f"{ids[0]},{ids[2]}"}, headers=public.sign_in(TEACHER)
    )
    assert refused.json()["code"] == "not-comparable"


async def test_progress_is_told_until_the_end(public: Public) -> None:
    await fill(public)
    await draft(public, "latest", LATEST)
    place = await simulate(public, "latest")
    headers = public.sign_in(TEACHER)
    told = await public.questions.get(f"/v1/{place}/progress", headers=headers, timeout=60)
    assert told.headers["content-type"].startswith("text/event-stream")
    last = told.text.strip().split("\n\n")[-1]
    assert last.startswith("event: finished\ndata: ")
    assert json.loads(last.split("data: ")[1])["cells_done"] == 86


async def test_a_what_if_that_is_cancelled_before_it_begins_ends_so(apis: Public) -> None:
    await draft(apis, "latest", LATEST)
    place = await simulate(apis, "latest")
    assert (await apis.ask(place))["state"] == "asked"
    assert (await apis.try_to(f"{place}/cancellation")).status_code == 201
    assert (await apis.try_to(f"{place}/cancellation")).status_code == 200


async def test_a_what_if_whose_position_is_not_reached_lets_others_pass(apis: Public, database: str) -> None:
    await draft(apis, "latest", LATEST)
    with ledger.connect(database) as connection:
        for name in ("mastery", "learner_profile"):
            rebuild(connection, name)
        waiting = await simulate(apis, "latest", simulation_id="w1")
        passing = await simulate(apis, "latest", simulation_id="w2", at_position=1)
        worked = [await to_thread.run_sync(simulate_next, connection, database, Event()) for _ in range(2)]
    assert worked == [True, False]
    assert [(await apis.ask(place))["state"] for place in (waiting, passing)] == ["asked", "finished"]


async def test_what_cannot_be_simulated_is_refused(apis: Public) -> None:
    await draft(apis, "latest", LATEST)
    place = await simulate(apis, "latest", simulation_id="w1")
    assert place == "simulations/w1"
    refused = [
        await apis.try_to("policies/other/simulations"),
        await apis.try_to("policies/latest/simulations", version="f" * 64),
        await apis.try_to("policies/latest/simulations", at_position=1_000),
        await apis.try_to("policies/latest/simulations", simulation_id="w1"),
        await apis.try_to("policies/latest/simulations", flag_ratio="0.5"),
        await apis.try_to("policies/latest/simulations", GUARDIAN),
        await apis.try_to("simulations/w2/cancellation"),
    ]
    assert [answer.json()["code"] for answer in refused] == [
        "policy-unknown", "policy-version-unknown", "position-not-reached", "simulation-exists", "malformed",
        "not-permitted", "simulation-unknown",
    ]  # fmt: skip
    unknown = await apis.questions.get("/v1/simulations/w2", headers=apis.sign_in(TEACHER))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "simulation-unknown")
    forbidden = await apis.questions.get("/v1/simulations/w1", headers=apis.sign_in(GUARDIAN))
    assert forbidden.status_code == 403
