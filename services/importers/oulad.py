"""Imports the Open University Learning Analytics data.

A learner is an id_student, a competency a code_module in the framework "OULAD modules", a section a module
presentation, a task an id_assessment, a kind an assessment_type. A missing score is evidence without a score.
Work that came after the learner had left is kept: it was done. A banked score is carried over, and its source says so.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple, Protocol, TypeVar

from domain.evidence.decider import stream_of
from domain.evidence.observation import Observation, observe
from domain.framework.catalogue import Catalogue
from domain.framework.decider import FrameworkCommand, LevelCut, PublishFramework, PublishScale
from domain.framework.events import Competency
from domain.kernel.envelope import Actor, Meta, Source, check_occurred
from domain.kernel.errors import LedgerError
from domain.kernel.event import Event
from domain.kernel.ids import (
    CompetencyId,
    EnrolmentId,
    EvidenceId,
    FrameworkId,
    LevelCode,
    ScaleId,
    SchoolId,
    SectionId,
)
from domain.kernel.parsing import parse_command
from domain.roster.decider import INITIAL, RegisterLearner, enrolment_stream, learner_stream
from domain.roster.decider import decide as decide_roster
from domain.roster.events import LearnerEnrolled, LearnerWithdrawn
from infra.files.oulad import (
    Assessment,
    Learner,
    Registration,
    Submission,
    read_assessments,
    read_learners,
    read_registrations,
    read_submissions,
)
from infra.files.rows import BadRow, count_lines
from infra.postgres.append import Append
from infra.postgres.event_store import EventStore
from infra.postgres.pattern import ANYONE, Pattern, pattern_of
from services.importers.preparing import Ready, Row
from services.importers.publishing import load_catalogue, publish
from services.importers.writing import ImportReport, Progress, silent, write

SCALE: Final = ScaleId("oulad-percent")
FRAMEWORK: Final = FrameworkId("oulad-modules")
SCHOOL: Final = SchoolId("open-university")
SYSTEM: Final = "oulad"
FILES: Final = ("assessments.csv", "studentInfo.csv", "studentRegistration.csv", "studentAssessment.csv")
BANKED: Final = "studentAssessment.csv is_banked=1"
"""The source of a score that was carried over."""
FIRST_PRESENTATION: Final = datetime(2013, 2, 1, tzinfo=UTC)
"""From when on the modules are on offer."""


class _Row(Protocol):
    """A row about a learner.

    `shape` is what it says but for who and when; `times` are when what it says happened, one time an append.
    """

    @property
    def line(self) -> int: ...
    @property
    def student(self) -> str: ...
    @property
    def shape(self) -> Hashable: ...
    @property
    def times(self) -> Sequence[datetime]: ...


R = TypeVar("R", bound=_Row)


class _Context(NamedTuple):
    """What all rows of one import share."""

    actor: Actor
    now: datetime
    catalogue: Catalogue
    metas: dict[str, Meta]
    """The envelope that the rows of a batch share: an id names its row, so the envelope need not."""

    def pattern(self, stream: str, version: int, events: Sequence[Event], batch: str) -> Pattern:
        """Return the pattern of what rows of one shape append; its time is any, for each row brings its own."""
        return pattern_of(Append(stream, version, events, self.now, self.metas[batch]))


async def import_oulad(
    store: EventStore,
    folder: Path,
    *,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    progress: Progress = silent,
) -> ImportReport:
    """Import a folder with assessments, studentInfo, studentRegistration and studentAssessment.csv.

    Args:
        store: where to.
        folder: where from.
        actor: who imports; also the assessor of the scores, for the data name none.
        now: nothing may have occurred later.
        dry_run: only say what would be added.
        progress: told how many proposals are done.

    Raises:
        Invalid: malformed, when a file lacks a column.
        Misconfigured: configuration, when a file is missing.
        Unavailable: when the database does not answer.
    """
    assessments = list(read_assessments(folder))
    metas = {batch: Meta(actor=actor, source=Source(system=SYSTEM, batch=batch)) for batch in (*FILES, BANKED)}
    known = {row.id: row for row in assessments if isinstance(row, Assessment)}
    catalogue, published = publish(
        await load_catalogue(store),
        _publications(sorted({row.module for row in known.values()})),
        "assessments.csv",
        FIRST_PRESENTATION,
        metas["assessments.csv"],
    )
    first: list[Row] = [*published, *(row for row in assessments if isinstance(row, BadRow))]
    rows = _proposals(first, folder, known, _Context(actor, now, catalogue, metas))
    total = sum(count_lines(folder / file) for file in FILES)
    return await write(store, rows, total, dry_run=dry_run, progress=progress)


def _proposals(
    first: Iterable[Row], folder: Path, assessments: Mapping[str, Assessment], context: _Context
) -> Iterator[Row]:
    registrations = list(read_registrations(folder))
    learners = _since_registration(read_learners(folder), registrations)
    yield from first
    yield from _propose(context, "studentInfo.csv", learners, _learner)
    yield from _propose(context, "studentRegistration.csv", registrations, _registration)
    yield from _propose(context, "studentAssessment.csv", read_submissions(folder, assessments), _submission)


def _publications(modules: Sequence[str]) -> list[FrameworkCommand]:
    """Return the scale, a pass from 40 % as the data's description says, and the modules as competencies."""
    levels = (
        LevelCut(code=LevelCode("fail"), label="Fail", at=0),
        LevelCut(code=LevelCode("pass"), label="Pass", at=40),
    )
    scale = PublishScale(scale_id=SCALE, title="OULAD percent", lowest=0, highest=100, levels=levels)
    competencies = tuple(Competency(competency_id=CompetencyId(code), statement=f"Module {code}") for code in modules)
    framework = PublishFramework(
        framework_id=FRAMEWORK, title="OULAD modules", edition="2017", scale_id=SCALE, competencies=competencies
    )
    return [scale, framework]


def _since_registration(
    learners: Iterable[Learner | BadRow], registrations: Iterable[Registration | BadRow]
) -> Iterator[Learner | BadRow]:
    """Yield the learners, each since the first registration, if there is one."""
    first: dict[str, datetime] = {}
    for row in registrations:
        if isinstance(row, Registration):
            first[row.student] = min(row.registered_at, first.get(row.student, row.registered_at))
    for learner in learners:
        if isinstance(learner, Learner) and learner.student in first:
            yield learner._replace(since=first[learner.student])
        else:
            yield learner


def _propose(
    context: _Context,
    file: str,
    rows: Iterable[R | BadRow],
    patterns_of: Callable[[_Context, R], Sequence[Pattern]],
) -> Iterator[Ready | BadRow]:
    """Yield what the rows append; the rule behind `patterns_of` is asked once for each shape of a row."""
    known: dict[Hashable, Sequence[Pattern]] = {}
    for row in rows:
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            shape = row.shape
            if shape not in known:
                known[shape] = patterns_of(context, row)
            for pattern, at in zip(known[shape], row.times, strict=True):
                encoded = pattern.about(row.student, check_occurred(at, context.now))
                yield Ready(file, row.line, pattern.types, encoded)
        except LedgerError as error:
            yield BadRow(file, row.line, error.rule, str(error).replace(ANYONE, row.student))


def _learner(context: _Context, row: Learner) -> list[Pattern]:
    command = parse_command(RegisterLearner, {"learner_id": ANYONE, "subgroups": row.subgroups})
    return [context.pattern(learner_stream(ANYONE), 0, decide_roster(INITIAL, command), "studentInfo.csv")]


def _registration(context: _Context, row: Registration) -> list[Pattern]:
    section = SectionId(f"{row.module}-{row.presentation}")
    enrolment = EnrolmentId(f"oulad-{section}-{ANYONE}")
    opened = LearnerEnrolled(enrolment_id=enrolment, learner_id=ANYONE, section_id=section, school_id=SCHOOL)
    closed = LearnerWithdrawn(enrolment_id=enrolment, learner_id=ANYONE, section_id=section)
    return [
        context.pattern(enrolment_stream(enrolment), version, [event], "studentRegistration.csv")
        for version, event in enumerate((opened, closed)[: len(row.times)])
    ]


def _submission(context: _Context, row: Submission) -> list[Pattern]:
    task = row.assessment
    observation = Observation(
        occurred_at=context.now,
        evidence_id=EvidenceId(f"oulad-{task.id}-{ANYONE}"),
        learner_id=ANYONE,
        competency_id=CompetencyId(task.module),
        kind=task.kind,
        value=row.score,
        task=task.id,
        section_id=SectionId(f"{task.module}-{task.presentation}"),
        carried_over=row.is_banked,
    )
    events = observe(observation, context.actor, context.catalogue)
    batch = BANKED if row.is_banked else "studentAssessment.csv"
    return [context.pattern(stream_of(events[0].evidence_id), 0, events, batch)]
