"""Vectors of gradebooks: sums, percentages, curves, and what is dropped."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal

from pydantic import AliasChoices, Field

from domain.mastery.cells import Vocabulary
from domain.mastery.compile import compile_policy
from domain.mastery.explanation import explain
from domain.mastery.vectors.forms import Answer, Form, Given, Source, Time, ask, laid_out, policy_of

CUT_IN_SOURCE: Final = frozenset({"gradebook_aggregate"})
"""Algorithms whose source compares the whole parts of numbers: moodle lib/grade/tests/grade_category_test.php."""


class _Params(Form):
    round: int | None = 2
    rounding: str = "half_up"

    @property
    def rounding_stage(self) -> dict[str, object]:
        return {"places": 6 if self.round is None else self.round, "mode": self.rounding}


class _Score(Form):
    value: Decimal | None = None
    at: Time | None = None
    weight: Decimal = Decimal(1)
    possible: Decimal = Decimal(1)
    scale: Decimal | None = None
    kind: str = "score"
    extra_credit: bool = Field(default=False, validation_alias=AliasChoices("extra_credit", "extra"))


def _given(source: Source, until: datetime | None = None) -> list[Given]:
    rows = (row for row in source.rows(_Score) if until is None or row.at is None or row.at <= until)
    return [
        Given(row.value, kind=row.kind, at=row.at, weight=row.weight, possible=row.possible)
        for row in rows
        if row.value is not None
    ]


def specific_sum(source: Source) -> Answer:
    """PowerTeacher Pro: the weighted sum of standards."""
    params = _Params.model_validate(source.params)
    policy = policy_of("sum", {"op": "sum"}, weigh={"own": True}, round=params.rounding_stage)
    return ask(policy, _given(source)).number


class _PowerLaw(_Params):
    fallback_below: int = 1


def power_law(source: Source) -> Answer:
    """Marzano's power law."""
    params = _PowerLaw.model_validate(source.params)
    combine = {"op": "power_law", "fewest": params.fallback_below}
    return ask(policy_of("power law", combine, round=params.rounding_stage), _given(source)).number


class _HalfLife(_Params):
    half_life_days: int
    as_of: Time | None = None


def half_life_average(source: Source) -> Answer:
    """Mean by age; its half-lives make it independent of when it is asked for, so only scores till then matter."""
    params = _HalfLife.model_validate(source.params)
    combine = {"op": "half_life", "days": params.half_life_days}
    return ask(policy_of("half-life", combine, round=params.rounding_stage), _given(source, params.as_of)).number


class _Positions(_Params):
    weights: list[Decimal]
    cap_by_count: dict[int, Decimal] = Field({})


def weighted_positions(source: Source) -> Answer:
    """DeepTutor: weights by place, the value held down while there are few answers."""
    params = _Positions.model_validate(source.params)
    ceilings = [{"count": count, "at_most": str(most)} for count, most in params.cap_by_count.items()]
    policy = policy_of(
        "weighted places",
        {"op": "weighted_places", "weights": [str(weight) for weight in params.weights]},
        round=params.rounding_stage,
        adjust={"at_most_by_count": ceilings},
    )
    return ask(policy, _given(source)).number


def points_percent(source: Source) -> Answer:
    """Kiddom: each rubric's share of its points, the points added up, the percentage whole."""
    Form.model_validate(source.params)
    rows = [row for row in source.rows(_Score) if row.value is not None]
    given = [Given(row.value or Decimal(0), weight=row.possible, possible=row.scale or row.possible) for row in rows]
    by_points: dict[str, object] = {"weigh": {"own": True}}
    earned = policy_of("points", {"op": "sum"}, normalise={"to_max": "1"}, **by_points)
    percent = policy_of(
        "percent", {"op": "weighted_mean"}, normalise={"to_max": "100"}, round={"places": 0}, **by_points
    )
    possible = ask(policy_of("possible", {"op": "sum"}), [Given(row.possible) for row in rows])
    return {
        "earned": ask(earned, given).number,
        "possible": possible.number,
        "percent": ask(percent, given).number,
    }


class _Alignment(Form):
    points_possible: Decimal | None = None
    mastery_points: Decimal | None = None
    alignment_mastery: Decimal | None = None


def alignment_percent(source: Source) -> Answer:
    """Canvas LearningOutcomeResult#calculate_percent!: a pass on the item lands on the outcome's mastery."""
    params = _Alignment.model_validate(source.params)
    full, mastery, item = params.points_possible, params.mastery_points, params.alignment_mastery
    top, times = (mastery, full * item) if full and mastery and item else (Decimal(1), Decimal(1))
    policy = policy_of("alignment", {"op": "latest"}, normalise={"to_max": str(top)}, round={"places": 4})
    rows = [row for row in source.rows(_Aligned) if row.value is not None]
    given = [Given(row.value or Decimal(0), possible=(row.possible or mastery or Decimal(1)) * times) for row in rows]
    return ask(policy, given).number


class _Aligned(Form):
    value: Decimal | None = None
    possible: Decimal | None = None
    at: Time | None = None


class _Gradebook(Form):
    method: str
    category_max: Decimal = Decimal(100)
    round: int = 6


METHODS: Final[Mapping[str, Mapping[str, object]]] = MappingProxyType(
    {
        "mean": {"combine": {"op": "mean"}},
        "median": {"combine": {"op": "median"}},
        "min": {"combine": {"op": "lowest"}},
        "max": {"combine": {"op": "highest"}},
        "mode": {"combine": {"op": "mode", "tie": "highest"}},
        "weighted_mean": {"combine": {"op": "weighted_mean"}, "weigh": {"own": True}},
        "simple_weighted_mean": {"combine": {"op": "mean"}, "replace": {"keep": "pooled"}},
        "mean_with_extra_credit": {"combine": {"op": "mean_with_extra_credit"}},
        "sum": {"combine": {"op": "sum"}},
    }
)
"""Moodle's aggregations as stages; what is a share of the points is restated on the category's scale."""
ALIASES: Final = {
    "lowest": "min",
    "highest": "max",
    "natural": "sum",
    "extra_credit_mean": "mean_with_extra_credit",
    "extracredit_mean": "mean_with_extra_credit",
    "mean_extra_credit": "mean_with_extra_credit",
    "weighted_mean2": "simple_weighted_mean",
}


def gradebook_aggregate(source: Source) -> Answer:
    """Moodle grade_category: the grades of a category as one grade."""
    params = _Gradebook.model_validate(source.params)
    name = ALIASES.get(params.method, params.method)
    stages = dict(METHODS[name])
    if name != "sum":
        stages |= {"normalise": {"to_max": str(params.category_max)}, "adjust": {"at_most": str(params.category_max)}}
    policy = policy_of(name, stages.pop("combine"), round={"places": params.round}, **stages)  # type: ignore[arg-type]
    return ask(policy, [one._replace(task="category") for one in _given(source)]).number


class _Limits(Form):
    droplow: int = 0
    keephigh: int = 0


def drop_keep(source: Source) -> Answer:
    """Moodle grade_category::apply_limit_rules: which grades count; extra credit always does."""
    params = _Limits.model_validate(source.params)
    combine: dict[str, object] = {"op": "mean"}
    if params.droplow:
        combine = {"op": "mean_without_lowest", "count": params.droplow}
    elif params.keephigh:
        combine = {"op": "mean_of_highest", "count": params.keephigh}
    rows = [row for row in source.rows(_Score) if row.value is not None]
    given = [Given(row.value or Decimal(0), kind="extra" if row.extra_credit else "grade") for row in rows]
    vocabulary = Vocabulary()
    cells = laid_out([given], vocabulary)
    why = explain(cells, 0, compile_policy(policy_of("limits", combine, select={"kinds": ["grade"]}), vocabulary))
    return [Decimal(entry.value) for entry in why.entries if entry.weight or entry.kind == "extra"]


class _Confidence(Form):
    confidence: Decimal = Decimal(1)
    threshold: Decimal


def progress_times_confidence(source: Source) -> Answer:
    """Artemis CompetencyProgressService: points within each kind, the kinds by their number, then the confidence."""
    params = _Confidence.model_validate(source.params)
    stages: dict[str, object] = {
        "normalise": {"to_max": "100"},
        "replace": {"keep": "pooled"},
        "round": {"places": 0},
    }
    bounded = [("progress", Decimal(1)), ("mastery", params.confidence)]
    given = [one._replace(task=one.kind) for one in _given(source)]
    levels = [{"code": "mastered", "at": str(params.threshold)}]
    both = {
        name: ask(
            policy_of(name, {"op": "mean"}, adjust={"times": str(times), "at_most": "100"}, levels=levels, **stages),
            given,
        )
        for name, times in bounded
    }
    return {
        "progress": both["progress"].number,
        "mastery": both["mastery"].number,
        "mastered": both["mastery"].level is not None,
    }


class _Gap(Form):
    mode: str = "max"
    target: Decimal
    type: str | None = Field(default=None, validation_alias=AliasChoices("type", "trigger_type", "mode_type"))


class _Skill(Form):
    value: Decimal
    trigger_type: str = "score"
    self_eval: bool = False
    at: Time | None = None


def level_max_gap(source: Source) -> Answer:
    """ILIAS ilBasicSkill::getMaxLevel and getMaxLevelPerType: self-evaluation is kept apart; no level is 0."""
    params = _Gap.model_validate(source.params)
    select: dict[str, object] = {"roles": ["assessor"]}
    if params.type is not None:
        select["kinds"] = [params.type]
    op: Literal["latest", "highest"] = "latest" if params.mode.startswith(("last", "latest")) else "highest"
    given = [
        Given(row.value, kind=row.trigger_type, role="learner" if row.self_eval else "assessor", at=row.at)
        for row in source.rows(_Skill)
    ]
    actual = ask(policy_of("actual level", {"op": op}, select=select), given).number or Decimal(0)
    return {"actual": actual, "gap": params.target - actual}


FAMILIES: Final[Mapping[str, Callable[[Source], Answer]]] = MappingProxyType(
    {
        family.__name__: family
        for family in (
            specific_sum,
            power_law,
            half_life_average,
            weighted_positions,
            points_percent,
            alignment_percent,
            gradebook_aggregate,
            drop_keep,
            progress_times_confidence,
            level_max_gap,
        )
    }
)
