"""The lint of targets: competencies that nobody could see reached, use elsewhere, or understand as a learner.

Source: the competency-based education definition of iNACOL and CCSSO: explicit, measurable, transferable objectives.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from domain.framework.events import Competency
from domain.kernel.envelope import Part
from domain.kernel.ids import CompetencyId

VAGUE: Final = re.compile(
    r"^(?:students? (?:will|can) |the (?:student|learner) (?:will|can) |i can |be able to )?"
    r"(?:understand|know|appreciate|learn|be aware of|be familiar with|comprehend|grasp|value)\b",
    re.IGNORECASE,
)
"""Statements that begin with a verb nobody can watch."""


class Severity(StrEnum):
    """What a finding does: warn those who publish, or deny the publication where the publisher asks for that."""

    WARN = "warn"
    DENY = "deny"


class TargetFinding(Part):
    """What is wanting in a competency: which rule, and why it matters."""

    competency_id: CompetencyId
    rule: str
    reason: str


def lint_targets(competencies: Iterable[Competency]) -> tuple[TargetFinding, ...]:
    """Return what is found in competencies, in their order."""
    return tuple(
        TargetFinding(competency_id=competency.competency_id, rule=rule, reason=reason)
        for competency in competencies
        for rule, reason in _findings(competency)
    )


def _findings(competency: Competency) -> Iterator[tuple[str, str]]:
    vague = VAGUE.match(competency.statement.strip())
    if vague and not competency.measure:
        yield "target-unmeasurable", f"nobody sees '{vague[0].lower()}'; say in measure by what it is seen"
    if not competency.can_do:
        yield "target-not-explicit", "it has no can_do, the statement in the learner's words"
    if not competency.transfer:
        yield "target-not-transferable", "it has no transfer, where else it serves"
