"""When an act loses its basis."""

from hypothesis import given
from hypothesis import strategies as st

from domain.mastery.cause import CauseKind
from domain.progression.review import FRESH, Change, loss

GIVEN, VOIDED, RULE = "score.given.v1", "score.voided.v1", None
TYPES = [GIVEN, VOIDED, RULE, "judgement.lifted.v1"]


def change(position: int, event_type: str | None, *, holds: bool) -> Change:
    return Change(position, event_type, "any", "v1", holds)


def test_a_later_rule_that_does_not_give_it_takes_the_basis_away() -> None:
    lost = loss([change(5, RULE, holds=True), change(7, RULE, holds=False)])
    assert lost is not None
    assert (lost.position, lost.why) == (7, CauseKind.RULE)


def test_fresh_work_that_is_worse_takes_nothing_away_and_neither_does_a_rule_after_it() -> None:
    assert loss([change(5, GIVEN, holds=False), change(7, RULE, holds=False)]) is None


def test_the_first_of_several_changes_is_the_one_that_took_it() -> None:
    lost = loss([change(5, VOIDED, holds=False), change(7, RULE, holds=False)])
    assert lost is not None
    assert (lost.position, lost.why) == (5, CauseKind.WORK)


def test_what_was_settled_is_over_until_the_basis_is_lost_again() -> None:
    once = [change(5, VOIDED, holds=False)]
    assert loss(once, settled_position=5) is None
    again = loss([*once, change(6, GIVEN, holds=True), change(8, RULE, holds=False)], settled_position=5)
    assert again is not None
    assert again.position == 8


@given(st.lists(st.tuples(st.sampled_from(TYPES), st.booleans()), max_size=8))
def test_a_loss_is_one_of_the_changes_not_fresh_and_nothing_held_after_it(told: list[tuple[str | None, bool]]) -> None:
    changes = [change(position, kind, holds=holds) for position, (kind, holds) in enumerate(told, 1)]
    lost = loss(changes)
    if lost is not None:
        assert lost.event_type not in FRESH
        assert not any(later.holds for later in changes[lost.position - 1 :])
    elif changes and not changes[-1].holds:
        after = max((one.position for one in changes if one.holds), default=0)
        assert changes[after].event_type in FRESH
