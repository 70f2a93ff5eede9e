"""What a policy ties together: a competency and those that it is made of, a competency and those that come before."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from domain.framework.events import AssociationKind, FrameworkPublished
from domain.kernel.ids import CompetencyId
from domain.policy.document import PolicyDocument
from domain.policy.outcome import Prerequisite

Tree = Mapping[CompetencyId, tuple[CompetencyId, ...]]
"""The children of each competency that has some."""


class Ties(NamedTuple):
    """What one competency hangs on under a policy: the competencies that it is made of, and its prerequisites."""

    children: tuple[CompetencyId, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()

    @property
    def sources(self) -> tuple[CompetencyId, ...]:
        """The competencies whose standing is looked at."""
        return (*self.children, *(one.competency for one in self.prerequisites))


UNTIED: Final = Ties()


def tree_of(frameworks: Iterable[FrameworkPublished]) -> Tree:
    """Return the children of each competency, in the order of the associations; nothing is its own child."""
    children: dict[CompetencyId, dict[CompetencyId, None]] = {}
    for framework in frameworks:
        for one in framework.associations:
            if one.kind is AssociationKind.IS_CHILD_OF and one.from_id != one.to_id:
                children.setdefault(one.to_id, {})[one.from_id] = None
    return {parent: tuple(of_parent) for parent, of_parent in children.items()}


def is_related(policy: PolicyDocument) -> bool:
    """Say whether a level under this policy can hang on other competencies."""
    return policy.rollup is not None or policy.prerequisites is not None


def ties(policy: PolicyDocument, whole: CompetencyId | None, competency: CompetencyId, tree: Tree) -> Ties:
    """Return what a competency hangs on under a policy.

    A roll-up that lists no children takes those of the framework; a competency without any is not made of others.
    One that lists them is for the competency `whole` that the policy's scope names, else for each that has all of
    them as children. Prerequisites hold back all but one another.
    """
    if not is_related(policy):
        return UNTIED
    gates = policy.prerequisites or ()
    if competency in {one.competency for one in gates}:
        gates = ()
    return Ties(_children(policy, whole, competency, tree), gates)


def _children(
    policy: PolicyDocument, whole: CompetencyId | None, competency: CompetencyId, tree: Tree
) -> tuple[CompetencyId, ...]:
    if policy.rollup is None:
        return ()
    known, listed = tree.get(competency, ()), policy.rollup.children
    if listed is None:
        return known
    is_whole = set(listed) <= set(known) if whole is None else competency == whole
    return listed if is_whole and competency not in listed else ()


def wholes(policy: PolicyDocument, whole: CompetencyId | None, tree: Tree) -> dict[CompetencyId, Ties]:
    """Return the competencies that are made of others under a policy, with what they hang on."""
    every = [*tree] if whole is None else [whole, *tree]
    tied = {one: ties(policy, whole, one, tree) for one in dict.fromkeys(every)}
    return {one: what for one, what in tied.items() if what.children}


def circle(sources: Mapping[CompetencyId, Iterable[CompetencyId]]) -> tuple[CompetencyId, ...]:
    """Return competencies that hang on one another in a circle, each on the next; empty if none do."""
    settled: set[CompetencyId] = set()
    for start in sources:
        path: dict[CompetencyId, None] = {}
        if found := _walk(start, sources, settled, path):
            return found
    return ()


def _walk(
    start: CompetencyId,
    sources: Mapping[CompetencyId, Iterable[CompetencyId]],
    settled: set[CompetencyId],
    path: dict[CompetencyId, None],
) -> tuple[CompetencyId, ...]:
    stack = [(start, iter(sources.get(start, ())))]
    path[start] = None
    while stack:
        here, rest = stack[-1]
        following = next((one for one in rest if one not in settled), None)
        if following is None:
            stack.pop()
            settled.add(here)
            path.pop(here)
        elif following in path:
            walked = list(path)
            return tuple(walked[walked.index(following) :])
        else:
            path[following] = None
            stack.append((following, iter(sources.get(following, ()))))
    return ()
