"""Facts about a learner's profile. Source: 1EdTech AfA PNP for accommodations; NEED-01 and NEED-52 (docs/needs.md)."""

from enum import StrEnum
from typing import ClassVar

from domain.kernel.event import Event
from domain.kernel.ids import Code, EntryId, LearnerId
from domain.kernel.privacy import Personal, Plain


class EntryKind(StrEnum):
    """What a profile entry tells of the learner, in the order in which a profile shows it."""

    STRENGTH = "strength"
    INTEREST = "interest"
    MOTIVATION = "motivation"
    PREFERENCE = "preference"
    PRIOR_EXPERIENCE = "prior_experience"
    DISPOSITION = "disposition"
    NEED = "need"
    ACCOMMODATION = "accommodation"


class ProfileEntryNoted(Event):
    """Somebody noted something about the learner; the envelope says who and when."""

    type: ClassVar[str] = "profile.entry_noted.v1"
    entry_id: EntryId
    learner_id: LearnerId
    kind: Plain[EntryKind]
    text: Personal[str]
    area: Plain[Code | None] = None
    """The part of the whole child it speaks of: academic, social-emotional, health, creative, civic ..."""


class ProfileEntryRetired(Event):
    """The entry holds no more."""

    type: ClassVar[str] = "profile.entry_retired.v1"
    entry_id: EntryId
    learner_id: LearnerId


ProfileEvent = ProfileEntryNoted | ProfileEntryRetired
