"""Who may do what, and for whom."""

import pytest

from domain.kernel.envelope import Role
from domain.kernel.errors import Forbidden
from domain.kernel.ids import LearnerId
from domain.kernel.permissions import FAMILY, GRANTS, Permission, Principal, require
from tests.sample import GUARDIAN, LEARNER, SERVICE, TEACHER

ADA = LearnerId("l-91")
BEN = LearnerId("l-92")


def test_every_role_is_in_the_table() -> None:
    assert set(GRANTS) == set(Role)


def test_an_auditor_only_reads() -> None:
    assert all(permission.name.startswith("READ") for permission in GRANTS[Role.AUDITOR])


def test_only_administrator_and_system_publish_policies() -> None:
    publishers = {role for role, granted in GRANTS.items() if Permission.PUBLISH_POLICY in granted}
    assert publishers == {Role.ADMINISTRATOR, Role.SYSTEM}


def test_goals_are_signed_by_learner_guardian_and_teacher_only() -> None:
    signers = {role for role, granted in GRANTS.items() if Permission.SIGN_GOAL in granted}
    assert signers == {Role.LEARNER, Role.GUARDIAN, Role.TEACHER}


def test_no_family_member_scores_or_judges() -> None:
    for role in FAMILY:
        assert not GRANTS[role] & {Permission.SCORE, Permission.JUDGE, Permission.OBSERVE, Permission.READ_AUDIT}


def test_a_learner_reads_about_itself_only() -> None:
    require(Principal(LEARNER), Permission.READ_LEARNER, ADA)
    with pytest.raises(Forbidden):
        require(Principal(LEARNER), Permission.READ_LEARNER, BEN)
    with pytest.raises(Forbidden):
        require(Principal(LEARNER), Permission.READ_LEARNER)


def test_a_guardian_reads_about_linked_learners_only() -> None:
    require(Principal(GUARDIAN, frozenset({ADA})), Permission.READ_LEARNER, ADA)
    with pytest.raises(Forbidden) as refusal:
        require(Principal(GUARDIAN, frozenset({ADA})), Permission.READ_LEARNER, BEN)
    assert str(refusal.value) == "role guardian may read about learners, but for learners linked to it only (actor g-7)"


def test_a_teacher_reads_about_every_learner() -> None:
    require(Principal(TEACHER), Permission.READ_LEARNER, BEN)


def test_a_service_may_not_judge() -> None:
    with pytest.raises(Forbidden) as refusal:
        require(Principal(SERVICE), Permission.JUDGE, ADA)
    assert str(refusal.value) == "role service may not record or lift judgements (actor gradebook)"
