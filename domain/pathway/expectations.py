"""What a district expects of every pathway: the required standards covered, no aim below the minimum level."""

from collections.abc import Sequence
from typing import Final

from domain.framework.catalogue import Catalogue
from domain.framework.events import AssociationKind, Competency, FrameworkPublished
from domain.kernel.ids import CompetencyId
from domain.pathway.events import Step

COVERS: Final = frozenset({AssociationKind.IS_CHILD_OF, AssociationKind.IS_PART_OF})
"""A step toward the whole covers its parts."""


def uncovered(steps: Sequence[Step], catalogue: Catalogue) -> tuple[CompetencyId, ...]:
    """Return the required standards of the subjects and grades of a pathway that no step leads to, sorted.

    A standard is covered by a step toward itself, toward what it matches exactly, or toward a whole it is part of.
    """
    frameworks = {home.framework_id: home for home in map(catalogue.home, _ids(steps))}
    missing: list[CompetencyId] = []
    for framework in frameworks.values():
        covered = _covered(framework, set(_ids(steps)))
        fields = {_field(one) for one in framework.competencies if one.competency_id in _ids(steps)}
        missing += [
            one.competency_id
            for one in framework.competencies
            if one.required and one.competency_id not in covered and _field(one) in fields
        ]
    return tuple(sorted(missing))


def below_minimum(steps: Sequence[Step], catalogue: Catalogue) -> tuple[CompetencyId, ...]:
    """Return the competencies whose step aims below the district's minimum level, sorted.

    Raises:
        Refused: level-unknown, for an aim that is no level of the scale.
    """
    low = []
    for step in steps:
        if step.target_level is None:
            continue
        catalogue.check_level(step.competency_id, step.target_level)
        home = catalogue.home(step.competency_id)
        codes = [level.code for level in catalogue.scale(home.scale_id).levels]
        minimum = next(one.minimum_level for one in home.competencies if one.competency_id == step.competency_id)
        if minimum is not None and codes.index(step.target_level) < codes.index(minimum):
            low.append(step.competency_id)
    return tuple(sorted(low))


def _ids(steps: Sequence[Step]) -> list[CompetencyId]:
    return [step.competency_id for step in steps]


def _field(competency: Competency) -> tuple[str | None, str | None]:
    """Return subject and grade."""
    return competency.subject, competency.grade


def _covered(framework: FrameworkPublished, aims: set[CompetencyId]) -> set[CompetencyId]:
    """Return what steps toward some competencies cover: these, their exact matches, and all that is part of them."""
    covered = set(aims)
    while True:
        more = {one.from_id for one in framework.associations if one.kind in COVERS and one.to_id in covered}
        for one in framework.associations:
            if one.kind is AssociationKind.EXACT_MATCH_OF and {one.from_id, one.to_id} & covered:
                more |= {one.from_id, one.to_id}
        if more <= covered:
            return covered
        covered |= more
