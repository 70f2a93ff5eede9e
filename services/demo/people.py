"""Who is in the sandbox district: three schools, their teachers, 600 learners and their sections, and the calendar."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Final, NamedTuple

from domain.kernel.envelope import Actor, Role
from domain.kernel.ids import ActorId, Code, LearnerId, SchoolId, SectionId

LEARNERS: Final = 600
END_YEAR: Final = 2026
"""The year in which the second of the two school years ends, if no other is asked for."""
SUBJECTS: Final = ("math", "ela", "science", "durable")
_SECTIONS: Final = 4
"""Sections of a grade and subject."""


class School(NamedTuple):
    """A school of one band; `first_grade` is the lower of the two grades that start there."""

    id: SchoolId
    band: str
    first_grade: int


SCHOOLS: Final = (
    School(SchoolId("alder-elementary"), "elementary", 3),
    School(SchoolId("birch-middle"), "middle", 6),
    School(SchoolId("cedar-high"), "high", 9),
)
REGISTRAR: Final = Actor(id=ActorId("registrar"), role=Role.ADMINISTRATOR)
LEARNING_SYSTEM: Final = Actor(id=ActorId("quiz-system"), role=Role.SERVICE)
# fmt: off
_FIRST_NAMES: Final = (
    "Amara", "Ben", "Chidi", "Dalia", "Elif", "Farid", "Grace", "Hana", "Ivan", "Jada", "Kofi", "Lena",
    "Mateo", "Nadia", "Omar", "Priya", "Quinn", "Rosa", "Samir", "Tala", "Uma", "Viktor", "Wren", "Ximena",
    "Yusuf", "Zoe", "Aiko", "Bruno", "Celia", "Dov",
)
_LAST_NAMES: Final = (
    "Abara", "Bauer", "Castillo", "Dubois", "Eriksen", "Fontaine", "Garcia", "Haddad", "Jensen", "Larsen",
    "Mbeki", "Nakamura", "Okafor", "Petrov", "Quispe", "Rossi", "Silva", "Tran", "Vargas", "Weiss", "Xu",
    "Zhang",
)
# fmt: on


class Learner(NamedTuple):
    """A learner: school and grade in the first year, section letter, and how he or she learns.

    `ability` and `growth` are in points of the scale, `absence` is the share of work days missed.
    """

    id: LearnerId
    name: str
    school: School
    grade: int
    section: str
    subgroups: tuple[Code, ...]
    ability: float
    growth: float
    absence: float

    @property
    def actor(self) -> Actor:
        """The learner as one who acts."""
        return Actor(id=ActorId(self.id), role=Role.LEARNER)

    @property
    def guardian(self) -> Actor:
        """The learner's guardian."""
        return Actor(id=ActorId(f"g-{self.id}"), role=Role.GUARDIAN)

    def teacher(self, subject: str) -> Actor:
        """Return the teacher of the learner's section in a subject: each school has two with sections in a subject."""
        desk = 1 if self.section in "ab" else 2
        return teacher(self.school, subject, desk)

    def section_id(self, subject: str, year: int) -> SectionId:
        """Return the learner's section in a subject, in the first (0) or second (1) year."""
        return SectionId(f"{self.school.id}-{year + 1}-{subject}-{self.grade + year}{self.section}")


def teacher(school: School, subject: str, desk: int) -> Actor:
    """Return a teacher of a school for a subject: 1 and 2 have sections, 3 assesses with them."""
    return Actor(id=ActorId(f"t-{school.band}-{subject}-{desk}"), role=Role.TEACHER)


@cache
def leaning(seed: int, assessor: ActorId) -> float:
    """Return how far an assessor scores above (or below) others, in points of the scale."""
    return random(seed, assessor).gauss(0, 0.15)


def random(seed: int, *about: object) -> Random:
    """Return the random numbers for one purpose: the same for the same seed, independent of all other purposes."""
    return Random("/".join(map(str, (seed, *about))))  # noqa: S311 - a sandbox needs repeatable numbers


def happens(chance: Random, share: float) -> bool:
    """Draw whether something happens that happens to this share of all."""
    return chance.random() < share


def make_learners(seed: int) -> list[Learner]:
    """Return the learners of the district, spread evenly over schools, grades and sections."""
    return [_learner(random(seed, "learner", number), number) for number in range(1, LEARNERS + 1)]


def _learner(chance: Random, number: int) -> Learner:
    school = SCHOOLS[number % len(SCHOOLS)]
    place = number // len(SCHOOLS)
    shares = {"disability": 0.14, "english_learner": 0.12, "low_income": 0.35}
    groups = [f"{group}:{'Y' if chance.random() < share else 'N'}" for group, share in shares.items()]
    return Learner(
        id=LearnerId(f"l-{number:04d}"),
        name=f"{chance.choice(_FIRST_NAMES)} {chance.choice(_LAST_NAMES)}",
        school=school,
        grade=school.first_grade + place % 2,
        section="abcd"[place // 2 % _SECTIONS],
        subgroups=(*groups, f"gender:{chance.choice('FM')}"),
        ability=chance.gauss(0, 0.4),
        growth=chance.uniform(0.8, 2.4),
        absence=chance.uniform(0.01, 0.12),
    )


@cache
def school_days(end_year: int) -> tuple[date, ...]:
    """Return the days of the school year that ends in June of a year: weekdays outside the two breaks."""
    first, last = date(end_year - 1, 9, 2), date(end_year, 6, 12)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(day for day in days if day.weekday() < 5 and not _in_break(day))  # noqa: PLR2004 - Saturday


def _in_break(day: date) -> bool:
    return (day.month, day.day) >= (12, 21) or (day.month, day.day) <= (1, 2) or (day.month == 4 and 6 <= day.day <= 12)  # noqa: PLR2004 - the days themselves


def at_work(chance: Random, day: date) -> datetime:
    """Return a moment of a school day."""
    return datetime.combine(day, time(8), UTC) + timedelta(seconds=chance.randrange(8 * 3600))


def later(chance: Random, moment: datetime, days_min: int, days_max: int) -> datetime:
    """Return a moment some days after another; never the same one."""
    return moment + timedelta(days=chance.randint(days_min, days_max), seconds=chance.randrange(60, 7200))
