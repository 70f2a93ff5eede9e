"""What-ifs in a place: a course, a competency with its parts, a school beside its district; then the same in force."""

from typing import Any, Final

import anyio
import pytest

from domain.policy.starters import CUTS
from tests.journeys.public import Public
from tests.sample import ADMINISTRATOR, BOARD

pytestmark = pytest.mark.anyio
LATEST: Final[dict[str, Any]] = {"name": "Latest", "combine": {"op": "latest"}, **CUTS["percent"]}
HIGHEST: Final[dict[str, Any]] = {"name": "Highest", "combine": {"op": "highest"}, **CUTS["percent"]}
PARTS: Final[dict[str, Any]] = {
    "name": "Mean of the parts",
    "rollup": {"unknown": "ignore"},
    "combine": {"op": "mean"},
    **CUTS["four-levels"],
}
WEAKEST: Final[dict[str, Any]] = PARTS | {"name": "The weakest part", "combine": {"op": "lowest"}}
ART: Final = {"framework_id": "art", "title": "Art", "edition": "1", "scale_id": "four-point"}
LEARNERS: Final = (("ann", "north", "drawing"), ("bob", "south", "drawing"), ("cat", "south", "painting"))
"""Learner, school, course; each has 4 then 2 of 4 points in both parts of ART.1 and in ART.2."""


async def fill(public: Public) -> None:
    competencies = [{"competency_id": one, "statement": one} for one in ("ART.1", "ART.1a", "ART.1b", "ART.2")]
    associations = [{"kind": "isChildOf", "from_id": part, "to_id": "ART.1"} for part in ("ART.1a", "ART.1b")]
    await public.do("frameworks", ADMINISTRATOR, **ART, competencies=competencies, associations=associations)
    for learner, school, course in LEARNERS:
        await public.do("learners", ADMINISTRATOR, learner_id=learner)
        place = {"section_id": f"s-{course}", "school_id": school, "course_id": course}
        await public.do("enrolments", ADMINISTRATOR, enrolment_id=f"n-{learner}", learner_id=learner, **place)
        for competency in ("ART.1a", "ART.1b", "ART.2"):
            for number, value in enumerate(("4", "2")):
                await give(public, learner, competency, f"e-{learner}-{competency}-{number}", value)


async def give(public: Public, learner: str, competency: str, name: str, value: str) -> None:
    about: dict[str, Any] = {"evidence_id": name, "learner_id": learner, "competency_ids": [competency], "kind": "quiz"}
    await public.do("evidence", **about)
    await public.do(f"evidence/{name}/scores", competency_id=competency, value=value)


async def simulated(public: Public, policy_id: str, document: dict[str, Any], **scope: Any) -> dict[str, Any]:
    """Draft a policy, try it, and return the what-if once it has finished."""
    await public.do("policies", policy_id=policy_id, document=document, **scope)
    (asked,) = await public.do(f"policies/{policy_id}/simulations")
    place = f"simulations/{asked['data']['simulation_id']}"
    with anyio.fail_after(60):
        while (found := await public.ask(place))["state"] in {"asked", "running"}:  # noqa: ASYNC110 - another process
            await anyio.sleep(0.1)
    assert found["state"] == "finished", found
    return found


async def movers(public: Public, simulation: dict[str, Any]) -> list[tuple[str, str]]:
    found = await public.ask(f"simulations/{simulation['simulation_id']}/movers", limit=100)
    return [(one["learner_id"], one["competency_id"]) for one in found["movers"]]


async def publish(public: Public, policy_id: str) -> None:
    """Publish what was simulated, and wait until it is in force."""
    await public.approve(policy_id, *BOARD)
    await public.do(f"policies/{policy_id}/publication", ADMINISTRATOR, reason={"text": "board decision"})
    await public.wait_for(policy_id, "in-force")


async def levels(public: Public, learner: str) -> dict[str, str]:
    found = (await public.ask(f"learners/{learner}/mastery"))["competencies"]
    return {one["competency_id"]: one["level"] for one in found}


async def test_a_policy_of_a_course_moves_those_of_the_course_and_nobody_else(public: Public) -> None:
    await fill(public)
    found = await simulated(public, "drawing", LATEST, course_id="drawing")
    assert (found["impact"]["cells"], found["impact"]["moved"]) == (6, 6)
    assert {learner for learner, _ in await movers(public, found)} == {"ann", "bob"}
    await publish(public, "drawing")
    assert {learner: (await levels(public, learner))["ART.2"] for learner, *_ in LEARNERS} == {
        "ann": "developing",
        "bob": "developing",
        "cat": "proficient",
    }


async def test_a_policy_of_a_competency_moves_it_and_its_parts(public: Public) -> None:
    await fill(public)
    found = await simulated(public, "parts", LATEST, framework_id="art", competency_id="ART.1")
    assert sorted({competency for _, competency in await movers(public, found)}) == ["ART.1a", "ART.1b"]
    await publish(public, "parts")
    assert await levels(public, "cat") == {"ART.1a": "developing", "ART.1b": "developing", "ART.2": "proficient"}


async def test_a_school_keeps_its_own_policy_beside_that_of_the_district(public: Public) -> None:
    await fill(public)
    await simulated(public, "north", HIGHEST, school_id="north")
    await publish(public, "north")
    found = await simulated(public, "district", LATEST)
    assert {learner for learner, _ in await movers(public, found)} == {"bob", "cat"}
    await publish(public, "district")
    assert [(await levels(public, learner))["ART.2"] for learner, *_ in LEARNERS] == [
        "advanced",
        "developing",
        "developing",
    ]


async def test_a_mover_made_of_others_is_explained_by_its_parts(public: Public) -> None:
    await fill(public)
    await give(public, "ann", "ART.1b", "e-more", "1")
    await simulated(public, "parts", PARTS, framework_id="art", competency_id="ART.1")
    await publish(public, "parts")
    found = await simulated(public, "weakest", WEAKEST, framework_id="art", competency_id="ART.1")
    assert ("ann", "ART.1") in await movers(public, found)
    await give(public, "ann", "ART.1a", "e-later", "0")
    told = await public.ask(f"simulations/{found['simulation_id']}/movers/ann/ART.1")
    before, after = told["before"], told["after"]
    assert (told["mover"]["before_value"], told["mover"]["after_value"]) == (
        before["explanation"]["value"],
        after["explanation"]["value"],
    )
    assert [(one["competency_id"], one["value"], one["dropped_because"]) for one in after["parts"]] == [
        ("ART.1a", "2", "not-lowest"),
        ("ART.1b", "1", None),
    ]
    assert [one["share"] for one in before["parts"]] == ["0.5", "0.5"]
    assert (before["explanation"]["entries"], after["explanation"]["effective"]) == ([], told["mover"]["after_level"])
    assert "ART.1a" in after["in_words"]


async def test_a_draft_that_locks_a_stage_moves_those_of_a_policy_below_it(public: Public) -> None:
    await fill(public)
    await simulated(public, "north", HIGHEST, school_id="north")
    await publish(public, "north")
    await public.do("learners/ann/advancements", act_id="a1", competency_id="ART.2")
    cuts = [{"code": "proficient", "at": "100"}, {"code": "beginning", "at": "0"}]
    found = await simulated(public, "district", HIGHEST | {"levels": cuts}, locked=["levels"])
    assert found["impact"]["cells"] == 9
    assert {learner for learner, _ in await movers(public, found)} == {"ann"}
    await publish(public, "district")
    assert {learner: (await levels(public, learner))["ART.2"] for learner, *_ in LEARNERS} == dict.fromkeys(
        ["ann", "bob", "cat"], "proficient"
    )
    assert (await public.ask("reviews"))["reviews"] == []
    (card,) = await public.do("learners/ann/report-cards", period="autumn", competency_ids=["ART.2"])
    assert [line["basis"]["level"] for line in card["data"]["lines"]] == ["proficient"]
    groups = (await public.ask("equity", by="school", framework="art"))["groups"]
    assert [one["name"] for one in groups] == ["north", "south"]


async def test_a_revision_that_leaves_a_place_moves_those_who_learn_there(public: Public) -> None:
    await fill(public)
    await simulated(public, "schools", LATEST, framework_id="art")
    await publish(public, "schools")
    found = await simulated(public, "schools", HIGHEST, framework_id="art", school_id="south")
    assert found["impact"]["matrix"] == {"developing": {"proficient": 3, "advanced": 6}}
    await publish(public, "schools")
    assert [(await levels(public, learner))["ART.2"] for learner, *_ in LEARNERS] == [
        "proficient",
        "advanced",
        "advanced",
    ]
