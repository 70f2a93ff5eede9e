"""The timeline of policy sets, and the same with a draft in force from a position on."""

from domain.policy.rulings import Rulings, Standing
from services.projectors.policies import Epoch, Timeline
from tests.projectors.fold import HIGHEST, LATEST_OF_TWO
from tests.projectors.history import scoped

P1, P2 = scoped("p1", HIGHEST), scoped("p2", LATEST_OF_TWO, "f1")
RULINGS = Rulings((Standing(P1, HIGHEST, since=4, epoch=1),))


def test_a_draft_is_in_force_from_its_position_on_upon_what_was_in_force_there() -> None:
    later = Epoch(9, 0, (), Rulings())
    timeline = Timeline([Epoch(0, 0, (), Rulings()), Epoch(4, 0, (P1,), RULINGS), later])
    drafted = timeline.with_draft(7, P2, LATEST_OF_TWO)
    assert [epoch.position for epoch in drafted.epochs] == [0, 4, 7]
    assert drafted.at(6).policies == (P1,)
    assert drafted.at(7).policies == (P1, P2)
    assert [drafted.at(9).rulings.ruling(name).policy_id for name in ("f1", "f2")] == ["p2", "p1"]


def test_a_draft_at_the_position_of_a_switch_decides_there() -> None:
    timeline = Timeline([Epoch(0, 0, (), Rulings()), Epoch(4, 0, (P1,), RULINGS)])
    assert timeline.with_draft(4, P2, LATEST_OF_TWO).at(4).policies == (P1, P2)
