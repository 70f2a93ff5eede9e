"""How far each revision has come: the words for it, from the draft to the end."""

from typing import Any, Final

from domain.policy.events import (
    PolicyEvent,
    PolicyRetired,
    PolicyRolledBack,
    ReplayCancelled,
    ReplayRefused,
    ScopedPolicy,
    Terms,
)
from domain.policy.states import states_of
from tests.domain.policy.life import (
    ADA,
    BEN,
    HIGHEST,
    LATEST,
    NOW,
    activated,
    approved,
    drafted,
    published,
    simulated,
    version,
)
from tests.sample import of

APPROVALS_MIN: Final = 2
APPROVED: Final = (drafted(1, LATEST), simulated(LATEST), approved(LATEST, ADA), approved(LATEST, BEN))
IN_FORCE: Final = (*APPROVED, published(LATEST), activated("p1", LATEST))
LIVE: Final = of(ScopedPolicy, policy_id="p1", version=version(LATEST))
NEXT: Final = (
    drafted(2, HIGHEST),
    simulated(HIGHEST, 2),
    approved(HIGHEST, ADA, 2),
    approved(HIGHEST, BEN, 2),
    published(HIGHEST, 2),
)
OF_P1: Final[dict[str, Any]] = {"policy_id": "p1", "version": version(LATEST)}


def states(*events: PolicyEvent, policy_id: str = "p1") -> tuple[str, dict[int, str]]:
    """Return the state of a policy and those of its revisions."""
    found = states_of(events, APPROVALS_MIN)
    revisions = {number: state.value for number, state in found.of_revisions[policy_id].items()}  # type: ignore[index]
    return found.policy(policy_id).value, revisions  # type: ignore[arg-type]


def test_a_revision_is_drafted_simulated_approved_published_and_in_force() -> None:
    assert [states(*APPROVED[:number])[0] for number in (1, 2, 3, 4)] == [
        "drafted", "simulated", "simulated", "approved",
    ]  # fmt: skip
    assert states(*IN_FORCE[:5]) == ("published", {1: "published"})
    assert states(*IN_FORCE) == ("in-force", {1: "in-force"})


def test_a_publication_with_a_day_is_scheduled_until_it_is_in_force() -> None:
    ahead = published(LATEST, effective_from=NOW)
    assert states(*APPROVED, ahead)[0] == "scheduled"
    assert states(*APPROVED, ahead, activated("p1", LATEST))[0] == "in-force"


def test_a_policy_in_force_stays_so_while_its_next_revision_is_worked_on() -> None:
    assert states(*IN_FORCE, NEXT[0]) == ("in-force", {1: "in-force", 2: "drafted"})
    assert states(*IN_FORCE, *NEXT[:4]) == ("in-force", {1: "in-force", 2: "approved"})
    assert states(*IN_FORCE, *NEXT) == ("published", {1: "in-force", 2: "published"})


def test_a_revision_that_another_takes_over_from_is_replaced() -> None:
    other = activated("p1", HIGHEST, [LIVE])
    assert states(*IN_FORCE, *NEXT, other) == ("in-force", {1: "replaced", 2: "in-force"})
    foreign = activated("p2", HIGHEST, [LIVE])
    past = (*IN_FORCE, drafted(1, HIGHEST, policy_id="p2"), published(HIGHEST, policy_id="p2"), foreign)
    assert states(*past) == ("replaced", {1: "replaced"})
    assert states(*past, policy_id="p2") == ("in-force", {1: "in-force"})


def test_a_rollback_is_told_from_a_draft_and_brings_back_what_was_there() -> None:
    back = of(PolicyRolledBack, **OF_P1, policies=())
    assert states(*IN_FORCE, back) == ("rolled-back", {1: "rolled-back"})
    again = of(PolicyRolledBack, policy_id="p1", version=version(HIGHEST), policies=[LIVE])
    assert states(*IN_FORCE, *NEXT, activated("p1", HIGHEST, [LIVE]), again) == (
        "in-force",
        {1: "in-force", 2: "rolled-back"},
    )
    assert states(*IN_FORCE, back, simulated(LATEST)) == ("simulated", {1: "simulated"})


def test_a_retired_policy_is_retired_in_force_or_not() -> None:
    retired = of(PolicyRetired, **OF_P1, policies=())
    assert states(*IN_FORCE, retired) == ("retired", {1: "retired"})
    waiting = (*APPROVED, published(LATEST, effective_from=NOW))
    assert states(*waiting, retired) == ("retired", {1: "retired"})
    goes_on = of(PolicyRetired, **OF_P1, policies=(), awaits=True)
    assert states(*IN_FORCE, *NEXT, goes_on) == ("published", {1: "retired", 2: "published"})


def test_a_publication_that_comes_to_nothing_says_how() -> None:
    cancelled = of(ReplayCancelled, **OF_P1)
    assert states(*IN_FORCE[:5], cancelled)[0] == "cancelled"
    refused = of(ReplayRefused, **OF_P1, simulation_id="sim-1", digest_simulated="1.0", digest_found="1.1")
    assert states(*IN_FORCE[:5], refused)[0] == "refused"
    assert states(*IN_FORCE[:5], refused, simulated(LATEST))[0] == "simulated"


def test_a_revision_that_was_never_published_is_superseded_by_the_next() -> None:
    assert states(*APPROVED, NEXT[0]) == ("drafted", {1: "superseded", 2: "drafted"})


def test_the_same_text_on_other_terms_is_in_force_once() -> None:
    terms = Terms(hold_harmless="never_lower")
    renewed = (simulated(LATEST, terms=terms), published(LATEST, terms=terms))
    assert states(*IN_FORCE, *renewed, activated("p1", LATEST, [LIVE], terms=terms)) == ("in-force", {1: "in-force"})
