"""Which policy decides on a cell: the most specific one that reaches it, less what is locked above."""

from typing import Any

from domain.kernel.ids import CompetencyId, PolicyId, PolicyVersion
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.events import PolicyActivated, PolicyRolledBack, PolicySwitch, Reach, ScopedPolicy, Terms, joined
from domain.policy.rulings import BUILT_IN, Rulings, Seat, Standing, documents_of, subtree
from domain.policy.timeline import Draft, Edition, Switch, Timeline, timeline_of

LEVELS = [{"code": "met", "at": "3"}, {"code": "not-yet", "at": "0"}]
TREE: dict[Any, Any] = {"top": ("mid", "side"), "mid": ("leaf",), "side": ("leaf",), "leaf": ("top",)}


WIDER: dict[Any, Any] = {**TREE, "else": ("where",)}


def document(op: str = "latest", **stages: object) -> PolicyDocument:
    return parse_policy({"name": op, "combine": {"op": op}, "levels": LEVELS, **stages})


def policy(name: str, written: PolicyDocument | None = None, terms: Terms | None = None, **scope: str) -> ScopedPolicy:
    version = PolicyVersion((written or document()).version)
    fields: dict[str, Any] = {"policy_id": PolicyId(name), "version": version, **scope}
    return ScopedPolicy(**fields, terms=terms or Terms())


def rulings(*policies: ScopedPolicy) -> Rulings:
    tops = {one.competency_id for one in policies if one.competency_id is not None}
    standings = tuple(Standing(one, document(), since=10) for one in policies)
    return Rulings(standings, {top: subtree(top, TREE) for top in tops})


DISTRICT = policy("district")
MATH = policy("math", framework_id="math")
NORTH = policy("north", school_id="north")
ALGEBRA = policy("algebra", course_id="algebra")
TOP = policy("top", framework_id="math", competency_id="top")
MID = policy("mid", framework_id="math", competency_id="mid")


def decides(of: Rulings, *seats: Seat, framework: str = "math", competency: str = "leaf", first: int = 1) -> str:
    return of.ruling(framework, CompetencyId(competency), seats, first).policy_id


def test_the_most_specific_policy_decides() -> None:
    every = (MID, TOP, ALGEBRA, NORTH, MATH, DISTRICT)
    here = Seat("north", "algebra")
    order = [decides(rulings(*every[number:]), here) for number in range(len(every) + 1)]
    assert order == ["mid", "top", "algebra", "north", "math", "district", "default"]
    assert rulings().ruling("math") == BUILT_IN


def test_a_policy_decides_only_in_its_scope() -> None:
    every = rulings(DISTRICT, MATH, NORTH, ALGEBRA, MID)
    assert decides(every, Seat("south", None), framework="ela") == "district"
    assert decides(every, Seat("south", None), competency="other") == "math"
    assert decides(every, Seat("north", "art"), competency="other") == "north"
    assert decides(every, Seat("south", "algebra"), framework="ela") == "algebra"
    both = policy("both", school_id="north", course_id="algebra")
    assert decides(rulings(both), Seat("north", "art"), Seat("south", "algebra")) == "default"


def test_of_two_schools_the_enrolment_opened_last_decides() -> None:
    two = rulings(NORTH, policy("south", school_id="south"))
    assert decides(two, Seat("north", None), Seat("south", None)) == "north"
    assert decides(two, Seat("south", None), Seat("north", None)) == "south"


def test_a_policy_for_new_learners_leaves_the_others_to_the_one_before() -> None:
    new = policy("new", terms=Terms(reach=Reach.NEW_LEARNERS))
    both = rulings(*joined((DISTRICT,), new))
    assert [decides(both, first=first) for first in (9, 10, 11)] == ["district", "district", "new"]


def test_a_subtree_is_counted_from_its_top_and_a_cycle_ends() -> None:
    assert subtree(CompetencyId("top"), TREE) == {"top": 0, "mid": 1, "side": 1, "leaf": 2}


def test_a_locked_stage_is_put_back_and_gives_the_version() -> None:
    above = document("highest", round={"places": 0})
    below = document("mean", round={"places": 2})
    both = Rulings((Standing(DISTRICT, above, locked=("round", "clock")), Standing(NORTH, below)))
    ruling = both.ruling("math", None, [Seat("north", None)])
    assert (ruling.policy_id, ruling.document) == ("north", document("mean", round={"places": 0}))
    assert ruling.version == ruling.document.version
    assert both.ruling("math").document == above


def test_the_highest_lock_wins_over_those_below_it() -> None:
    chain = (
        Standing(DISTRICT, document(round={"places": 0}), locked=("round",)),
        Standing(NORTH, document(round={"places": 1}), locked=("round",)),
        Standing(ALGEBRA, document("mean", round={"places": 2})),
    )
    assert Rulings(chain).ruling("math", None, [Seat("north", "algebra")]).document.round.places == 0


def test_where_a_document_makes_no_sense_with_what_is_locked_the_one_above_decides() -> None:
    above = document("weighted_mean", weigh={"by_kind": {"quiz": "1"}})
    both = Rulings((Standing(DISTRICT, above, locked=("combine",)), Standing(NORTH, document())))
    ruling = both.ruling("math", None, [Seat("north", None)])
    assert (ruling.policy_id, ruling.document) == ("north", above)


def test_every_document_that_decides_anywhere_is_among_those_that_may() -> None:
    scopes = (DISTRICT, MATH, NORTH, ALGEBRA, TOP, MID)
    locks = ((), ("round",), ("clock",), (), ("round", "clock"), ())
    standings = tuple(
        Standing(scope, document(name=scope.policy_id, round={"places": places}, clock={"order": clock}), locked)
        for places, (scope, locked, clock) in enumerate(zip(scopes, locks, ("occurred", "recorded") * 3, strict=True))
    )
    of = Rulings(standings, {name: subtree(name, TREE) for name in map(CompetencyId, ("top", "mid"))})
    seats = [(), (Seat("north", None),), (Seat(None, "algebra"),), (Seat("north", "algebra"),)]
    deciding = {
        of.ruling(framework, competency, seat).document.version
        for framework in ("math", "ela")
        for competency in (None, *map(CompetencyId, ("top", "mid", "leaf", "else")))
        for seat in seats
    }
    assert len(deciding) > len(standings)
    assert deciding <= documents_of(standings).keys()


def test_many_subtrees_that_lock_one_stage_have_no_more_documents_than_policies_times_settings() -> None:
    standings = tuple(
        Standing(policy(f"p{number}", competency_id=f"c{number}", framework_id="math"), written, locked=("round",))
        for number in range(12)
        for written in (document(name=f"p{number}", round={"places": number % 6}),)
    )
    assert len(documents_of(standings)) == 12 * 6


def test_a_lock_of_weights_by_kind_is_among_the_documents_too() -> None:
    above = document("weighted_mean", weigh={"by_kind": {"quiz": "1"}})
    below = document("weighted_mean", weigh={"by_kind": {"essay": "2"}}, round={"places": 1})
    standings = (Standing(DISTRICT, above, locked=("weigh",)), Standing(NORTH, below))
    locked = document("weighted_mean", weigh={"by_kind": {"quiz": "1"}}, round={"places": 1})
    assert documents_of(standings) == {one.version: one for one in (above, below, locked)}


def switched(*events: PolicySwitch, editions: tuple[Edition, ...] = ()) -> Timeline:
    switches = [Switch(position, 0, event) for position, event in zip(range(10, 100, 10), events, strict=False)]
    return timeline_of(switches, [Draft(1, "any", document().version, document())], editions)


def activated(*policies: ScopedPolicy) -> PolicyActivated:
    return PolicyActivated(policy_id=policies[-1].policy_id, version=policies[-1].version, policies=policies)


def test_what_stands_keeps_its_beginning_and_a_rollback_gives_it_back() -> None:
    back = PolicyRolledBack(policy_id=MATH.policy_id, version=MATH.version, policies=(DISTRICT,))
    again = activated(DISTRICT)
    line = switched(activated(DISTRICT), activated(DISTRICT, MATH), again, back, activated(DISTRICT, NORTH))
    begun = [[(one.scoped.policy_id, one.since) for one in epoch.rulings.standings] for epoch in line.epochs[1:]]
    assert begun == [
        [("district", 10)],
        [("district", 10), ("math", 20)],
        [("district", 30)],
        [("district", 10)],
        [("district", 10), ("north", 50)],
    ]


def test_an_edition_that_changes_a_subtree_in_use_begins_an_epoch() -> None:
    editions = (Edition(5, 0, {}), Edition(15, 0, TREE), Edition(17, 0, WIDER))
    line = switched(activated(DISTRICT, MID), activated(DISTRICT), editions=(*editions, Edition(25, 0, {})))
    assert [(epoch.position, epoch.is_switch) for epoch in line.epochs] == [
        (0, True), (10, True), (15, False), (20, True),
    ]  # fmt: skip
    assert [line.at(at).rulings.ruling("math", CompetencyId("leaf")).policy_id for at in (12, 15)] == [
        "district",
        "mid",
    ]
    assert (line.switches, line.regrown(16), line.regrown(22)) == ([10, 20], 15, 0)
