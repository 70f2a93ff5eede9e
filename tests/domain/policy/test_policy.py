"""The rules of a policy's life: drafts, rollbacks and retirements; approvals and publications have their own page."""

from typing import Final

from domain.policy.commands import DraftPolicy, RetirePolicy, RollBackPolicy
from domain.policy.events import PolicyRetired, PolicyRolledBack
from tests.domain.policy.life import (
    ADA,
    HIGHEST,
    LATEST,
    REASON,
    activated,
    approved,
    drafted,
    given,
    published,
    simulated,
    spec,
    version,
)
from tests.sample import of

ROLL_BACK: Final = of(RollBackPolicy, policy_id="p1", reason=REASON)
RETIRE: Final = of(RetirePolicy, policy_id="p1", reason=REASON)


def test_drafts_are_counted_and_named_by_their_content() -> None:
    given().when(of(DraftPolicy, policy_id="p1", document=LATEST)).then(drafted(1, LATEST))
    given(drafted(1, LATEST)).when(of(DraftPolicy, policy_id="p1", document=HIGHEST)).then(drafted(2, HIGHEST))


def test_a_revision_changes_the_document_its_scope_or_its_locks() -> None:
    same = of(DraftPolicy, policy_id="p1", document=LATEST)
    given(drafted(1, LATEST)).when(same).refused("policy-unchanged")
    given(drafted(1, LATEST), drafted(2, HIGHEST)).when(same).then(drafted(3, LATEST))
    scoped = of(DraftPolicy, policy_id="p1", document=LATEST, framework_id="math-4")
    given(drafted(1, LATEST)).when(scoped).then(drafted(2, LATEST, framework_id="math-4"))
    locking = of(DraftPolicy, policy_id="p1", document=LATEST, locked=["levels", "combine", "levels"])
    given(drafted(1, LATEST)).when(locking).then(drafted(2, LATEST, locked=["combine", "levels"]))


def test_a_document_outside_the_language_is_refused() -> None:
    bad = of(DraftPolicy, policy_id="p1", document=LATEST | {"combine": {"op": "best"}})
    given().when(bad).refused("policy-invalid")


def test_the_levels_of_a_document_are_those_of_its_scale() -> None:
    unknown = of(DraftPolicy, policy_id="p1", document=LATEST | {"scale": "stars"})
    given().when(unknown).refused("scale-unknown")
    other = of(DraftPolicy, policy_id="p1", document=LATEST | {"levels": [{"code": "great", "at": "3"}]})
    given().when(other).refused("level-unknown", "level great is not a level of scale four-point")


def test_a_stage_that_is_locked_is_one_of_the_document() -> None:
    wrong = of(DraftPolicy, policy_id="p1", document=LATEST, locked=["name"])
    given().when(wrong).refused("stage-unknown")


def test_a_scope_is_one_that_cells_can_lie_in() -> None:
    anywhere = of(DraftPolicy, policy_id="p1", document=LATEST, competency_id="4.NF.1")
    given().when(anywhere).refused("scope-without-framework", "competency 4.NF.1 is scoped without a framework")
    unpublished = of(DraftPolicy, policy_id="p1", document=LATEST, framework_id="science")
    given().when(unpublished).refused("framework-unknown", "framework science is not published")
    elsewhere = of(DraftPolicy, policy_id="p1", document=LATEST, framework_id="math-4", competency_id="5.NF.1")
    given().when(elsewhere).refused("competency-unknown", "competency 5.NF.1 is not held by framework math-4")
    held = of(DraftPolicy, policy_id="p1", document=LATEST, framework_id="math-4", competency_id="4.NF.1")
    given().when(held).then(drafted(1, LATEST, framework_id="math-4", competency_id="4.NF.1"))


def test_a_rollback_restores_the_set_before_the_activation() -> None:
    first, second = activated("p2", HIGHEST), activated("p1", LATEST)
    restored = of(PolicyRolledBack, policy_id="p1", version=version(LATEST), policies=first.policies)
    spec(first, second).given(drafted(1, LATEST), published(LATEST), second).when(ROLL_BACK).then(restored)


def test_a_rollback_of_the_only_activation_restores_the_built_in_policies() -> None:
    live = activated("p1", LATEST)
    restored = of(PolicyRolledBack, policy_id="p1", version=version(LATEST), policies=())
    spec(live).given(drafted(1, LATEST), published(LATEST), live).when(ROLL_BACK).then(restored)


def test_a_policy_that_was_not_activated_last_is_not_rolled_back() -> None:
    spec().given(drafted(1, LATEST)).when(ROLL_BACK).refused("nothing-to-roll-back")
    live, other = activated("p1", LATEST), activated("p2", HIGHEST)
    spec(live, other).given(drafted(1, LATEST), published(LATEST), live).when(ROLL_BACK).refused(
        "nothing-to-roll-back", "policy p1 is not the last one activated or retired, policy p2 is"
    )


def test_a_rollback_is_followed_by_the_one_before_it() -> None:
    first, second = activated("p1", LATEST), activated("p2", HIGHEST)
    undone = of(PolicyRolledBack, policy_id="p2", version=version(HIGHEST), policies=first.policies)
    restored = of(PolicyRolledBack, policy_id="p1", version=version(LATEST), policies=())
    spec(first, second, undone).given(drafted(1, LATEST), published(LATEST), first).when(ROLL_BACK).then(restored)


def test_a_retirement_ends_a_policy_in_force_and_leaves_the_others() -> None:
    other = activated("p2", HIGHEST, school_id="north")
    both = activated("p1", LATEST, before=other.policies)
    retired = of(PolicyRetired, policy_id="p1", version=version(LATEST), policies=other.policies)
    spec(other, both).given(drafted(1, LATEST), published(LATEST), both).when(RETIRE).then(retired)


def test_a_retirement_withdraws_a_publication_that_waits() -> None:
    waiting = published(LATEST, effective_from="2026-08-01T00:00:00Z")
    retired = of(PolicyRetired, policy_id="p1", version=version(LATEST), policies=())
    given(drafted(1, LATEST), waiting).when(RETIRE).then(retired)
    given(drafted(1, LATEST), waiting, retired).when(RETIRE).refused("policy-not-in-force")


def test_one_version_is_retired_while_the_next_waits_for_its_date() -> None:
    live, waiting = activated("p1", LATEST), published(HIGHEST, 2, effective_from="2026-08-01T00:00:00Z")
    past = (drafted(1, LATEST), published(LATEST), live, drafted(2, HIGHEST), waiting)
    words = {"policy_id": "p1", "version": version(LATEST)}
    retired = of(PolicyRetired, **words, policies=(), awaits=True)
    spec(live).given(*past).when(of(RetirePolicy, **words, reason=REASON)).then(retired)
    withdrawn = of(PolicyRetired, policy_id="p1", version=version(HIGHEST), policies=())
    spec(live, retired).given(*past, retired).when(RETIRE).then(withdrawn)
    other = of(RetirePolicy, policy_id="p1", version=version(HIGHEST), reason=REASON)
    spec(live).given(*past).when(other).refused("policy-not-in-force")


def test_what_is_not_in_force_is_not_retired() -> None:
    given(drafted(1, LATEST), simulated(LATEST), approved(LATEST, ADA)).when(RETIRE).refused(
        "policy-not-in-force", "policy p1 is neither in force nor awaited"
    )


def test_a_retirement_is_rolled_back_like_an_activation() -> None:
    live = activated("p1", LATEST)
    retired = of(PolicyRetired, policy_id="p1", version=version(LATEST), policies=())
    restored = of(PolicyRolledBack, policy_id="p1", version=version(LATEST), policies=live.policies)
    spec(live, retired).given(drafted(1, LATEST), published(LATEST), live, retired).when(ROLL_BACK).then(restored)


def test_a_policy_is_ended_for_a_reason() -> None:
    live = activated("p1", LATEST)
    for reason in (None, {"text": "  "}):
        for unsaid in (
            of(RollBackPolicy, policy_id="p1", reason=reason),
            of(RetirePolicy, policy_id="p1", reason=reason),
        ):
            spec(live).given(drafted(1, LATEST), live).when(unsaid).refused("reason-required")
