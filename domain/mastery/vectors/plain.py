"""Vectors whose answer is the value of one cell, or the level that it reaches.

Source: instructure/canvas-lms app/models/rollup_score.rb for what the vectors leave open.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from domain.kernel.scores import from_micro, to_micro
from domain.mastery.cells import NO_TASK, Cells, Entry, Vocabulary, cells_of
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.kernel import NO_VALUE, evaluate
from domain.mastery.vectors.forms import Answer, Source, Time, micros_of
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.starters import starter

Stages = dict[str, object]

POINTS_POSSIBLE: Final = Decimal(5)
"""Top of the scale where the vector names none: Canvas's default rubric."""
POOLED_BY_QUIZ: Final = ("latest", "average", "decaying_average", "weighted_recent")
"""Algorithms under which Canvas takes a quiz's questions together."""
MILLIONTH: Final = Decimal("0.000001")
TIES: Final = {"latest": "most_recent", "max": "highest", "min": "lowest", "average": "mean"}
STATS: Final[Mapping[str, Mapping[str, object]]] = MappingProxyType(
    {
        "mean": {"op": "mean"},
        "average": {"op": "mean"},
        "weighted_mean": {"op": "weighted_mean"},
        "median": {"op": "median"},
        "mode": {"op": "mode"},
        "highest": {"op": "highest"},
        "max": {"op": "highest"},
    }
)
"""PowerTeacher Pro's metrics of the most recent scores."""


class Score(BaseModel):
    """One score of a vector. `percent` (0 to 1) of `possible` takes precedence over `value`."""

    model_config = ConfigDict(frozen=True)

    value: Decimal | None = None
    percent: Decimal | None = None
    possible: Decimal | None = None
    assignment: str | None = None
    kind: str | None = None
    type: str | None = None
    weight: Decimal | None = None
    at: Time | None = None
    due_at: Time | None = None
    first_scored_at: Time | None = None


class Parameters(BaseModel):
    """The parameters that are understood; a vector with any other is unsupported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calculation_int: int | None = None
    mastery_points: Decimal = Decimal(3)
    points_possible: Decimal | None = None
    order_by: Literal["at", "due_at", "first_scored_at", "listed"] = "at"
    min_evidence: int | None = None
    n: int | None = None
    stat: Literal["mean", "average", "weighted_mean", "median", "mode", "highest", "max"] = "mean"
    tie: str = "most_recent"
    weights: dict[str, Decimal] | None = None
    levels: list[tuple[str, Decimal]] = []
    threshold: Decimal | None = None
    round: int | None = 2
    rounding: str = "half_up"
    places: int = 2
    mode: str = "half_up"


class _Algorithm(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    params: Parameters = Parameters()


class Vector(BaseModel):
    """An example: the algorithm, its scores in the order listed."""

    model_config = ConfigDict(frozen=True)

    policy: _Algorithm
    scores: list[Score]

    @property
    def present(self) -> list[Score]:
        """The scores that are there: null is not zero."""
        return [score for score in self.scores if score.value is not None or score.percent is not None]

    @property
    def top(self) -> Decimal:
        """The top of the scale that points are restated on."""
        if self.policy.name == "mastery_boolean":
            return Decimal(1)
        params = self.policy.params
        top = POINTS_POSSIBLE if params.points_possible is None else params.points_possible
        return top or params.mastery_points


def answer(source: Source) -> Answer:
    """Return the value, the level, or whether mastery is reached."""
    vector = vector_of(source.name, source.params, source.scores)
    cells, compiled = compiled_of(vector)
    results = evaluate(cells, compiled)
    if results.value[0] == NO_VALUE:
        return None
    return _in_words(vector, compiled, int(results.value[0]), int(results.level[0]))


def vector_of(name: str, params: Mapping[str, object], scores: Sequence[Mapping[str, object]]) -> Vector:
    """Return an algorithm with its scores, read."""
    return Vector.model_validate({"policy": {"name": name, "params": params}, "scores": scores})


def compiled_of(vector: Vector, **stages: object) -> tuple[Cells, Compiled]:
    """Return the vector's cell and its policy, with some stages replaced."""
    vocabulary = Vocabulary()
    cells = _cells(vector, vocabulary)
    policy = document_of(vector)
    if stages:
        policy = parse_policy(policy.model_dump(mode="json", exclude_none=True) | stages)
    return cells, compile_policy(policy, vocabulary)


def _in_words(vector: Vector, compiled: Compiled, value: int, level: int) -> Answer:
    match vector.policy.name:
        case "mastery_boolean":
            return level >= 0
        case "level_from_cutoffs":
            return vector.policy.params.levels[int(compiled.levels[level])][0] if level >= 0 else None
        case _:
            return Decimal(from_micro(value))


def document_of(vector: Vector) -> PolicyDocument:
    """Return the policy document that says what the vector's algorithm does.

    Raises:
        KeyError: the algorithm is not known.
        Invalid: policy-invalid, a parameter is outside what the language says.
    """
    name, params = vector.policy.name, vector.policy.params
    if name in {"level_from_cutoffs", "mastery_boolean"}:
        return _cut_policy(vector)
    if name == "rounding":
        return starter("average", round={"places": params.places, "mode": params.mode})
    places = 6 if params.round is None else params.round
    stages = _restating(vector) | {"round": {"places": places, "mode": params.rounding}}
    if params.min_evidence is not None:
        stages["require"] = [{"count_at_least": params.min_evidence}]
    known_as, calculation = _calculation(name, params)
    return starter(known_as, **stages | calculation)


def _calculation(name: str, params: Parameters) -> tuple[str, Stages]:
    """Return the starter that the algorithm is, and the stages that its parameters change."""
    share = str(Decimal(65 if params.calculation_int is None else params.calculation_int) / 100)
    match name:
        case "decaying_average":
            return "decaying", {"combine": {"op": "decaying", "rate": share}}
        case "weighted_recent":
            return name, {"combine": {"op": "latest_versus_rest", "latest": share}}
        case "mode":
            return name, {"combine": {"op": "mode", "tie": TIES.get(params.tie, params.tie)}}
        case "n_mastery":
            return name, _n_mastery(params)
        case "top_n_average":
            return name, {"combine": {"op": "mean_of_highest", "count": params.n}}
        case "most_recent_n":
            return name, {"combine": STATS[params.stat], "window": {"latest": params.n}} | _own_weights(params)
        case "weighted_average" if params.weights is not None:
            return name, _weighing(params)
        case "category_weights":
            return "category_average", _weighing(params)
        case _:
            return name, {}


def _own_weights(params: Parameters) -> Stages:
    return {"weigh": {"own": True}} if params.stat == "weighted_mean" else {}


def _restating(vector: Vector) -> Stages:
    """Return the stages that put quiz questions and rubric points on one scale."""
    params, scores = vector.policy.params, vector.present
    restated = any(score.percent is not None for score in scores) or params.points_possible is not None
    if not restated:
        return {}
    stages: Stages = {"normalise": {"to_max": str(vector.top)}}
    if vector.policy.name in POOLED_BY_QUIZ:
        stages["replace"] = {"keep": "pooled", "kinds": ["quiz"]}
    return stages


def _n_mastery(params: Parameters) -> Stages:
    value = str(params.mastery_points)
    count = 5 if params.calculation_int is None else params.calculation_int
    return {
        "combine": {"op": "mean_at_or_above", "value": value},
        "require": [{"at_or_above": {"value": value, "count": count}}],
    }


def _weighing(params: Parameters) -> Stages:
    by_kind = {kind: str(weight) for kind, weight in (params.weights or {}).items()}
    return {"weigh": {"by_kind": by_kind, "other_kinds": "0"}}


def _cut_policy(vector: Vector) -> PolicyDocument:
    """Return the policy that says only which cut a value reaches; level codes are places in the vector's list."""
    params = vector.policy.params
    if vector.policy.name == "level_from_cutoffs":
        levels = [{"code": str(i), "at": str(cut)} for i, (_, cut) in enumerate(params.levels)]
        return parse_policy({"name": vector.policy.name, "combine": {"op": "mean"}, "levels": levels})
    return parse_policy(
        {
            "name": vector.policy.name,
            "normalise": {"to_max": "1"},
            "replace": {"keep": "pooled"},
            "combine": {"op": "mean"},
            "levels": [{"code": "mastered", "at": None if params.threshold is None else str(params.threshold)}],
        }
    )


def _cells(vector: Vector, vocabulary: Vocabulary) -> Cells:
    return cells_of([[_entry(vector, score, place, vocabulary) for place, score in enumerate(vector.present)]])


def _entry(vector: Vector, score: Score, place: int, vocabulary: Vocabulary) -> Entry:
    """Return a score as an entry; points stand as given unless the vector says what they were out of."""
    params, one_task = vector.policy.params, vector.policy.name == "mastery_boolean"
    task = "the whole" if one_task else score.assignment
    earned, possible = score.value or Decimal(0), score.possible or vector.top
    if score.percent is not None:
        earned = (score.percent * possible).quantize(MILLIONTH)
    elif params.points_possible is None and not one_task:
        possible = vector.top
    return Entry(
        value=to_micro(earned),
        possible=to_micro(possible),
        kind=vocabulary.kinds.code(score.type or score.kind or "score"),
        role=vocabulary.roles.code("assessor"),
        position=place,
        task=NO_TASK if task is None else vocabulary.tasks.code(task),
        occurred_us=_clock(params.order_by, score),
        weight=to_micro(Decimal(1) if score.weight is None else score.weight),
    )


def _clock(order_by: str, score: Score) -> int:
    times = {"due_at": score.due_at, "first_scored_at": score.first_scored_at}
    time = None if order_by == "listed" else times.get(order_by) or score.at
    return micros_of(time)


FAMILIES: Final[Mapping[str, Callable[[Source], Answer]]] = MappingProxyType(
    dict.fromkeys(
        (
            "highest",
            "latest",
            "average",
            "median",
            "mode",
            "decaying_average",
            "weighted_recent",
            "weighted_average",
            "n_mastery",
            "top_n_average",
            "most_recent_n",
            "category_weights",
            "rounding",
            "level_from_cutoffs",
            "mastery_boolean",
        ),
        answer,
    )
)
