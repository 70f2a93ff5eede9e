"""Reads the Open University Learning Analytics data: six CSV files of learners, registrations and scores.

Days count from the start of a presentation: 2013B is 1 February 2013, 2013J is 1 October 2013, midnight UTC.
Source: Kuzilek, Hlosta, Zdrahal (2017), Open University Learning Analytics dataset, Sci Data 4:170171.
"""

import re
from collections.abc import Hashable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, NamedTuple

from domain.kernel.errors import Invalid
from infra.files.rows import BadRow, read_rows

SUBGROUPS: Final = ("gender", "region", "highest_education", "imd_band", "age_band", "disability")
"""The columns of studentInfo.csv that say to which subgroups a learner belongs."""
_STARTS: Final = {"B": (2, 1), "J": (10, 1)}
_PRESENTATION: Final = re.compile(r"(20[0-9]{2})([BJ])", re.ASCII)
_WORD: Final = re.compile(r"[A-Za-z0-9]{1,40}", re.ASCII)
_DAY: Final = re.compile(r"-?[0-9]{1,5}", re.ASCII)
_MISSING: Final = ("", "?")


class Assessment(NamedTuple):
    """A task of a module presentation; `kind` is TMA (tutor marked), CMA (computer marked) or Exam."""

    id: str
    module: str
    presentation: str
    kind: str


class Learner(NamedTuple):
    """A learner of all modules, with the sorted codes of the subgroups (`disability:Y`); `line` is the first one."""

    line: int
    student: str
    since: datetime
    """The start of the first presentation."""
    subgroups: tuple[str, ...]

    @property
    def shape(self) -> Hashable:
        """What the row says, but for who and when."""
        return self.subgroups

    @property
    def times(self) -> tuple[datetime, ...]:
        """When it happened."""
        return (self.since,)


class Registration(NamedTuple):
    """A learner's registration for a module presentation, and the withdrawal from it, if any."""

    line: int
    student: str
    module: str
    presentation: str
    registered_at: datetime
    withdrawn_at: datetime | None

    @property
    def shape(self) -> Hashable:
        """What the row says, but for who and when."""
        return self.module, self.presentation, self.withdrawn_at is None

    @property
    def times(self) -> tuple[datetime, ...]:
        """When it happened."""
        return (self.registered_at,) if self.withdrawn_at is None else (self.registered_at, self.withdrawn_at)


class Submission(NamedTuple):
    """A learner's work on an assessment; no score where it is missing, banked where it was carried over."""

    line: int
    student: str
    assessment: Assessment
    submitted_at: datetime
    score: str | None
    is_banked: bool

    @property
    def shape(self) -> Hashable:
        """What the row says, but for who and when."""
        return self.assessment.id, self.score, self.is_banked

    @property
    def times(self) -> tuple[datetime, ...]:
        """When it happened."""
        return (self.submitted_at,)


def read_assessments(folder: Path) -> Iterator[Assessment | BadRow]:
    """Yield the assessments of all module presentations."""
    columns = ("id_assessment", "code_module", "code_presentation", "assessment_type")
    return read_rows(folder / "assessments.csv", columns, lambda _, values: Assessment(*map(_word, values)))


def read_learners(folder: Path) -> Iterator[Learner | BadRow]:
    """Yield each learner of studentInfo.csv once, in the order of first mention, after all bad rows."""
    learners: dict[str, Learner] = {}
    columns = ("id_student", "code_presentation", *SUBGROUPS)
    for row in read_rows(folder / "studentInfo.csv", columns, _learner):
        if isinstance(row, BadRow):
            yield row
        else:
            known = learners.get(row.student, row)
            codes = tuple(sorted({*known.subgroups, *row.subgroups}))
            learners[row.student] = known._replace(since=min(known.since, row.since), subgroups=codes)
    yield from learners.values()


def _learner(line: int, values: list[str]) -> Learner:
    student, presentation, *groups = values
    codes = (f"{column}:{value}" for column, value in zip(SUBGROUPS, groups, strict=True) if value not in _MISSING)
    return Learner(line, _word(student), _on_day(presentation, "0"), tuple(codes))


def read_registrations(folder: Path) -> Iterator[Registration | BadRow]:
    """Yield the registrations; one without a date counts from the start of the presentation, at the latest."""
    columns = ("id_student", "code_module", "code_presentation", "date_registration", "date_unregistration")
    return read_rows(folder / "studentRegistration.csv", columns, _registration)


def _registration(line: int, values: list[str]) -> Registration:
    student, module, presentation, registered, withdrawn = values
    left = None if withdrawn in _MISSING else _on_day(presentation, withdrawn)
    start = _on_day(presentation, "0")
    came = (min(start, left) if left else start) if registered in _MISSING else _on_day(presentation, registered)
    return Registration(line, _word(student), _word(module), presentation, came, left)


def read_submissions(folder: Path, assessments: Mapping[str, Assessment]) -> Iterator[Submission | BadRow]:
    """Yield the submissions in the order of the file.

    Args:
        folder: where studentAssessment.csv lies.
        assessments: those of `read_assessments`, by id.
    """
    columns = ("id_student", "id_assessment", "date_submitted", "is_banked", "score")
    return read_rows(folder / "studentAssessment.csv", columns, partial(_submission, assessments))


def _submission(assessments: Mapping[str, Assessment], line: int, values: list[str]) -> Submission:
    student, assessment_id, submitted, banked, score = values
    assessment = assessments.get(assessment_id)
    if assessment is None:
        raise Invalid("malformed", f"assessment {assessment_id!r} is not in assessments.csv")
    if banked not in ("0", "1"):
        raise Invalid("malformed", f"is_banked {banked!r} is neither 0 nor 1")
    submitted_at = _on_day(assessment.presentation, submitted)
    given = None if score in _MISSING else score
    return Submission(line, _word(student), assessment, submitted_at, given, banked == "1")


def _word(text: str) -> str:
    if not _WORD.fullmatch(text):
        raise Invalid("malformed", f"id {text!r} is not 1 to 40 letters and digits")
    return text


@lru_cache(maxsize=1 << 16)
def _on_day(presentation: str, days: str) -> datetime:
    match = _PRESENTATION.fullmatch(presentation)
    if match is None:
        raise Invalid("malformed", f"presentation {presentation!r} is not a year with B or J")
    if not _DAY.fullmatch(days):
        raise Invalid("malformed", f"day {days!r} is not a whole number")
    month, day = _STARTS[match[2]]
    return datetime(int(match[1]), month, day, tzinfo=UTC) + timedelta(days=int(days))
