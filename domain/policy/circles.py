"""Competencies that hang on themselves, by roll-ups and prerequisites of several policies together.

One document alone is the lint's to look at. The levels of a circle would be unknown to one another.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Final, NamedTuple

from domain.framework.catalogue import Catalogue
from domain.kernel.errors import Refused
from domain.kernel.ids import CompetencyId
from domain.policy.document import parse_policy
from domain.policy.events import PolicyDrafted, PolicyPublished, Scope, ScopedPolicy, joined
from domain.policy.relations import circle, is_related, ties, tree_of
from domain.policy.rulings import Ruling, Rulings, Seat, Standing, subtree
from domain.policy.succession import Succession

Graph = Mapping[CompetencyId, tuple[CompetencyId, ...]]
"""What each competency hangs on."""
NEWCOMER: Final = None
KNOWN: Final = 0
"""First events about a learner: one who is new to every policy, one who was there before all of them."""


def check_circles(
    published: PolicyPublished, draft: PolicyDrafted, succession: Succession, catalogue: Catalogue
) -> None:
    """Refuse a publication that closes a circle, with the policies in force and those that wait.

    Policies of two schools close none: no place has both.

    Raises:
        Refused: policies-circular.
    """
    after = _After(_afterwards(published, draft, succession), catalogue)
    mixed = after.mixed()
    if not circle(mixed):
        return
    for place in after.places():
        found = circle({one: after.sources(one, place) for one in mixed})
        deciding = [after.ruling(one, place).policy_id for one in found]
        if published.policy_id in deciding:
            fault = f"competencies {', '.join(found)} hang on one another in a circle"
            raise Refused("policies-circular", fault, policies=", ".join(dict.fromkeys(deciding)))


def _afterwards(published: PolicyPublished, draft: PolicyDrafted, succession: Succession) -> list[Standing]:
    """Return what stands once all that waits is in force, the published policy last."""
    drafts = {**succession.published, (published.policy_id, published.version): draft}
    waiting = [one.scoped for one in succession.awaited.values() if one.policy_id != published.policy_id]
    policies: tuple[ScopedPolicy, ...] = succession.policies
    for one in (*waiting, published.scoped):
        policies = joined(policies, one)
    named = [(one, drafts.get((one.policy_id, one.version))) for one in policies]
    return [Standing(one, parse_policy(found.document), found.locked) for one, found in named if found is not None]


class _Place(NamedTuple):
    """Where learners are, and the first event about them, of which only matters whether it is before all policies."""

    seat: Seat
    first: int | None


class _After:
    """The policies that will decide, and what competencies hang on under them."""

    def __init__(self, standings: Sequence[Standing], catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._tree = tree_of(catalogue.frameworks.values())
        tops = {one.scoped.competency_id for one in standings if one.scoped.competency_id is not None}
        self._rulings = Rulings(tuple(standings), {top: subtree(top, self._tree) for top in tops})

    def mixed(self) -> Graph:
        """Return what competencies hang on under any policy, wherever: more than there is in one place."""
        mixed: dict[CompetencyId, tuple[CompetencyId, ...]] = {}
        for one in self._rulings.standings:
            for competency in self._within(one.scoped.scope) if is_related(one.document) else ():
                sources = ties(one.document, one.scoped.competency_id, competency, self._tree).sources
                mixed[competency] = (*mixed.get(competency, ()), *sources)
        return mixed

    def places(self) -> Iterator[_Place]:
        """Return the places where different policies may decide, for learners old and new."""
        scopes = [one.scoped.scope for one in self._rulings.standings]
        schools = dict.fromkeys([None, *(one.school_id for one in scopes)])
        courses = dict.fromkeys([None, *(one.course_id for one in scopes)])
        for school, course, first in product(schools, courses, (NEWCOMER, KNOWN)):
            yield _Place(Seat(school, course), first)

    def sources(self, competency: CompetencyId, place: _Place) -> tuple[CompetencyId, ...]:
        """Return what a competency hangs on in a place."""
        ruling = self.ruling(competency, place)
        return ties(ruling.document, ruling.competency_id, competency, self._tree).sources

    def ruling(self, competency: CompetencyId, place: _Place) -> Ruling:
        """Return what decides on a competency in a place."""
        home = self._catalogue.homes.get(competency)
        return self._rulings.ruling(home.framework_id if home else None, competency, [place.seat], place.first)

    def _within(self, scope: Scope) -> Iterable[CompetencyId]:
        if scope.competency_id is not None:
            return self._rulings.subtrees[scope.competency_id]
        homes = self._catalogue.homes
        return [one for one, home in homes.items() if scope.framework_id in {None, home.framework_id}]
