"""What a level hangs on beside its scores: the parts that a competency is made of, prerequisites, and time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from domain.kernel.errors import Invalid
from domain.kernel.ids import CompetencyId
from domain.kernel.scores import from_micro, to_micro
from domain.kernel.times import microseconds
from domain.mastery.explanation import ExplainedEntry, Explanation, beyond_bounds, explain
from domain.mastery.rollup import mark_of
from domain.policy.rulings import reach_us
from infra.postgres.score_cells import ScoreRow
from services.query_api.answers import Part
from services.query_api.levels.learner_levels import CellLevel

UNKNOWN: Final = "unknown"


class PartExplained(Part):
    """One competency of those that another is made of, and how much it weighs there; values are decimal text."""

    competency_id: str
    value: str | None
    level: str | None
    counted_as: str | None
    weight: int
    share: str
    dropped_because: str | None
    """Why it has no weight: `unknown` if nothing is known of it yet."""
    lacking: tuple[str, ...] = ()
    """Where it has no value: the competencies, it or those below it, that a first score is needed in."""


class PrerequisiteExplained(Part):
    """A competency that has to be at a value before the level can be above `cap` (null: before there is one)."""

    competency_id: str
    at: str
    value: str | None
    met: bool
    cap: str | None


class Around(NamedTuple):
    """What stands beside the scores of a level."""

    parts: tuple[PartExplained, ...] = ()
    prerequisites: tuple[PrerequisiteExplained, ...] = ()
    mark: str | None = None
    expired: int = 0
    valid_until: datetime | None = None


NOTHING: Final = Around()


def explained(level: CellLevel, own: list[ScoreRow]) -> tuple[Explanation, Around]:
    """Explain a level: the kernel's own account of its cell, and what stands around it.

    A competency that is made of others has its parts there, and its own scores as entries that do not count.
    """
    try:
        told = explain(level.cells, 0, level.compiled, level.at_us)
    except Invalid:
        told = beyond_bounds(level.cells, level.compiled)
    around = Around(
        parts=_parts(level, told),
        prerequisites=_prerequisites(level),
        mark=None if level.value is None else mark_of(level.ruling.document, level.value),
        expired=level.expired,
        valid_until=level.valid_until,
    )
    entries = () if level.ties.children else told.entries
    there = {entry.position for entry in entries}
    left_out = tuple(_left_out(level, score) for score in own if score.given_position not in there)
    return _held_back(level, told.model_copy(update={"entries": (*entries, *left_out)})), around


def _held_back(level: CellLevel, told: Explanation) -> Explanation:
    """Return the explanation with the level that prerequisites and what stands from before leave of it."""
    update: dict[str, object] = {"effective": level.effective}
    if level.level != told.level:
        lowered = -1 if level.level is None else level.compiled.levels.index(level.level)
        update |= {"level": level.level, "next_level": level.compiled.levels[lowered + 1], "missing": "0"}
    return told.model_copy(update=update)


def _parts(level: CellLevel, told: Explanation) -> tuple[PartExplained, ...]:
    entry_of = {entry.position: entry for entry in told.entries}
    return tuple(
        _part(child, level.sources[child], entry_of.get(place)) for place, child in enumerate(level.ties.children)
    )


def _part(child: CompetencyId, level: CellLevel | None, entry: ExplainedEntry | None) -> PartExplained:
    standing = level.standing if level else None
    return PartExplained(
        competency_id=child,
        value=None if standing is None or standing.value is None else from_micro(standing.value),
        level=standing.level if standing else None,
        counted_as=entry.counted_as if entry else None,
        weight=entry.weight if entry else 0,
        share=entry.share if entry else "0",
        dropped_because=entry.dropped_because if entry else UNKNOWN,
        lacking=tuple(dict.fromkeys(_lacking(child, level))),
    )


def _lacking(competency_id: CompetencyId, level: CellLevel | None) -> Iterator[str]:
    if level is not None and level.value is not None:
        return
    if level is None or not level.ties.children:
        yield competency_id
    else:
        for child in level.ties.children:
            yield from _lacking(child, level.sources[child])


def _prerequisites(level: CellLevel) -> tuple[PrerequisiteExplained, ...]:
    told = []
    for one in level.ties.prerequisites:
        source = level.sources[one.competency]
        value = source.value if source else None
        told.append(
            PrerequisiteExplained(
                competency_id=one.competency,
                at=one.at,
                value=None if value is None else from_micro(value),
                met=value is not None and value >= to_micro(one.at),
                cap=one.cap,
            )
        )
    return tuple(told)


def _left_out(level: CellLevel, score: ScoreRow) -> ExplainedEntry:
    """Return a score that the kernel was not given, and why."""
    is_early = microseconds(score.occurred_at) < reach_us(level.ruling.terms)
    return ExplainedEntry(
        position=score.given_position,
        kind=score.kind,
        role=score.assessor_role,
        task=score.task,
        occurred_us=microseconds(score.occurred_at),
        recorded_us=microseconds(score.given_at),
        value=from_micro(score.value_micro),
        possible=from_micro(score.possible_micro),
        counted_as=None,
        weight=0,
        share="0",
        dropped_because="not-of-a-part" if level.ties.children else "before-the-reach" if is_early else "over",
    )
