"""The rules of a policy's life."""

from typing import Any, Final

from domain.kernel.ids import PolicyVersion
from domain.policy.decider import (
    INITIAL,
    DraftPolicy,
    Policy,
    PolicyCommand,
    PublishPolicy,
    RollBackPolicy,
    Succession,
    decide,
    evolve,
)
from domain.policy.document import parse_policy
from domain.policy.events import PolicyActivated, PolicyDrafted, PolicyEvent, PolicyPublished, PolicyRolledBack
from tests.sample import CATALOGUE, of
from tests.spec import Spec


def spec(*activations: PolicyEvent) -> Spec[Policy, PolicyCommand, PolicyEvent]:
    succession = Succession()
    for event in activations:
        succession = succession.evolve(event)
    return Spec(INITIAL, evolve, lambda state, command: decide(state, command, CATALOGUE, succession))


given = spec().given
LATEST: Final[dict[str, Any]] = {
    "name": "Latest",
    "scale": "four-point",
    "combine": {"op": "latest"},
    "levels": [{"code": "beginning", "at": "0"}, {"code": "proficient", "at": "3"}],
}
HIGHEST: Final[dict[str, Any]] = LATEST | {"name": "Highest", "combine": {"op": "highest"}}


def drafted(revision: int, document: dict[str, Any]) -> PolicyDrafted:
    read = parse_policy(document)
    content = read.model_dump(mode="json", exclude_none=True)
    return of(PolicyDrafted, policy_id="p1", revision=revision, version=read.version, document=content)


def version(document: dict[str, Any]) -> PolicyVersion:
    return PolicyVersion(parse_policy(document).version)


def activated(policy_id: str, document: dict[str, Any]) -> PolicyActivated:
    scoped = {"policy_id": policy_id, "version": version(document)}
    return of(PolicyActivated, **scoped, policies=[scoped])


PUBLISHED: Final = of(PolicyPublished, policy_id="p1", version=version(LATEST))
PUBLISH: Final = of(PublishPolicy, policy_id="p1")
ROLL_BACK: Final = of(RollBackPolicy, policy_id="p1")


def test_drafts_are_counted_and_named_by_their_content() -> None:
    given().when(of(DraftPolicy, policy_id="p1", document=LATEST)).then(drafted(1, LATEST))
    given(drafted(1, LATEST)).when(of(DraftPolicy, policy_id="p1", document=HIGHEST)).then(drafted(2, HIGHEST))


def test_a_revision_changes_the_document_or_its_framework() -> None:
    same = of(DraftPolicy, policy_id="p1", document=LATEST)
    given(drafted(1, LATEST)).when(same).refused("policy-unchanged")
    given(drafted(1, LATEST), drafted(2, HIGHEST)).when(same).then(drafted(3, LATEST))
    scoped = of(DraftPolicy, policy_id="p1", document=LATEST, framework_id="math-4")
    expected = drafted(2, LATEST).model_copy(update={"framework_id": "math-4"})
    given(drafted(1, LATEST)).when(scoped).then(expected)


def test_a_document_outside_the_language_is_refused() -> None:
    bad = of(DraftPolicy, policy_id="p1", document=LATEST | {"combine": {"op": "best"}})
    given().when(bad).refused("policy-invalid")


def test_the_levels_of_a_document_are_those_of_its_scale() -> None:
    unknown = of(DraftPolicy, policy_id="p1", document=LATEST | {"scale": "stars"})
    given().when(unknown).refused("scale-unknown")
    other = of(DraftPolicy, policy_id="p1", document=LATEST | {"levels": [{"code": "great", "at": "3"}]})
    given().when(other).refused("level-unknown", "level great is not a level of scale four-point")


def test_the_last_version_is_published_unless_one_is_named() -> None:
    both = (drafted(1, LATEST), drafted(2, HIGHEST))
    given(*both).when(PUBLISH).then(of(PolicyPublished, policy_id="p1", version=version(HIGHEST)))
    given(*both).when(of(PublishPolicy, policy_id="p1", version=version(LATEST))).then(PUBLISHED)


def test_only_drafted_versions_are_published() -> None:
    given().when(PUBLISH).refused("policy-unknown")
    given(drafted(1, LATEST)).when(of(PublishPolicy, policy_id="p1", version="0" * 64)).refused(
        "policy-version-unknown"
    )


def test_a_version_that_is_awaited_or_in_force_is_not_published_again() -> None:
    given(drafted(1, LATEST), PUBLISHED).when(PUBLISH).refused("policy-live")
    live = activated("p1", LATEST)
    spec(live).given(drafted(1, LATEST), PUBLISHED, live).when(PUBLISH).refused("policy-live")


def test_a_version_that_another_policy_replaced_is_published_again() -> None:
    live = activated("p1", LATEST)
    replaced = spec(live, activated("p2", HIGHEST))
    replaced.given(drafted(1, LATEST), PUBLISHED, live).when(PUBLISH).then(PUBLISHED)


def test_a_rollback_restores_the_set_before_the_activation() -> None:
    first, second = activated("p2", HIGHEST), activated("p1", LATEST)
    restored = of(PolicyRolledBack, policy_id="p1", version=version(LATEST), policies=first.policies)
    spec(first, second).given(drafted(1, LATEST), PUBLISHED, second).when(ROLL_BACK).then(restored)


def test_a_rollback_of_the_only_activation_restores_the_built_in_policies() -> None:
    live = activated("p1", LATEST)
    restored = of(PolicyRolledBack, policy_id="p1", version=version(LATEST), policies=())
    spec(live).given(drafted(1, LATEST), PUBLISHED, live).when(ROLL_BACK).then(restored)


def test_a_policy_that_was_not_activated_last_is_not_rolled_back() -> None:
    spec().given(drafted(1, LATEST)).when(ROLL_BACK).refused("nothing-to-roll-back")
    live, other = activated("p1", LATEST), activated("p2", HIGHEST)
    spec(live, other).given(drafted(1, LATEST), PUBLISHED, live).when(ROLL_BACK).refused(
        "nothing-to-roll-back", "policy p1 is not the last one activated, policy p2 is"
    )


def test_a_rollback_is_followed_by_the_one_before_it() -> None:
    first, second = activated("p1", LATEST), activated("p2", HIGHEST)
    undone = of(PolicyRolledBack, policy_id="p2", version=version(HIGHEST), policies=first.policies)
    restored = of(PolicyRolledBack, policy_id="p1", version=version(LATEST), policies=())
    spec(first, second, undone).given(drafted(1, LATEST), PUBLISHED, first).when(ROLL_BACK).then(restored)


def test_a_version_that_the_lint_denies_is_not_published() -> None:
    timed = LATEST | {"select": {"kinds": ["attendance", "essay"]}}
    given(drafted(1, timed)).when(PUBLISH).refused(
        "policy-denied-by-lint",
        "kind attendance says how long or how willingly a learner worked, not what the learner can do "
        "(finding counts-time-or-effort, place select.kinds)",
    )
    given(drafted(1, timed), drafted(2, LATEST)).when(PUBLISH).then(PUBLISHED)


def test_the_lint_knows_the_scale_of_the_framework() -> None:
    high = LATEST | {"scale": None, "levels": [{"code": "proficient", "at": "4.5"}]}
    scoped = drafted(1, high).model_copy(update={"framework_id": "math-4"})
    given(scoped).when(PUBLISH).refused("policy-denied-by-lint")
    given(drafted(1, high)).when(PUBLISH).then(of(PolicyPublished, policy_id="p1", version=version(high)))
