"""The rules of scales and frameworks. Streams: `scale-<scale_id>`, `framework-<framework_id>`."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Final, assert_never

from pydantic import Field

from domain.framework.catalogue import Catalogue
from domain.framework.events import (
    Association,
    Competency,
    FrameworkEvent,
    FrameworkPublished,
    Level,
    ScalePublished,
)
from domain.framework.lint import Severity, lint_targets
from domain.kernel.envelope import Command, Part
from domain.kernel.errors import Invalid, Refused
from domain.kernel.ids import FrameworkId, LevelCode, ScaleId
from domain.kernel.scores import ScoreInput, from_micro

Title = Annotated[str, Field(min_length=1, max_length=500)]


class LevelCut(Part):
    """A level and the lowest score that reaches it."""

    code: LevelCode
    label: Title
    at: ScoreInput


class PublishScale(Command):
    """Make a proficiency scale usable: its span of scores, and its levels from the lowest."""

    scale_id: ScaleId
    title: Title
    lowest: ScoreInput
    highest: ScoreInput
    levels: tuple[LevelCut, ...] = ()


class PublishFramework(Command):
    """Adopt a framework, or a new edition of it: all its competencies and associations."""

    framework_id: FrameworkId
    title: Title
    edition: Title
    scale_id: ScaleId
    competencies: Annotated[tuple[Competency, ...], Field(min_length=1)]
    associations: tuple[Association, ...] = ()
    source_uri: Title | None = None
    lint: Severity = Severity.WARN
    """What the lint does when it finds something: warn, or deny the publication."""


FrameworkCommand = PublishScale | PublishFramework


@dataclass(frozen=True, slots=True)
class Unpublished:
    """Nothing is published under this id."""


@dataclass(frozen=True, slots=True)
class Published:
    """A scale, or the last edition of a framework."""

    event: FrameworkEvent


Publication = Unpublished | Published
INITIAL: Final[Publication] = Unpublished()


def framework_stream(framework_id: FrameworkId) -> str:
    """Return the name of the stream of a framework."""
    return f"framework-{framework_id}"


def scale_stream(scale_id: ScaleId) -> str:
    """Return the name of the stream of a scale."""
    return f"scale-{scale_id}"


def evolve(_state: Publication, event: FrameworkEvent) -> Publication:
    """Return the state after an event."""
    return Published(event)


def decide(state: Publication, command: FrameworkCommand, catalogue: Catalogue) -> list[FrameworkEvent]:
    """Return what a command makes happen.

    Raises:
        Refused: scale-exists, scale-unknown, competency-held-elsewhere, framework-unchanged, level-unknown,
            framework-denied-by-lint.
        Invalid: malformed, for a scale or framework that contradicts itself.
    """
    match command:
        case PublishScale():
            return [_publish_scale(state, command)]
        case PublishFramework():
            return [_publish_framework(state, command, catalogue)]
        case _:
            assert_never(command)


def _publish_scale(state: Publication, command: PublishScale) -> ScalePublished:
    if isinstance(state, Published):
        raise Refused("scale-exists", f"scale {command.scale_id} is published already")
    _check_span(command)
    levels = tuple(Level(code=level.code, label=level.label, at_micro=level.at) for level in command.levels)
    return ScalePublished(
        scale_id=command.scale_id,
        title=command.title,
        lowest_micro=command.lowest,
        highest_micro=command.highest,
        levels=levels,
    )


def _check_span(command: PublishScale) -> None:
    span = f"{from_micro(command.lowest)}..{from_micro(command.highest)}"
    if not (command.lowest < command.highest and command.highest > 0):
        raise Invalid("malformed", f"scale {span} has no span above 0", scale=command.scale_id)
    _check_once("level", (level.code for level in command.levels))
    for level in command.levels:
        if not command.lowest <= level.at <= command.highest:
            raise Invalid("malformed", f"level {level.code} at {from_micro(level.at)} is outside {span}")
    for below, above in pairwise(command.levels):
        if below.at >= above.at:
            raise Invalid("malformed", f"level {above.code} does not lie above level {below.code}")


def _publish_framework(state: Publication, command: PublishFramework, catalogue: Catalogue) -> FrameworkPublished:
    catalogue.scale(command.scale_id)
    _check_once("competency", (competency.competency_id for competency in command.competencies))
    for competency in command.competencies:
        home = catalogue.homes.get(competency.competency_id)
        if home is not None and home.framework_id != command.framework_id:
            fault = f"competency {competency.competency_id} is held by framework {home.framework_id}"
            raise Refused("competency-held-elsewhere", fault)
    known = {level.code for level in catalogue.scale(command.scale_id).levels}
    for competency in command.competencies:
        if competency.minimum_level is not None and competency.minimum_level not in known:
            fault = f"level {competency.minimum_level} is not a level of scale {command.scale_id}"
            raise Refused("level-unknown", fault, competency=competency.competency_id)
    for found in lint_targets(command.competencies) if command.lint is Severity.DENY else ():
        fault = f"competency {found.competency_id}: {found.reason}"
        raise Refused("framework-denied-by-lint", fault, finding=found.rule)
    edition = FrameworkPublished(
        framework_id=command.framework_id,
        title=command.title,
        edition=command.edition,
        scale_id=command.scale_id,
        competencies=command.competencies,
        associations=command.associations,
        source_uri=command.source_uri,
    )
    if state == Published(edition):
        raise Refused("framework-unchanged", f"framework {command.framework_id} reads so already")
    return edition


def _check_once(what: str, ids: Iterable[str]) -> None:
    name, count = max(Counter(ids).items(), key=lambda item: item[1], default=("", 1))
    if count > 1:
        raise Invalid("malformed", f"{what} {name} is listed {count} times")
