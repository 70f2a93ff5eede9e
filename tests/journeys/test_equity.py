"""How groups of learners do: nobody is shown among fewer than ten."""

from typing import Any

import pytest

from tests.journeys.public import Public
from tests.journeys.test_needs import NF1
from tests.sample import ADMINISTRATOR, LEARNER, SERVICE

pytestmark = pytest.mark.anyio


async def learn(public: Public, name: str, subgroup: str, value: str) -> None:
    """Have a learner of a subgroup score once in 4.NF.1."""
    await public.do("learners", ADMINISTRATOR, learner_id=name, subgroups=[subgroup])
    told: dict[str, Any] = {"evidence_id": f"e-{name}", "learner_id": name, "competency_ids": [NF1], "kind": "task"}
    await public.do("evidence", SERVICE, **told)
    await public.do(f"evidence/e-{name}/scores", competency_id=NF1, value=value)


@pytest.mark.need("NEED-21")
async def test_groups_are_compared_and_small_ones_are_hidden(public: Public) -> None:
    for number in range(11):
        await learn(public, f"y{number}", "ell:Y", "4" if number else "1")
        await learn(public, f"n{number}", "ell:N", "4")
    await public.do("learners", ADMINISTRATOR, learner_id="n11", subgroups=["ell:N"])
    await learn(public, "u1", "ell:unknown", "1")
    told = await public.ask("equity", by="ell", competency=NF1)
    groups = {one.pop("name"): one for one in told["groups"]}
    assert set(groups) == {"N", "Y", "unknown"}
    assert groups["unknown"] == dict.fromkeys(groups["unknown"]) | {"undetermined": 0}
    assert (groups["Y"]["below"], groups["N"]["undetermined"]) == (None, 0)
    assert groups["Y"]["learners"] is None or groups["Y"]["learners"] == 11
    refused = await public.questions.get("/v1/equity", headers=public.sign_in(LEARNER))
    assert refused.status_code == 403


async def test_large_groups_are_shown_with_how_often_they_could_show_it(public: Public) -> None:
    for number in range(10):
        await learn(public, f"y{number}", "ell:Y", "4")
        await learn(public, f"n{number}", "ell:N", "1")
    groups = (await public.ask("equity", by="ell"))["groups"]
    shown = [(one["name"], one["learners"], one["mastered"], one["below"], one["scores_per_learner"]) for one in groups]
    assert shown == [("N", 10, 0, 10, "1.0"), ("Y", 10, 10, 0, "1.0")]
