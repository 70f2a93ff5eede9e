"""What changes a level, by the type of the event that did."""

from enum import StrEnum
from typing import Final


class CauseKind(StrEnum):
    """What changes a level."""

    WORK = "work"
    """Evidence and scores: given, corrected, voided, withdrawn."""
    JUDGEMENT = "judgement"
    """A person's decision, or its end."""
    RULE = "rule"
    """A policy that came into force, or went."""
    PLACE = "place"
    """An enrolment: another school or course has another policy."""
    FRAMEWORK = "framework"
    """An edition of a framework, by which other competencies are parts of one."""
    TIME = "time"
    """A day that began: what held until then holds no more."""


_BY_FAMILY: Final = {
    "judgement": CauseKind.JUDGEMENT,
    "policy": CauseKind.RULE,
    "enrolment": CauseKind.PLACE,
    "framework": CauseKind.FRAMEWORK,
    "calendar": CauseKind.TIME,
}


def kind_of(event_type: str) -> CauseKind:
    """Return what an event is that changed a level, by the first word of its type; all that is not listed is work."""
    return _BY_FAMILY.get(event_type.split(".", maxsplit=1)[0], CauseKind.WORK)
