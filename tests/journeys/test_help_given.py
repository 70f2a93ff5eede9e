"""Supports and feedback: what is given to master something, because of what, and how soon."""

from typing import Any

import pytest

from tests.journeys.public import Public
from tests.journeys.test_needs import ME, NF1, show
from tests.sample import ADMINISTRATOR, GUARDIAN, LEARNER

pytestmark = pytest.mark.anyio


@pytest.mark.need("NEED-12")
async def test_a_support_begins_because_of_something_and_ends_for_a_reason(public: Public) -> None:
    tutoring: dict[str, Any] = {"kind": "tutoring", "competency_id": NF1, "occurred_at": "2026-02-01T08:00:00Z"}
    for nothing in ({"kind": "mastery"}, {"kind": "mastery", "ref": " "}):
        refused = await public.try_to(f"{ME}/supports", **tutoring, because=nothing)
        assert refused.json()["code"] == "because-required"
    because = {"kind": "mastery", "text": "two tries, still at beginning"}
    assert (await public.try_to(f"{ME}/supports", LEARNER, **tutoring, because=because)).status_code == 403
    await public.do(f"{ME}/supports", support_id="u1", **tutoring, because=because)
    again = await public.try_to(f"{ME}/supports", support_id="u1", **tutoring, because=because)
    assert again.json()["code"] == "support-exists"
    (running,) = (await public.ask(f"{ME}/supports", GUARDIAN))["running"]
    assert (running["competency_id"], running["because_text"]) == (NF1, "two tries, still at beginning")
    assert (await public.try_to("supports/u1/end")).json()["code"] == "reason-required"
    over: dict[str, Any] = {"reason": {"text": "works alone now"}, "occurred_at": "2026-03-01T08:00:00Z"}
    await public.do("supports/u1/end", **over)
    assert (await public.try_to("supports/u1/end", **over)).json()["code"] == "support-unknown"
    told = await public.ask(f"{ME}/supports", LEARNER)
    assert (told["running"], [one["ended_reason"] for one in told["ended"]]) == ([], ["works alone now"])
    then = await public.ask(f"{ME}/supports", LEARNER, as_of="2026-02-15T08:00:00Z")
    assert ([one["support_id"] for one in then["running"]], then["ended"]) == (["u1"], [])


@pytest.mark.need("NEED-47")
async def test_a_learner_hears_of_its_work_and_a_section_knows_how_soon(public: Public) -> None:
    for evidence_id, given_on in (("e1", 3), ("e2", 5), ("e3", 9)):
        await show(public, evidence_id, section_id="sec-1", occurred_at="2026-02-01T08:00:00Z")
        at = f"2026-02-0{given_on}T08:00:00Z"
        await public.do(f"evidence/{evidence_id}/feedback", text=f"Read {evidence_id}.", occurred_at=at)
    await public.do("evidence/e3/attempts", occurred_at="2026-02-09T20:00:00Z")
    await public.do("evidence/e3/feedback", text="Now it is there.", occurred_at="2026-02-10T08:00:00Z")
    told = (await public.ask(f"{ME}/feedback", LEARNER))["feedback"]
    assert [(one["text"], one["attempt"], one["hours"]) for one in told] == [
        ("Now it is there.", 2, 12),
        ("Read e3.", 1, 192),
        ("Read e2.", 1, 96),
        ("Read e1.", 1, 48),
    ]
    (section,) = (await public.ask("feedback-latency"))["sections"]
    assert (section["section_id"], section["feedback"], section["median_days"]) == ("sec-1", 4, "3.0")
    await public.do("enrolments", ADMINISTRATOR, learner_id="l-92", section_id="sec-2", school_id="north")
    assert (await public.ask("feedback-latency", section="sec-2"))["sections"] == []
    assert (await public.try_to("evidence/e1/feedback", LEARNER, text="mine")).status_code == 403
    for evidence_id, code in (("e404", "evidence-unknown"), ("e2", "evidence-withdrawn")):
        if evidence_id == "e2":
            await public.do("evidence/e2/withdrawal", reason={"text": "of another learner"})
        refused = await public.try_to(f"evidence/{evidence_id}/feedback", text="Read it.")
        assert refused.json()["code"] == code
    assert len((await public.ask(f"{ME}/feedback", LEARNER))["feedback"]) == 4
