"""The rules of supports: each begun once, because of something, and ended once. Stream: `support-<support_id>`."""

from dataclasses import dataclass
from typing import Final, assert_never

from domain.framework.catalogue import Catalogue
from domain.kernel.envelope import Command, Text
from domain.kernel.errors import Invalid, Refused, Unknown
from domain.kernel.ids import Code, CompetencyId, LearnerId, SupportId
from domain.pathway.events import Because
from domain.support.events import SupportEnded, SupportEvent, SupportStarted


class StartSupport(Command):
    """Give a learner a support: tutoring, small-group ...; for a competency, because of what is named."""

    support_id: SupportId
    learner_id: LearnerId
    kind: Code
    text: Text | None = None
    competency_id: CompetencyId | None = None
    because: Because


class EndSupport(Command):
    """End a support; needs a reason."""

    support_id: SupportId


SupportCommand = StartSupport | EndSupport


@dataclass(frozen=True, slots=True)
class Absent:
    """No support was begun under this id."""


@dataclass(frozen=True, slots=True)
class Running:
    """A support that a learner is given."""

    learner_id: LearnerId


@dataclass(frozen=True, slots=True)
class Ended:
    """A support that is over."""


Support = Absent | Running | Ended
INITIAL: Final[Support] = Absent()


def stream_of(support_id: SupportId) -> str:
    """Return the name of the stream of a support."""
    return f"support-{support_id}"


def evolve(_state: Support, event: SupportEvent) -> Support:
    """Return the state after an event."""
    match event:
        case SupportStarted():
            return Running(event.learner_id)
        case SupportEnded():
            return Ended()
        case _:
            assert_never(event)


def decide(state: Support, command: SupportCommand, catalogue: Catalogue) -> list[SupportEvent]:
    """Return what a command makes happen.

    Raises:
        Refused: support-exists, competency-unknown.
        Unknown: support-unknown.
        Invalid: because-required, reason-required.
    """
    match command:
        case StartSupport():
            return [_start(state, command, catalogue)]
        case EndSupport():
            command.require_reason("ending a support")
            if not isinstance(state, Running):
                raise Unknown("support-unknown", f"support {command.support_id} is not running")
            return [SupportEnded(support_id=command.support_id, learner_id=state.learner_id)]
        case _:
            assert_never(command)


def _start(state: Support, command: StartSupport, catalogue: Catalogue) -> SupportStarted:
    if not isinstance(state, Absent):
        raise Refused("support-exists", f"support {command.support_id} was begun already")
    if not command.because.is_given():
        raise Invalid("because-required", f"support {command.support_id} does not say because of what it begins")
    if command.competency_id is not None:
        catalogue.home(command.competency_id)
    return SupportStarted(
        support_id=command.support_id,
        learner_id=command.learner_id,
        kind=command.kind,
        text=command.text,
        competency_id=command.competency_id,
        because=command.because,
    )
