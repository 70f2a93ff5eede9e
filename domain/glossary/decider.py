"""The rules of a district's labels: any term of the glossary may have another one, in each language. Stream: `labels`.

A term is named by its code, which never changes, so that a page, an export or a program finds it whatever it is
called.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import Field

from domain.glossary.events import LabelsChanged
from domain.glossary.terms import TERMS
from domain.kernel.envelope import Command
from domain.kernel.errors import Unknown
from domain.kernel.ids import TermCode
from domain.policy.words.catalogue import Language

STREAM: Final = "labels"
Label = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]


class ChangeLabels(Command):
    """Call terms by the district's own words; null: by their first ones again."""

    lang: Language
    labels: Annotated[dict[TermCode, Label | None], Field(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels that differ from the first ones, by language and term."""

    changed: Mapping[tuple[Language, TermCode], str] = field(default_factory=dict)


INITIAL: Final = Labels()


def evolve(state: Labels, event: LabelsChanged) -> Labels:
    """Return the state after an event."""
    new = {(event.lang, code): label for code, label in event.labels.items()}
    return Labels({key: label for key, label in {**state.changed, **new}.items() if label is not None})


def decide(state: Labels, command: ChangeLabels) -> list[LabelsChanged]:
    """Return what a command makes happen; nothing where all is called so already.

    Raises:
        Unknown: term-unknown.
    """
    for code in command.labels:
        if code not in TERMS:
            raise Unknown("term-unknown", f"term {code} is not in the glossary")
    new = {code: label for code, label in command.labels.items() if state.changed.get((command.lang, code)) != label}
    return [LabelsChanged(lang=command.lang, labels=new)] if new else []
