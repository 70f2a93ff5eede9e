"""Where a policy may decide and what it may say there: scopes that exist, and stages that are locked above it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from domain.framework.catalogue import Catalogue
from domain.framework.events import AssociationKind, FrameworkPublished
from domain.kernel.errors import Invalid, Refused
from domain.kernel.ids import CompetencyId
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.events import PolicyDrafted, Scope

LOCKABLE: Final = frozenset(PolicyDocument.model_fields) - {"name", "description"}
"""What of a document can be locked: the stages, not the words about it."""


def check_stages(locked: Iterable[str]) -> None:
    """Refuse to lock what is no stage.

    Raises:
        Invalid: stage-unknown.
    """
    for stage in locked:
        if stage not in LOCKABLE:
            raise Invalid("stage-unknown", f"{stage} is not one of {', '.join(sorted(LOCKABLE))}")


def check_scope(scope: Scope, catalogue: Catalogue) -> None:
    """Refuse a scope that no cell can lie in.

    Raises:
        Invalid: scope-without-framework.
        Refused: framework-unknown, competency-unknown.
    """
    if scope.framework_id is None:
        if scope.competency_id is not None:
            raise Invalid("scope-without-framework", f"competency {scope.competency_id} is scoped without a framework")
        return
    framework = catalogue.frameworks.get(scope.framework_id)
    if framework is None:
        raise Refused("framework-unknown", f"framework {scope.framework_id} is not published")
    if scope.competency_id is not None and scope.competency_id not in _competencies(framework):
        fault = f"competency {scope.competency_id} is not held by framework {scope.framework_id}"
        raise Refused("competency-unknown", fault)


def check_locks(
    document: PolicyDocument, scope: Scope, in_force: Iterable[PolicyDrafted], catalogue: Catalogue
) -> None:
    """Refuse a document that changes a stage which a policy in force locks for a scope that encloses its own.

    Raises:
        Refused: stage-locked.
    """
    for above in in_force:
        if not encloses(above.scope, scope, catalogue):
            continue
        locking = parse_policy(above.document)
        for stage in above.locked:
            if getattr(document, stage) != getattr(locking, stage):
                raise Refused("stage-locked", f"stage {stage} is locked", by=above.policy_id, revision=above.revision)


def encloses(outer: Scope, inner: Scope, catalogue: Catalogue) -> bool:
    """Say whether all cells of a scope lie in another, wider one."""
    wide, narrow = ((one.school_id, one.course_id, one.framework_id) for one in (outer, inner))
    if outer == inner or any(part not in {None, other} for part, other in zip(wide, narrow, strict=True)):
        return False
    if outer.competency_id in {None, inner.competency_id}:
        return True
    framework = catalogue.frameworks.get(inner.framework_id) if inner.framework_id else None
    return framework is not None and outer.competency_id in _above(inner.competency_id, framework)


def _above(competency_id: CompetencyId | None, framework: FrameworkPublished) -> set[CompetencyId]:
    """Return what a competency is a part of, at any distance."""
    parents = defaultdict(list)
    for one in framework.associations:
        if one.kind is AssociationKind.IS_CHILD_OF:
            parents[one.from_id].append(one.to_id)
    above: set[CompetencyId] = set()
    waiting = list(parents[competency_id]) if competency_id else []
    while waiting:
        parent = waiting.pop()
        if parent not in above:
            above.add(parent)
            waiting += parents[parent]
    return above


def _competencies(framework: FrameworkPublished) -> set[CompetencyId]:
    return {one.competency_id for one in framework.competencies}
