"""A teacher's judgement over the computed level, through the public interface: bounded by reason, day and policy."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import anyio
import pytest

from domain.policy.starters import CUTS
from tests.journeys.public import Public
from tests.sample import ADMINISTRATOR

pytestmark = pytest.mark.anyio
JUDGEMENT: Final = "learners/l-91/competencies/4.NF.1/judgement"
MASTERY: Final = "learners/l-91/mastery"
REASON: Final = {"text": "Explained it to a peer unaided."}


async def levels(public: Public, **view: Any) -> tuple[str, str | None, str]:
    """Return the computed, the judged and the effective level."""
    (one,) = (await public.ask(MASTERY, **view))["competencies"]
    return one["level"], one["judged_level"], one["effective_level"]


@pytest.mark.need("NEED-35")
async def test_a_judgement_needs_a_reason_ends_on_its_day_and_is_bounded_by_policy(public: Public) -> None:
    evidence: dict[str, Any] = {"evidence_id": "e1", "learner_id": "l-91", "kind": "quiz"}
    await public.do("evidence", **evidence, competency_ids=["4.NF.1"])
    await public.do("evidence/e1/scores", competency_id="4.NF.1", value="1")
    refused = await public.try_to(JUDGEMENT, level="proficient")
    assert (refused.status_code, refused.json()["code"]) == (422, "reason-required")
    today = datetime.now(UTC).date()
    await public.do(JUDGEMENT, level="proficient", expires_on=f"{today + timedelta(days=30)}", reason=REASON)
    assert await levels(public) == ("beginning", "proficient", "proficient")
    told = await public.ask("learners/l-91/explanation", competency="4.NF.1")
    assert told["judgement"]["expires_on"] == f"{today + timedelta(days=30)}"
    strict = {"name": "No judgement", "combine": {"op": "latest"}, "judgement": {"allowed": False}, **CUTS["percent"]}
    await public.do("policies", ADMINISTRATOR, policy_id="strict", document=strict)
    assert await levels(public, policy="strict") == ("beginning", "proficient", "beginning")
    await public.do(f"{JUDGEMENT}/lift", reason={"text": "to be reviewed"})
    await public.do(JUDGEMENT, level="proficient", expires_on=f"{today - timedelta(days=1)}", reason=REASON)
    with anyio.fail_after(30):
        while (await levels(public))[1] is not None:  # noqa: ASYNC110 - a projector lifts it
            await anyio.sleep(0.1)
    assert await levels(public) == ("beginning", None, "beginning")
    public.position = (await public.ask("projections"))["position"]
    (last, *_) = (await public.ask("learners/l-91/history"))["entries"]
    assert (last["type"], last["actor_id"], last["reason_code"]) == (
        "judgement.lifted.v1",
        "mastery-projector",
        "expired",
    )


async def test_a_judged_level_leads_the_explanation_also_where_there_is_too_little_evidence(public: Public) -> None:
    require = {"require": [{"count_at_least": 2}]}
    await public.put_in_force("two", {"name": "Two scores", "combine": {"op": "latest"}, **require, **CUTS["percent"]})
    await public.do(JUDGEMENT, level="proficient", expires_on="2099-06-30", reason=REASON)
    told = await public.ask("learners/l-91/explanation", competency="4.NF.1")
    assert (told["status"], told["effective"]) == ("no_evidence", "proficient")
    lead, decision, *_ = told["in_words"].split(". ")
    assert lead.startswith("Learner l-91 is at proficient in ")
    assert decision.startswith("Teacher t-1 judged proficient on ")
    assert decision.endswith("that holds until 2099-06-30, the computed level is none")
