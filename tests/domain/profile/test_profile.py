"""The rules of profile entries."""

from typing import Final

from domain.profile.decider import (
    INITIAL,
    NoteProfileEntry,
    Profile,
    ProfileCommand,
    RetireProfileEntry,
    decide,
    evolve,
)
from domain.profile.events import ProfileEntryNoted, ProfileEntryRetired, ProfileEvent
from tests.sample import of
from tests.spec import Spec

SPEC: Spec[Profile, ProfileCommand, ProfileEvent] = Spec(INITIAL, evolve, decide)
given = SPEC.given
ABOUT: Final = {"entry_id": "n1", "learner_id": "l-91"}
WORDS: Final = {"kind": "strength", "text": "explains ideas by drawing", "area": "academic"}
NOTED: Final = of(ProfileEntryNoted, **ABOUT, **WORDS)
RETIRED: Final = of(ProfileEntryRetired, **ABOUT)


def test_an_entry_is_noted_once() -> None:
    given().when(of(NoteProfileEntry, **ABOUT, **WORDS)).then(NOTED)
    given(NOTED).when(of(NoteProfileEntry, **ABOUT, **WORDS)).refused("profile-entry-exists")
    given(NOTED, RETIRED).when(of(NoteProfileEntry, **ABOUT, **WORDS)).refused("profile-entry-exists")


def test_an_entry_that_holds_is_retired() -> None:
    given(NOTED).when(of(RetireProfileEntry, **ABOUT)).then(RETIRED)
    given().when(of(RetireProfileEntry, **ABOUT)).refused("profile-entry-unknown")
    given(NOTED, RETIRED).when(of(RetireProfileEntry, **ABOUT)).refused("profile-entry-unknown")
