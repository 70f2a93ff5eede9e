"""Facts about a district's own words for the terms of the glossary."""

from typing import ClassVar

from domain.kernel.event import Event
from domain.kernel.ids import TermCode
from domain.kernel.privacy import Plain
from domain.policy.words.catalogue import Language


class LabelsChanged(Event):
    """The district calls these terms so, in one language; null: as they are called at first. Codes never change."""

    type: ClassVar[str] = "labels.changed.v1"
    lang: Plain[Language]
    labels: Plain[dict[TermCode, str | None]]
