"""The rules of a learner's profile entries. One stream a learner: `profile-<learner_id>`."""

from dataclasses import dataclass
from typing import Final, assert_never

from domain.kernel.envelope import Command, Text
from domain.kernel.errors import Refused, Unknown
from domain.kernel.ids import Code, EntryId, LearnerId
from domain.profile.events import EntryKind, ProfileEntryNoted, ProfileEntryRetired, ProfileEvent


class NoteProfileEntry(Command):
    """Note something about a learner."""

    entry_id: EntryId
    learner_id: LearnerId
    kind: EntryKind
    text: Text
    area: Code | None = None


class RetireProfileEntry(Command):
    """Say that an entry holds no more."""

    entry_id: EntryId
    learner_id: LearnerId


ProfileCommand = NoteProfileEntry | RetireProfileEntry


@dataclass(frozen=True, slots=True)
class Profile:
    """The entries that hold and those that held once; a profile without any is every learner's beginning."""

    holding: frozenset[EntryId] = frozenset()
    retired: frozenset[EntryId] = frozenset()


INITIAL: Final = Profile()


def stream_of(learner_id: LearnerId) -> str:
    """Return the name of the stream of a learner's profile."""
    return f"profile-{learner_id}"


def evolve(state: Profile, event: ProfileEvent) -> Profile:
    """Return the state after an event."""
    match event:
        case ProfileEntryNoted():
            return Profile(state.holding | {event.entry_id}, state.retired)
        case ProfileEntryRetired():
            return Profile(state.holding - {event.entry_id}, state.retired | {event.entry_id})
        case _:
            assert_never(event)


def decide(state: Profile, command: ProfileCommand) -> list[ProfileEvent]:
    """Return what a command makes happen.

    Raises:
        Refused: profile-entry-exists.
        Unknown: profile-entry-unknown.
    """
    match command:
        case NoteProfileEntry():
            return [_note(state, command)]
        case RetireProfileEntry():
            return [_retire(state, command)]
        case _:
            assert_never(command)


def _note(state: Profile, command: NoteProfileEntry) -> ProfileEntryNoted:
    if command.entry_id in state.holding | state.retired:
        raise Refused("profile-entry-exists", f"profile entry {command.entry_id} is noted already")
    return ProfileEntryNoted(
        entry_id=command.entry_id,
        learner_id=command.learner_id,
        kind=command.kind,
        text=command.text,
        area=command.area,
    )


def _retire(state: Profile, command: RetireProfileEntry) -> ProfileEntryRetired:
    if command.entry_id not in state.holding:
        fault = f"profile entry {command.entry_id} does not hold"
        raise Unknown("profile-entry-unknown", fault, learner=command.learner_id)
    return ProfileEntryRetired(entry_id=command.entry_id, learner_id=command.learner_id)
