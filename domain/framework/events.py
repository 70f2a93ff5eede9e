"""Facts about competency frameworks and proficiency scales.

Source: 1EdTech CASE 1.1 (CFDocument, CFItem, CFAssociation, CFRubricCriterionLevel).
"""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from domain.kernel.envelope import Part
from domain.kernel.event import Event
from domain.kernel.ids import CompetencyId, FrameworkId, LevelCode, ScaleId
from domain.kernel.privacy import Plain
from domain.kernel.scores import ScoreMicro


class CompetencyKind(StrEnum):
    """What a competency is about; dispositions are reported apart."""

    SKILL = "skill"
    KNOWLEDGE = "knowledge"
    DISPOSITION = "disposition"


class Depth(StrEnum):
    """What a learner does with what was learned: say it again, use it, or make something new of it."""

    RECALL = "recall"
    APPLY = "apply"
    CREATE = "create"


class AssociationKind(StrEnum):
    """How two competencies relate; the names are CASE's."""

    IS_CHILD_OF = "isChildOf"
    PRECEDES = "precedes"
    REPLACED_BY = "replacedBy"
    IS_RELATED_TO = "isRelatedTo"
    EXACT_MATCH_OF = "exactMatchOf"
    IS_PART_OF = "isPartOf"
    IS_PEER_OF = "isPeerOf"
    HAS_SKILL_LEVEL = "hasSkillLevel"
    EXEMPLAR = "exemplar"
    IS_TRANSLATION_OF = "isTranslationOf"


class Level(Part):
    """One level of a proficiency scale, lowest first: its code, its label and the score that reaches it."""

    code: LevelCode
    label: Plain[str]
    at_micro: Plain[ScoreMicro]


class Competency(Part):
    """One statement that a learner can show."""

    competency_id: CompetencyId
    code: Plain[str | None] = None
    statement: Plain[str]
    kind: Plain[CompetencyKind] = CompetencyKind.SKILL
    subject: Plain[str | None] = None
    grade: Plain[str | None] = None
    can_do: Plain[str | None] = None
    """The statement in the learner's words: "I can ..."."""
    measure: Plain[str | None] = None
    """By what one sees that it is reached."""
    transfer: Plain[str | None] = None
    """Where else it serves."""
    outcome: Plain[Depth | None] = None
    """How deep it goes at least."""
    required: Plain[bool | None] = None
    """Whether every pathway through its subject and grade has to lead to it."""
    minimum_level: LevelCode | None = None
    """The district's expectation: no pathway aims lower without a reason."""


class Association(Part):
    """`from_id` is child of, precedes, is replaced by ... `to_id`; `to_id` may lie outside the framework."""

    kind: Plain[AssociationKind]
    from_id: CompetencyId
    to_id: CompetencyId


class ScalePublished(Event):
    """A proficiency scale may be used: scores lie in lowest..highest, levels are ordered."""

    type: ClassVar[str] = "scale.published.v1"
    scale_id: ScaleId
    title: Plain[str]
    lowest_micro: Plain[ScoreMicro]
    highest_micro: Plain[ScoreMicro]
    levels: Plain[tuple[Level, ...]] = ()


class FrameworkPublished(Event):
    """An edition of a framework is adopted: all its competencies and associations, as one fact."""

    type: ClassVar[str] = "framework.published.v1"
    framework_id: FrameworkId
    title: Plain[str]
    edition: Plain[str]
    scale_id: ScaleId
    competencies: Plain[Annotated[tuple[Competency, ...], Field(min_length=1)]]
    associations: Plain[tuple[Association, ...]] = ()
    source_uri: Plain[str | None] = None


FrameworkEvent = ScalePublished | FrameworkPublished
