"""The vocabulary of a policy document: one class a stage, one class a way to combine, one class a requirement."""

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from domain.kernel.ids import Code, LevelCode
from domain.kernel.scores import MICRO, from_micro, to_micro


class Stage(BaseModel):
    """A frozen part of a policy document; unknown words are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _exact(number: object) -> str:
    if not isinstance(number, str | int) or isinstance(number, bool):
        raise ValueError(f"{number!r} is not an exact decimal; write it as text")  # noqa: TRY004 - pydantic's protocol
    return from_micro(to_micro(number))


def _positive(number: str) -> str:
    if to_micro(number) <= 0:
        raise ValueError(f"{number} is not above 0")
    return number


def _weight(number: str) -> str:
    if not 0 <= to_micro(number) <= 1000 * MICRO:
        raise ValueError(f"{number} is outside 0..1000")
    return number


def _fraction(number: str) -> str:
    if not MICRO // 100 <= to_micro(number) <= MICRO:
        raise ValueError(f"{number} is outside 0.01..1")
    return number


Exact = Annotated[str, BeforeValidator(_exact, json_schema_input_type=str | int)]
"""An exact decimal of at most 9 digits and 6 places, in its shortest text: "3.50" is held as "3.5"."""
Positive = Annotated[Exact, AfterValidator(_positive)]
Weight = Annotated[Exact, AfterValidator(_weight)]
"""A weight from 0 to 1000."""
Fraction = Annotated[Exact, AfterValidator(_fraction)]
"""A share of the whole from 0.01 to 1."""
Count = Annotated[int, Field(strict=True, ge=1, le=10_000)]

_Word = TypeVar("_Word", bound=str)


def _in_order(words: tuple[_Word, ...]) -> tuple[_Word, ...]:
    return tuple(sorted(set(words)))


Words = Annotated[tuple[Code, ...], Field(min_length=1), AfterValidator(_in_order)]
"""Kinds or roles; their order says nothing, so it is sorted."""


class Select(Stage):
    """Which scores are looked at: absent `kinds` or `roles` mean all; `exclude_kinds` wins over `kinds`."""

    kinds: Words | None = None
    exclude_kinds: Words | None = None
    roles: Words | None = None


class Clock(Stage):
    """Which clock orders the scores of a cell. Ties go by position; a score without that time is the oldest."""

    order: Literal["occurred", "recorded", "listed"] = "occurred"
    missing: Literal["oldest"] = "oldest"


class Normalise(Stage):
    """Restate each score on one scale: value x to_max / possible, rounded half up to a millionth."""

    to_max: Positive


class Replace(Stage):
    """What several scores for the same task mean; a score without a task stands for itself.

    `latest`, `highest` and `first` keep one of them. `mean` keeps the latest place with the mean of all.
    `pooled` keeps every place, each with the points earned in the task over the points possible in it.
    """

    by: Literal["task"] = "task"
    keep: Literal["latest", "highest", "first", "mean", "pooled"]
    kinds: Words | None = None
    """The kinds of evidence that this holds for; absent: all."""


class Window(Stage):
    """Only the last `latest` scores are looked at; what is combined and required, is so within them."""

    latest: Count


class Weigh(Stage):
    """How much a score counts: its own weight (if `own`) times the weight of its kind. 0 is not counted."""

    own: bool = False
    by_kind: dict[Code, Weight] = {}
    other_kinds: Weight = "1"


class Latest(Stage):
    """The last score."""

    op: Literal["latest"] = "latest"


class Highest(Stage):
    """The best score."""

    op: Literal["highest"] = "highest"


class Mean(Stage):
    """The mean of all scores."""

    op: Literal["mean"] = "mean"


class WeightedMean(Stage):
    """The mean of all scores, each by the weight that `weigh` gives it."""

    op: Literal["weighted_mean"] = "weighted_mean"


class MeanOfKinds(Stage):
    """The mean within each kind of evidence, then the mean of the kinds present by the weight of the kind."""

    op: Literal["mean_of_kinds"] = "mean_of_kinds"


class Median(Stage):
    """The middle score; of an even number, the mean of the middle two."""

    op: Literal["median"] = "median"


class Mode(Stage):
    """The most frequent score; `tie` says which of several."""

    op: Literal["mode"] = "mode"
    tie: Literal["most_recent", "highest", "lowest", "mean"] = "most_recent"


class LatestVersusRest(Stage):
    """The last score by the share `latest`, the mean of all others by the rest. Source: Canvas weighted average."""

    op: Literal["latest_versus_rest"] = "latest_versus_rest"
    latest: Fraction


class Decaying(Stage):
    """Each score takes the share `rate`, what came before the rest; shares are held in parts of 2^40.

    Source: Canvas standard decaying average.
    """

    op: Literal["decaying"] = "decaying"
    rate: Fraction


class MeanAtOrAbove(Stage):
    """The mean of the scores at or above a value. Source: Canvas n mastery."""

    op: Literal["mean_at_or_above"] = "mean_at_or_above"
    value: Exact


class MeanOfLatest(Stage):
    """The mean of the last `count` scores."""

    op: Literal["mean_of_latest"] = "mean_of_latest"
    count: Count


class MeanOfHighest(Stage):
    """The mean of the best `count` scores."""

    op: Literal["mean_of_highest"] = "mean_of_highest"
    count: Count


class Lowest(Stage):
    """The lowest score."""

    op: Literal["lowest"] = "lowest"


class MeanWithoutLowest(Stage):
    """The mean of what is left without the lowest `count` scores; of equals the earlier goes. Source: Moodle."""

    op: Literal["mean_without_lowest"] = "mean_without_lowest"
    count: Count


class WeightedPlaces(Stage):
    """The mean of the last scores by the weight of their place: the last of `weights` is the latest score's.

    Source: HKUDS/DeepTutor compute_mastery.
    """

    op: Literal["weighted_places"] = "weighted_places"
    weights: Annotated[tuple[Positive, ...], Field(min_length=1, max_length=100)]


class Sum(Stage):
    """The sum of all scores, each by its weight where `weigh` gives one. Source: PowerTeacher Pro, specific sum."""

    op: Literal["sum"] = "sum"


class MeanWithExtraCredit(Stage):
    """The mean of the scores of own weight 0, plus each other score by its own weight. Source: Moodle gradebook."""

    op: Literal["mean_with_extra_credit"] = "mean_with_extra_credit"


class HalfLife(Stage):
    """The mean of all scores; a score weighs half of one that is `days` younger, in parts of 2^30."""

    op: Literal["half_life"] = "half_life"
    days: Count


class PowerLaw(Stage):
    """What a power curve through the scores says at the last one: ln(score) is a line over ln(attempt).

    Logarithms are held on a grid of 10^-12. With fewer scores than `fewest` it is their mean; a score below
    `floor`, which has no logarithm of use, counts as `floor`. Source: Marzano, Transforming Classroom Grading.
    """

    op: Literal["power_law"] = "power_law"
    fewest: Count = 1
    floor: Positive = "0.1"


MeanOrCurve = (
    Latest
    | Highest
    | Mean
    | WeightedMean
    | MeanOfKinds
    | Median
    | Mode
    | LatestVersusRest
    | Decaying
    | MeanAtOrAbove
    | MeanOfLatest
    | MeanOfHighest
    | Lowest
    | MeanWithoutLowest
    | WeightedPlaces
    | Sum
    | MeanWithExtraCredit
    | HalfLife
    | PowerLaw
)
"""The ways to make a value of several scores; `domain.policy.models` adds the named models."""


class CountAtLeast(Stage):
    """At least so many scores are counted."""

    count_at_least: Count


class KindsAtLeast(Stage):
    """At least so many kinds of evidence are counted."""

    kinds_at_least: Count


class Bar(Stage):
    """So many scores at or above a value, of some kinds or (absent) of any."""

    value: Exact
    count: Count
    kinds: Words | None = None


class AtOrAbove(Stage):
    """At least `count` scores reach `value`."""

    at_or_above: Bar


Clause = CountAtLeast | KindsAtLeast | AtOrAbove


class Cap(Stage):
    """Unmet requirements hold the level at or below this one."""

    cap: LevelCode


class Round(Stage):
    """Round the result once, exactly: half_up and half_even at ties, down always towards the lower value."""

    places: Annotated[int, Field(strict=True, ge=0, le=6)] = 6
    mode: Literal["half_up", "half_even", "down"] = "half_up"


class Level(Stage):
    """A level is reached at or above its cut."""

    code: LevelCode
    at: Exact


class Judgement(Stage):
    """Whether a person's judgement takes precedence over the computed level; both are always shown."""

    allowed: bool = True
