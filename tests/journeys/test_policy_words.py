"""What a policy may measure, and how a family reads it, through the public interface."""

from typing import Any, Final

import pytest

from tests.journeys.public import Public
from tests.sample import ADMINISTRATOR, LEARNER

pytestmark = pytest.mark.anyio
POLICY: Final[dict[str, Any]] = {
    "name": "Latest work",
    "scale": "four-point",
    "combine": {"op": "latest"},
    "levels": [{"code": "beginning", "at": "0"}, {"code": "proficient", "at": "3"}],
}


async def lint(public: Public, **stages: Any) -> set[str]:
    """Have a draft linted; return the rules that found something."""
    headers = public.sign_in(ADMINISTRATOR)
    body = {"framework_id": "math-4", "document": POLICY | stages}
    answer = await public.questions.post("/v1/policies:lint", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return {finding["rule"] for finding in answer.json()["findings"]}


@pytest.mark.need("NEED-45")
async def test_a_policy_that_counts_attendance_can_be_drafted_and_not_published(public: Public) -> None:
    document = POLICY | {"combine": {"op": "weighted_mean"}, "weigh": {"by_kind": {"attendance": "0.1"}}}
    await public.do("policies", ADMINISTRATOR, policy_id="p", document=document)
    refused = await public.try_to("policies/p/publication", ADMINISTRATOR, reason={"text": "board decision"})
    assert (refused.status_code, refused.json()["code"]) == (409, "policy-denied-by-lint")
    (revision,) = (await public.ask("policies/p"))["revisions"]
    assert [(one["rule"], one["value"]) for one in revision["findings"] if one["severity"] == "deny"] == [
        ("counts-time-or-effort", "attendance")
    ]


@pytest.mark.need("NEED-09")
async def test_a_disposition_is_not_averaged_into_an_academic_level(public: Public) -> None:
    weigh = {"by_kind": {"essay": "1", "mindset": "1"}}
    assert "dispositions-mixed" in await lint(public, combine={"op": "weighted_mean"}, weigh=weigh)


@pytest.mark.need("NEED-53")
async def test_a_policy_that_one_form_of_test_can_carry_is_pointed_out(public: Public) -> None:
    assert "one-kind-is-enough" in await lint(public, require=[{"count_at_least": 3}])
    assert "one-kind-is-enough" not in await lint(public, require=[{"kinds_at_least": 2}])


@pytest.mark.need("NEED-58")
async def test_a_policy_under_which_an_adaptive_program_alone_makes_proficient_is_pointed_out(public: Public) -> None:
    assert "adaptive-alone" in await lint(public)
    assert "adaptive-alone" not in await lint(public, select={"exclude_kinds": ["adaptive-program"]})


@pytest.mark.need("NEED-46")
async def test_a_learner_reads_the_targets_and_what_proficient_means_in_spanish(public: Public) -> None:
    await public.do("policies", ADMINISTRATOR, policy_id="p", document=POLICY)
    targets = (await public.ask("frameworks/math-4", LEARNER))["competencies"]
    assert [one["statement"] for one in targets] == [
        "Explains why fractions are equivalent",
        "Compares two fractions",
    ]
    (revision,) = (await public.ask("policies/p", LEARNER, lang="es"))["revisions"]
    assert "El nivel proficient se alcanza con 3 o más." in [one["text"] for one in revision["in_words"]]
