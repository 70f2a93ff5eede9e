"""Which policy decides on which cell: the one rule behind live levels, rebuilds, what-ifs and explanations.

The most specific policy of the set in force decides: district < framework < school < course < competency subtree.
Where several are equally specific, the one scoped to the nearest ancestor decides, then the one of the enrolment
opened last, then the one that came into force last. A policy for new learners leaves the others to the next one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from domain.kernel.errors import Invalid
from domain.kernel.ids import CompetencyId
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.events import HoldHarmless, Reach, Scope, ScopedPolicy, Terms
from domain.policy.relations import Tree
from domain.policy.starters import DEFAULT

_HARMLESS_BY_DOCUMENT: Final = {
    "recompute": HoldHarmless.NONE,
    "keep": HoldHarmless.NEVER_LOWER,
    "forward_only": HoldHarmless.AFTER_NEXT_EVIDENCE,
}
"""What a document itself asks for (`hold.change`), where the terms of its publication ask for nothing."""
NO_TIME: Final = -(2**63)
"""Before every time."""
Depths = Mapping[CompetencyId, int]
"""The competencies of a subtree, each with its distance from the top."""


class Seat(NamedTuple):
    """Where a learner learns, by one open enrolment."""

    school_id: str | None
    course_id: str | None


class Standing(NamedTuple):
    """A policy of a set in force, with its document, the stages it locks, and since when it is in force.

    `epoch` is the number of the epoch that began with it, `since` its position; `upon` is the position of the switch
    before, from whose levels it took over.
    """

    scoped: ScopedPolicy
    document: PolicyDocument
    locked: tuple[str, ...] = ()
    since: int = 0
    epoch: int = 0
    upon: int = 0

    @property
    def looks_back(self) -> bool:
        """Say whether what it decides depends on what was before it came into force."""
        terms, hold = self.scoped.terms, self.document.hold
        changes = terms.hold_harmless is not HoldHarmless.NONE or (hold is not None and hold.change != "recompute")
        return changes or terms.reach is Reach.NEW_LEARNERS


class Ruling(NamedTuple):
    """The policy that decides on a cell, under its terms; `version` is the hash of what the document says there."""

    policy_id: str
    version: str
    document: PolicyDocument
    competency_id: CompetencyId | None = None
    """The competency that the policy's scope names."""
    terms: Terms = Terms()
    since: int = 0
    epoch: int = 0

    @property
    def hold_harmless(self) -> HoldHarmless:
        """What becomes of a level that would fall."""
        hold = self.document.hold
        if self.terms.hold_harmless is HoldHarmless.NONE and hold is not None:
            return _HARMLESS_BY_DOCUMENT[hold.change]
        return self.terms.hold_harmless

    @property
    def keeps_levels(self) -> bool:
        """Say whether a level of before may stand although this policy computes a lower one."""
        return self.hold_harmless in {HoldHarmless.NEVER_LOWER, HoldHarmless.AFTER_NEXT_EVIDENCE}


BUILT_IN: Final = Ruling("default", DEFAULT.version, DEFAULT)
"""What decides where no policy does."""


@dataclass(frozen=True)
class Rulings:
    """A policy set in force, and the subtrees of the competencies that its policies are scoped to."""

    standings: tuple[Standing, ...] = ()
    subtrees: Mapping[CompetencyId, Depths] = field(default_factory=dict)
    _found: dict[tuple[int, ...], Ruling] = field(default_factory=dict, repr=False, compare=False)

    def ruling(
        self,
        framework_id: str | None,
        competency_id: CompetencyId | None = None,
        seats: Sequence[Seat] = (),
        first: int | None = None,
    ) -> Ruling:
        """Return what decides on a cell: the most specific policy, less what is locked above, or what is built in.

        Args:
            framework_id: of the competency.
            competency_id: the competency.
            seats: the learner's open enrolments, opened last first.
            first: the position of the first event about the learner; None: the learner is new to every policy.
        """
        chain = tuple(self._reaching(framework_id, competency_id, seats, first))
        if not chain:
            return BUILT_IN
        if chain not in self._found:
            self._found[chain] = _ruling([self.standings[number] for number in chain])
        return self._found[chain]

    def candidates(
        self,
        framework_id: str | None,
        competency_id: CompetencyId | None = None,
        seats: Sequence[Seat] = (),
        first: int | None = None,
    ) -> list[Standing]:
        """Return the policies that reach a cell, the most specific one first; arguments as for `ruling`."""
        numbers = self._reaching(framework_id, competency_id, seats, first)
        return [self.standings[number] for number in numbers]

    def _reaching(
        self, framework_id: str | None, competency_id: CompetencyId | None, seats: Sequence[Seat], first: int | None
    ) -> list[int]:
        ranked = []
        for number, one in enumerate(self.standings):
            scope = one.scoped.scope
            distance, seat = self._distance(scope, framework_id, competency_id), _seat(scope, seats)
            leaves = one.scoped.terms.reach is Reach.NEW_LEARNERS and first is not None and first <= one.since
            if distance is not None and seat is not None and not leaves:
                ranked.append((_specificity(scope, distance), -seat, number))
        return [number for *_, number in sorted(ranked, reverse=True)]

    def _distance(self, scope: Scope, framework_id: str | None, competency_id: CompetencyId | None) -> int | None:
        """Return how far a competency lies below the scope's; None if the scope does not hold it."""
        if scope.framework_id not in {None, framework_id}:
            return None
        if scope.competency_id is None:
            return 0
        return None if competency_id is None else self.subtrees[scope.competency_id].get(competency_id)

    @property
    def all(self) -> tuple[Ruling, ...]:
        """Every ruling that may decide on some cell, as drafted."""
        return (*(_ruling([one]) for one in self.standings), BUILT_IN)

    @property
    def schools_and_courses(self) -> frozenset[str]:
        """The ids of the schools and courses that policies are scoped to."""
        scopes = [one.scoped.scope for one in self.standings]
        return frozenset(name for scope in scopes for name in (scope.school_id, scope.course_id) if name is not None)

    def regrown(self, before: "Rulings") -> list[str]:
        """Return the competencies that lie elsewhere in a subtree than they did under earlier rulings."""
        pairs = [(self.subtrees.get(top, {}), before.subtrees.get(top, {})) for top in self.subtrees]
        return sorted({name for now, then in pairs for name in {*now, *then} if now.get(name) != then.get(name)})

    @property
    def new_since(self) -> frozenset[int]:
        """The positions from which on learners are new to a policy that is for them alone."""
        return frozenset(one.since for one in self.standings if one.scoped.terms.reach is Reach.NEW_LEARNERS)


def _specificity(scope: Scope, distance: int) -> tuple[int, ...]:
    is_set = [part is not None for part in (scope.competency_id, scope.course_id, scope.school_id, scope.framework_id)]
    return (is_set[0], -distance, *is_set[1:])


def _seat(scope: Scope, seats: Sequence[Seat]) -> int | None:
    """Return the number of the first seat in a scope, 0 where it asks for none; None if no seat is in it."""
    if scope.school_id is None and scope.course_id is None:
        return 0
    for number, seat in enumerate(seats):
        if scope.school_id in {None, seat.school_id} and scope.course_id in {None, seat.course_id}:
            return number
    return None


def _ruling(chain: Sequence[Standing]) -> Ruling:
    decides = chain[0]
    document = effective_document([(one.document, one.locked) for one in reversed(chain)])
    version = decides.scoped.version if document is decides.document else document.version
    scoped = decides.scoped
    return Ruling(scoped.policy_id, version, document, scoped.competency_id, scoped.terms, decides.since, decides.epoch)


def documents_of(standings: Sequence[Standing]) -> dict[str, PolicyDocument]:
    """Return every document that may decide on some cell, by version: as drafted, and with what others lock above."""
    found: dict[str, PolicyDocument] = {}
    for one in standings:
        lockers = [other for other in standings if other.locked and other is not one and _may_meet(one, other)]
        for above in _all_above(lockers):
            document = _with_stages(one.document, above.locked, above.document)
            found[document.version] = document
    return found


def _may_meet(one: Standing, other: Standing) -> bool:
    """Say whether a cell may lie in the scopes of both."""
    pairs = zip(_places(one.scoped.scope), _places(other.scoped.scope), strict=True)
    return all(None in pair or pair[0] == pair[1] for pair in pairs)


def _places(scope: Scope) -> tuple[str | None, ...]:
    return scope.school_id, scope.course_id, scope.framework_id


class _Above(NamedTuple):
    """What stands above a policy: the stages that are locked for it, and what the policy right above it says."""

    locked: Mapping[str, Any] = MappingProxyType({})
    document: PolicyDocument | None = None

    def with_next(self, document: PolicyDocument, locks: Sequence[str]) -> "_Above":
        """Return what stands above the policies below a document that locks stages."""
        document = _with_stages(document, self.locked, self.document)
        return _Above({stage: getattr(document, stage) for stage in locks} | dict(self.locked), document)

    @property
    def texts(self) -> tuple[str, ...]:
        """What tells it from others."""
        locked = sorted(f"{stage} {value!r}" for stage, value in self.locked.items())
        return (self.document.version if self.document else "", *locked)


def _all_above(lockers: Sequence[Standing]) -> Iterable[_Above]:
    """Return all that may stand above a policy; what comes to the same in another order of lockers is there once."""
    last = _Above()
    found = {last.texts: last}
    waiting: list[tuple[_Above, tuple[int, ...]]] = [(last, ())]
    while waiting:
        last, last_rank = waiting.pop()
        for locker in lockers:
            rank = _specificity(locker.scoped.scope, 0)
            # which of two subtrees is the nearer one hangs on the cell
            if last_rank <= rank or (last_rank[0] and rank[0]):
                above = last.with_next(locker.document, locker.locked)
                key = (*map(str, rank), *above.texts)
                if key not in found:
                    found[key] = above
                    waiting.append((above, rank))
    return found.values()


def effective_document(chain: Iterable[tuple[PolicyDocument, Sequence[str]]]) -> PolicyDocument:
    """Return what the last document of a chain says once the stages locked above it are put back.

    Each comes with the stages that it locks for those after it. Where a document makes no sense with what is
    locked, the one above it decides as a whole.
    """
    above = _Above()
    for document, locks in chain:
        above = above.with_next(document, locks)
    assert above.document is not None, "a chain has a document"
    return above.document


def _with_stages(document: PolicyDocument, stages: Mapping[str, Any], above: PolicyDocument | None) -> PolicyDocument:
    if all(getattr(document, name) == stage for name, stage in stages.items()):
        return document
    changed = document.model_copy(update=dict(stages))
    try:
        return parse_policy(changed.model_dump(mode="json", exclude_none=True))
    except Invalid:
        assert above is not None, "what is locked is locked above"
        return above


def reach_us(terms: Terms) -> int:
    """Return from when on scores count, in microseconds since 1970 UTC: the day begins at midnight UTC."""
    if terms.reach is not Reach.EVIDENCE_SINCE or terms.evidence_since is None:
        return NO_TIME
    days = date.fromisoformat(terms.evidence_since).toordinal() - date(1970, 1, 1).toordinal()
    return days * 86_400 * 1_000_000


def subtree(top: CompetencyId, tree: Tree) -> dict[CompetencyId, int]:
    """Return a competency and all below it with their distances; the shortest one where there are several."""
    found, level = {top: 0}, [top]
    while level:
        level = [child for parent in level for child in tree.get(parent, ()) if child not in found]
        found |= dict.fromkeys(level, max(found.values()) + 1)
    return found
