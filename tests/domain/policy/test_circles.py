"""Circles that several policies close together: refused at the publication that closes one."""

from typing import Any, Final

from domain.policy.commands import PublishPolicy
from domain.policy.events import PolicyEvent, PolicyPublished, ReplayCancelled, Terms
from tests.domain.policy.life import (
    ADA,
    BEN,
    LATEST,
    REASON,
    activated,
    approved,
    drafted,
    published,
    simulated,
    spec,
    version,
)
from tests.sample import FRAMEWORK, of

MATH: Final = FRAMEWORK.framework_id
PUBLISH: Final = of(PublishPolicy, policy_id="p1", reason=REASON)


def after(competency: str) -> dict[str, Any]:
    """Return a policy under which all others come after a competency."""
    return LATEST | {"prerequisites": [{"competency": competency, "at": "3"}]}


def ready(document: dict[str, Any], **scope: Any) -> tuple[PolicyEvent, ...]:
    """Return all that p1 needs to be published."""
    draft = drafted(1, document, framework_id=MATH, **scope)
    return (draft, simulated(document), approved(document, ADA), approved(document, BEN))


def other(document: dict[str, Any], *, waits: bool = False, **scope: Any) -> tuple[PolicyEvent, ...]:
    """Return policy p2 in force, or awaited."""
    place = {"framework_id": MATH, **scope}
    events = (
        drafted(1, document, policy_id="p2", **place),
        published(document, policy_id="p2", **place),
        activated("p2", document, **place),
    )
    return events[: 2 if waits else 3]


SECOND_FIRST: Final = ready(after("4.NF.2"), competency_id="4.NF.1")
"""4.NF.1 comes after 4.NF.2: a policy for 4.NF.1 and its parts, of which 4.NF.2 is one and so not held back."""
FIRST_FIRST: Final = after("4.NF.1")


def test_a_circle_with_a_policy_in_force_is_refused_by_its_names() -> None:
    past = other(FIRST_FIRST, competency_id="4.NF.2")
    spec(*past).given(*SECOND_FIRST).when(PUBLISH).refused(
        "policies-circular",
        "competencies 4.NF.2, 4.NF.1 hang on one another in a circle (policies p2, p1)",
    )


def test_a_circle_with_a_policy_that_waits_is_refused_until_it_is_cancelled() -> None:
    waits = other(FIRST_FIRST, waits=True, competency_id="4.NF.2")
    spec(*waits).given(*SECOND_FIRST).when(PUBLISH).refused("policies-circular")
    cancelled = of(ReplayCancelled, policy_id="p2", version=version(FIRST_FIRST))
    decided = spec(*waits, cancelled).given(*SECOND_FIRST).when(PUBLISH).decided()
    assert [type(event) for event in decided] == [PolicyPublished]


def test_policies_of_two_schools_close_no_circle() -> None:
    past = other(FIRST_FIRST, competency_id="4.NF.2", school_id="south")
    north = ready(after("4.NF.2"), competency_id="4.NF.1", school_id="north")
    assert len(spec(*past).given(*north).when(PUBLISH).decided()) == 1
    spec(*past).given(*SECOND_FIRST).when(PUBLISH).refused("policies-circular")


def test_a_policy_that_takes_over_closes_no_circle_with_the_one_before_it() -> None:
    past = other(FIRST_FIRST, competency_id="4.NF.1")
    assert len(spec(*past).given(*SECOND_FIRST).when(PUBLISH).decided()) == 1


def test_a_policy_for_new_learners_closes_a_circle_for_them() -> None:
    terms = Terms(reach="new_learners")
    new = drafted(1, after("4.NF.2"), framework_id=MATH, competency_id="4.NF.1")
    past = (
        new,
        simulated(after("4.NF.2"), terms=terms),
        approved(after("4.NF.2"), ADA),
        approved(after("4.NF.2"), BEN),
    )
    spec(*other(FIRST_FIRST, competency_id="4.NF.2")).given(*past).when(PUBLISH).refused("policies-circular")
