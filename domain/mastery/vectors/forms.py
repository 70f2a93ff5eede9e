"""The forms of vectors, and how policies are asked about their scores."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, NamedTuple, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict

from domain.kernel.ids import LevelCode
from domain.kernel.scores import from_micro, to_micro
from domain.kernel.times import microseconds
from domain.mastery.cells import NO_TASK, NO_TIME, Cells, Entry, Vocabulary, cells_of
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.kernel import NO_VALUE, Results, evaluate
from domain.mastery.rollup import Standing, roll_up
from domain.policy.document import PolicyDocument, parse_policy

Answer: TypeAlias = "Decimal | str | bool | list[Answer] | dict[str, Answer] | None"
"""What a vector expects, numbers as exact decimals."""


def _in_utc(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)


Time = Annotated[datetime, AfterValidator(_in_utc)]
"""A time; UTC where the vector names no zone."""


class Form(BaseModel):
    """Parameters or a score of one family; what it does not know makes the vector unsupported."""

    model_config = ConfigDict(frozen=True, extra="forbid")


_Form = TypeVar("_Form", bound=Form)


class Source(NamedTuple):
    """A vector as it is read."""

    name: str
    params: Mapping[str, object]
    scores: Sequence[Mapping[str, object]]

    def rows(self, form: type[_Form]) -> list[_Form]:
        """Return the scores in a family's form."""
        return [form.model_validate(score) for score in self.scores]


class Given(NamedTuple):
    """One score as a policy is asked about it."""

    value: Decimal
    kind: str = "score"
    task: str | None = None
    at: datetime | None = None
    weight: Decimal = Decimal(1)
    possible: Decimal = Decimal(1)
    role: str = "assessor"


class Said(NamedTuple):
    """What a policy says of a cell; the value in micro-units."""

    value: int | None
    level: LevelCode | None

    @property
    def number(self) -> Decimal | None:
        """The value as a decimal."""
        return None if self.value is None else Decimal(from_micro(self.value))

    @property
    def standing(self) -> Standing:
        """What a parent competency counts."""
        return Standing(self.value, self.level)


def micros_of(time: datetime | None) -> int:
    """Return a time as the clock of a score."""
    return NO_TIME if time is None else microseconds(time)


def laid_out(groups: Sequence[Sequence[Given]], vocabulary: Vocabulary) -> Cells:
    """Return one cell a group, positions as listed."""
    return cells_of([[_entry(one, place, vocabulary) for place, one in enumerate(group)] for group in groups])


def _entry(one: Given, place: int, vocabulary: Vocabulary) -> Entry:
    return Entry(
        value=to_micro(one.value),
        possible=to_micro(one.possible),
        kind=vocabulary.kinds.code(one.kind),
        role=vocabulary.roles.code(one.role),
        position=place,
        task=NO_TASK if one.task is None else vocabulary.tasks.code(one.task),
        occurred_us=micros_of(one.at),
        weight=to_micro(one.weight),
    )


def ask(policy: PolicyDocument, given: Sequence[Given], at: datetime | None = None) -> Said:
    """Return what a policy says of one cell, asked at a time."""
    vocabulary = Vocabulary()
    cells = laid_out([given], vocabulary)
    compiled = compile_policy(policy, vocabulary)
    return said(evaluate(cells, compiled, at_us=None if at is None else micros_of(at)), compiled)


def ask_parent(policy: PolicyDocument, children: Mapping[str, Standing]) -> Said:
    """Return what a roll-up says of one learner's children."""
    return said(*roll_up(policy, [children]))  # type: ignore[list-item]  # ids of a vector are plain text


def said(results: Results, compiled: Compiled, cell: int = 0) -> Said:
    """Return one cell's results as words."""
    value, level = int(results.value[cell]), int(results.level[cell])
    return Said(None if value == NO_VALUE else value, compiled.levels[level] if level >= 0 else None)


def policy_of(name: str, combine: Mapping[str, object], **stages: object) -> PolicyDocument:
    """Return the document of an algorithm that no starter names."""
    return parse_policy({"name": name, "combine": combine, **stages})


def steps(*codes: str) -> list[dict[str, str]]:
    """Return levels for a model's states 0, 1, 2 ..."""
    return [{"code": code, "at": str(at)} for at, code in enumerate(codes)]
