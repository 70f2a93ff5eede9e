"""Vectors of models: what a learner knows, the ladder that a skill has climbed, what a class is like."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from pydantic import Field

from domain.kernel.scores import from_micro, to_micro
from domain.mastery.cells import Vocabulary
from domain.mastery.classes import percents, value_of_class
from domain.mastery.compile import compile_policy
from domain.mastery.kernel import NO_VALUE, evaluate
from domain.mastery.rollup import Standing
from domain.mastery.vectors import plain
from domain.mastery.vectors.forms import (
    Answer,
    Form,
    Given,
    Said,
    Source,
    Time,
    ask,
    ask_parent,
    laid_out,
    policy_of,
    steps,
)
from domain.policy.document import PolicyDocument


class _Answer(Form):
    value: Decimal | None = None
    at: Time | None = None
    difficulty: Decimal = Decimal(0)
    a: Decimal = Decimal(1)
    b: Decimal = Decimal(0)


def _answers(source: Source) -> tuple[list[Given], dict[str, dict[str, str]]]:
    """Return the answers, each of a task of its own, and what is known of the tasks."""
    rows = [row for row in source.rows(_Answer) if row.value is not None]
    given = [Given(row.value or Decimal(0), task=f"item-{i}", at=row.at) for i, row in enumerate(rows)]
    items = {
        f"item-{i}": {"discrimination": str(row.a), "difficulty": str(row.b or row.difficulty)}
        for i, row in enumerate(rows)
    }
    return given, items


class _Tracing(Form):
    prior: Decimal
    learn: Decimal
    forget: Decimal = Decimal(0)
    guess: Decimal
    slip: Decimal
    threshold: Decimal = Decimal("0.95")


def bkt(source: Source) -> Answer:
    """PyBKT predict_onestep; before the first answer the model says its prior."""
    params = _Tracing.model_validate(source.params)
    names = ("prior", "learn", "forget", "guess", "slip")
    combine = {"op": "bkt@1"} | {name: str(getattr(params, name)) for name in names}
    policy = policy_of("bkt", combine, levels=[{"code": "mastered", "at": str(params.threshold)}])
    given, _ = _answers(source)
    told = ask(policy, given) if given else Said(to_micro(params.prior), None)
    mastered = told.level is not None if given else params.prior >= params.threshold
    return {"p_known_next": told.number, "mastered": mastered}


class _Elo(Form):
    theta0: Decimal = Decimal(0)
    k: Decimal


def elo(source: Source) -> Answer:
    """Elo for learners; before the first answer the rating is the start."""
    params = _Elo.model_validate(source.params)
    given, items = _answers(source)
    policy = policy_of("elo", {"op": "elo@1", "start": str(params.theta0), "k": str(params.k), "items": items})
    return ask(policy, given).number if given else params.theta0


class _Ability(Form):
    nodes: int = 41
    lo: Decimal = Decimal(-4)
    hi: Decimal = Decimal(4)


def irt_2pl_eap(source: Source) -> Answer:
    """2PL, EAP on a grid; without answers the prior's mean, which lies in the middle of a symmetric grid."""
    params = _Ability.model_validate(source.params)
    given, items = _answers(source)
    grid = {"nodes": params.nodes, "low": str(params.lo), "high": str(params.hi)}
    policy = policy_of("2pl", {"op": "irt_2pl_eap@1", "items": items, **grid})
    return ask(policy, given).number if given else Decimal(0)


class _Attempt(Form):
    value: Decimal | None = None
    kind: str = "exercise"
    at: Time | None = None


KHAN: Final = ("not_started", "attempted", "familiar", "proficient", "mastered")


def khan_state_machine(source: Source) -> Answer:
    """Khan Academy's states of a skill."""
    Form.model_validate(source.params)
    policy = policy_of("khan", {"op": "khan@1"}, levels=steps(*KHAN))
    given = [Given(row.value, kind=row.kind, at=row.at) for row in source.rows(_Attempt) if row.value is not None]
    return ask(policy, given).level or KHAN[0]


class _Points(Form):
    points: dict[str, Decimal]


class _State(Form):
    value: str | None = None
    at: Time | None = None


def khan_unit_points(source: Source) -> Answer:
    """Khan Academy's unit mastery: points for each skill's state, of the most that they could be."""
    params = _Points.model_validate(source.params)
    states = [row.value for row in source.rows(_State) if row.value is not None]
    children = {f"skill-{i}": Standing(None, state) for i, state in enumerate(states)}  # type: ignore[arg-type]
    points = {state: str(number) for state, number in params.points.items()}
    rollup = {"children": list(children), "points": points}
    top = str(100 / max(params.points.values()))
    total = ask_parent(policy_of("points", {"op": "sum"}, rollup=rollup), children)
    percent = policy_of("percent", {"op": "mean"}, rollup=rollup, adjust={"times": top})
    return {"points": total.number or Decimal(0), "percent": ask_parent(percent, children).number or Decimal(0)}


class _Ladder(Form):
    as_of: Time | None = None
    delay_days: int = 7
    first_review_days: int = 30
    next_review_days: int = 90


class _Piece(Form):
    type: str
    value: Decimal | None = None
    at: Time | None = None


DURABLE: Final = ("not_observed", "developing", "provisional", "review_due", "strong")


def evidence_type_ladder(source: Source) -> Answer:
    """Independent, transfer and delayed evidence of one skill."""
    params = _Ladder.model_validate(source.params)
    reviews = [params.first_review_days, params.next_review_days]
    model = {"op": "durable@1", "delay_days": params.delay_days, "review_days": reviews}
    validity = {"last_moment": "counts"}
    policy = policy_of("durable", model, levels=steps(*DURABLE), validity=validity)
    given = [Given(row.value, kind=row.type, at=row.at) for row in source.rows(_Piece) if row.value is not None]
    return ask(policy, given, params.as_of).level or DURABLE[0]


class _Moodle(Form):
    default_grade: Decimal
    proficient_grades: list[Decimal]


class _Act(Form):
    action: str
    value: Decimal | None = None
    overridegrade: bool = False
    at: Time | None = None

    @property
    def kind(self) -> str:
        """The act as a kind of evidence."""
        if self.action == "override":
            return "unrate" if self.value is None else "override"
        return "complete_override" if self.action == "complete" and self.overridegrade else self.action


def moodle_evidence_actions(source: Source) -> Answer:
    """Moodle api::add_evidence: completion, override, and the grades that are proficient."""
    params = _Moodle.model_validate(source.params)
    given = [Given(row.value or Decimal(0), kind=row.kind, at=row.at) for row in source.rows(_Act)]
    default = str(params.default_grade)
    grade = ask(policy_of("moodle", {"op": "moodle_competency@1", "default_grade": default}), given).number
    return {"grade": grade, "proficient": None if grade is None else grade in params.proficient_grades}


def _by_learner(source: Source) -> dict[str, list[Mapping[str, object]]]:
    groups: dict[str, list[Mapping[str, object]]] = {}
    for place, score in enumerate(source.scores):
        groups.setdefault(str(score.get("learner", place)), []).append(score)
    return groups


class _Class(Form):
    per_learner: dict[str, object]
    stat: str = "mean"


def _values(source: Source, per_learner: Mapping[str, object]) -> list[int]:
    """Return each learner's value under the learner's policy."""
    name = str(per_learner["method"])
    params = {key: value for key, value in per_learner.items() if key != "method"}
    vectors = [plain.vector_of(name, params, scores) for scores in _by_learner(source).values()]
    return [int(evaluate(*plain.compiled_of(vector)).value[0]) for vector in vectors]


def class_aggregate(source: Source) -> Answer:
    """Canvas aggregate_outcome_results_rollup: the learners' values combined again, to two places."""
    params = _Class.model_validate(source.params)
    policy = policy_of("class", plain.STATS[params.stat], round={"places": 2})
    value = value_of_class(policy, _values(source, params.per_learner))
    return None if value is None else Decimal(from_micro(value))


class _Ratings(Form):
    ratings: list[Decimal]
    per_learner: dict[str, object] = Field({"method": "highest"})


def rating_distribution(source: Source) -> Answer:
    """Canvas rating_percents: each learner's value in the first rating that it reaches, in whole percent."""
    params = _Ratings.model_validate(source.params)
    policy = _rating_policy(params.ratings)
    values = [value for value in _values(source, params.per_learner) if value != NO_VALUE]
    vocabulary = Vocabulary()
    cells = laid_out([[Given(Decimal(from_micro(value)))] for value in values], vocabulary)
    levels = evaluate(cells, compile_policy(policy, vocabulary)).level.tolist()
    return [Decimal(share) for share in reversed(percents(levels, len(params.ratings)))]


def _rating_policy(ratings: list[Decimal]) -> PolicyDocument:
    return policy_of("ratings", {"op": "latest"}, levels=[{"code": f"from-{at}", "at": str(at)} for at in ratings])


FAMILIES: Final[Mapping[str, Callable[[Source], Answer]]] = MappingProxyType(
    {
        family.__name__: family
        for family in (
            bkt,
            elo,
            irt_2pl_eap,
            khan_state_machine,
            khan_unit_points,
            evidence_type_ladder,
            moodle_evidence_actions,
            class_aggregate,
            rating_distribution,
        )
    }
)
