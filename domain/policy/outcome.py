"""The stages after the value: what bounds it, what keeps a level, how long it holds, what it is told as.

`hold` needs the history of a cell, `validity` the time of the question, `rollup` and `prerequisites` other
cells of the same learner: `domain.mastery` applies each of them in a module of its own.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from domain.kernel.ids import CompetencyId, LevelCode
from domain.policy.stages import Count, Exact, Positive, Stage


class Ceiling(Stage):
    """The most that the value can be while not more than `count` scores count."""

    count: Count
    at_most: Exact


class Adjust(Stage):
    """What is done to the rounded value: multiplied, then held at or below a bound; exact to a millionth."""

    times: Positive = "1"
    at_most: Exact | None = None
    at_most_by_count: Annotated[tuple[Ceiling, ...], Field(max_length=100)] = ()


class Hold(Stage):
    """Whether a level once reached is kept.

    `scores`: whether later scores may lower it. `change`: what happens to it when the policy changes; `recompute`:
    the new policy decides on everything; `keep`: what was reached under the old one stays; `forward_only`: the
    new one decides only when a new score comes. Source: Open edX ADR 0003, D2L "Allow re-evaluation".
    """

    scores: Literal["follow", "never_lower"] = "follow"
    change: Literal["recompute", "keep", "forward_only"] = "recompute"


class Validity(Stage):
    """How long a score counts: `days` after its occurrence, unless it brings an end of its own.

    `last_moment`: whether it still counts at the very end. Source: OpenOlat (counts), CASS (does not).
    """

    days: Count | None = None
    last_moment: Literal["counts", "does_not_count"] = "does_not_count"


class Rollup(Stage):
    """This policy is for a competency that is made of others: the scores are the children's values.

    `children` absent: those of the framework; a competency that has none there is not made of others.
    Each child's competency id is the `kind` of its score, so `select`, `weigh` and `require` can name it.
    `unknown` says what a child without a value does: no level at all, left out, or counted as 0.
    Where no child has a value there is nothing to count, whatever it says.
    `met_at` counts a child as 1 at or above a value, else as 0; `points` counts a child's level instead.
    """

    children: tuple[CompetencyId, ...] | None = None
    unknown: Literal["block", "ignore", "zero"] = "block"
    met_at: Exact | None = None
    points: dict[LevelCode, Exact] | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.children is not None and len(set(self.children)) != len(self.children):
            raise ValueError(f"children {', '.join(self.children)} repeat one")
        if self.met_at is not None and self.points is not None:
            raise ValueError("met_at and points do not go together")
        return self


class Prerequisite(Stage):
    """Until another competency's value is at or above `at`, the level here is `cap` at most; absent: none."""

    competency: CompetencyId
    at: Exact
    cap: LevelCode | None = None


class Mark(Stage):
    """How a value is told elsewhere, as a letter or a percentage, from `at` on."""

    mark: Annotated[str, Field(min_length=1, max_length=20)]
    at: Exact
