"""Vectors of competency trees: rules over children, criteria, four-valued relations."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal

from pydantic import Field

from domain.kernel.errors import Invalid
from domain.kernel.scores import MICRO
from domain.mastery.logic import Truth
from domain.mastery.rollup import Standing
from domain.mastery.vectors.forms import Answer, Form, Given, Said, Source, Time, ask, ask_parent, policy_of
from domain.policy.document import PolicyDocument


class _Score(Form):
    value: Decimal | None = None
    competency: str | None = None
    target: str | None = None
    standard: str | None = None
    at: Time | None = None

    @property
    def child(self) -> str:
        """The child that is scored."""
        return self.competency or self.target or self.standard or ""


def _asked(source: Source, policy: PolicyDocument) -> dict[str, Said]:
    """Return what a policy says of each child that has scores."""
    groups: dict[str, list[Given]] = {}
    for row in source.rows(_Score):
        if row.value is not None:
            groups.setdefault(row.child, []).append(Given(row.value, at=row.at))
    return {child: ask(policy, given) for child, given in groups.items()}


def _standings(said: Mapping[str, Said]) -> dict[str, Standing]:
    return {child: one.standing for child, one in said.items()}


LATEST: Final = policy_of("latest", {"op": "latest"})


def _all(children: Sequence[str], **stages: object) -> PolicyDocument:
    """Return the rule that all children are met: the lowest is, and there is one."""
    rollup = {"children": children, "unknown": "zero"} | stages
    return policy_of("all children", {"op": "lowest"}, rollup=rollup, levels=[{"code": "met", "at": "1"}])


class _Children(Form):
    children: list[str]


def rule_all(source: Source) -> Answer:
    """Moodle competency_rule_all."""
    params = _Children.model_validate(source.params)
    return ask_parent(_all(params.children), _standings(_asked(source, LATEST))).level is not None


def parent_lowest_when_complete(source: Source) -> Answer:
    """Mastery Connect: the lowest sub-standard, once all of them are assessed."""
    params = _Children.model_validate(source.params)
    policy = policy_of("lowest", {"op": "lowest"}, rollup={"children": params.children, "unknown": "block"})
    return ask_parent(policy, _standings(_asked(source, LATEST))).number


class _Child(Form):
    id: str
    points: int = Field(ge=0)
    required: bool


class _PointsRule(Form):
    points: int
    competencies: list[_Child]


def _points_policy(points: int, children: Sequence[_Child]) -> PolicyDocument:
    """Return the rule that the children met are worth so many points, the required ones among them."""
    gates = [{"competency": child.id, "at": "1"} for child in children if child.required]
    return policy_of(
        "points",
        {"op": "sum"},
        rollup={"children": [child.id for child in children], "unknown": "zero", "met_at": "1"},
        weigh={"by_kind": {child.id: str(child.points) for child in children}},
        prerequisites=gates or None,
        levels=[{"code": "met", "at": str(points)}],
    )


def rule_points(source: Source) -> Answer:
    """Moodle competency_rule_points::matches."""
    params = _PointsRule.model_validate(source.params)
    policy = _points_policy(params.points, params.competencies)
    return ask_parent(policy, _standings(_asked(source, LATEST))).level is not None


class _Config(Form):
    self: str
    children: list[str]
    points: object = None
    competencies: object = None


def rule_points_validation(source: Source) -> Answer:
    """Moodle competency_rule_points::validate_config: the rule can be said, is for children and can be met."""
    config = _Config.model_validate(source.params)
    try:
        rule = _PointsRule.model_validate({"points": config.points, "competencies": config.competencies})
        policy = _points_policy(rule.points, rule.competencies)
    except (ValueError, Invalid):
        return False
    met = {child.id: Standing(MICRO) for child in rule.competencies}
    return rule.points >= 1 and met.keys() <= set(config.children) and ask_parent(policy, met).level is not None


class _Hierarchy(Form):
    meets: Decimal
    measures_per_target: int
    pass_fraction: Decimal
    standards: dict[str, list[str]]


def count_met_hierarchy(source: Source) -> Answer:
    """Federal Way: enough measures for each target, all targets of a standard, a share of the standards."""
    params = _Hierarchy.model_validate(source.params)
    meets, count = str(params.meets), params.measures_per_target
    target = policy_of("target", {"op": "highest"}, require=[{"at_or_above": {"value": meets, "count": count}}])
    targets = _standings(_asked(source, target))
    standards = {
        name: ask_parent(_all(children, met_at=meets), targets).standing for name, children in params.standards.items()
    }
    rollup = {"children": list(standards), "unknown": "zero"}
    met = ask_parent(policy_of("standards met", {"op": "sum"}, rollup=rollup), standards).number
    levels = [{"code": "passes", "at": str(params.pass_fraction)}]
    share = ask_parent(policy_of("share", {"op": "mean"}, rollup=rollup, levels=levels), standards)
    return {"standards_met": met or Decimal(0), "passes": share.level is not None}


class _Portfolio(Form):
    standards: list[str]
    min_average: Decimal
    min_rating: Decimal
    proficient: Decimal
    times: int


def average_minimum_count(source: Source) -> Answer:
    """Philadelphia: the mean of the best ratings, the lowest of them, and how often each was proficient."""
    params = _Portfolio.model_validate(source.params)
    rating = policy_of("rating", {"op": "highest"})
    often = {"at_or_above": {"value": str(params.proficient), "count": params.times}}
    shown = policy_of("shown", {"op": "highest"}, require=[often])
    best, enough = _standings(_asked(source, rating)), _standings(_asked(source, shown))
    rollup = {"children": params.standards, "unknown": "zero"}
    rules = {
        "average": ({"op": "mean"}, params.min_average, best),
        "minimum_rating": ({"op": "lowest"}, params.min_rating, best),
        "evidence_count": ({"op": "lowest"}, params.proficient, enough),
    }
    failed: list[Answer] = [
        name
        for name, (combine, at, children) in rules.items()
        if ask_parent(policy_of(name, combine, rollup=rollup, levels=[{"code": "met", "at": str(at)}]), children).level
        is None
    ]
    return {"mastered": not failed, "failed": failed}


class _Criterion(Form):
    object: str = "object"
    gte: Decimal | None = None
    lte: Decimal | None = None
    eq: Decimal | None = None
    archived: bool = False


class _Group(Form):
    op: Literal["AND", "OR"] | None = None
    children: list["_Criterion | _Group"]
    archived: bool = False


class _Tree(Form):
    tree: _Group | _Criterion
    monotone: bool = True


class _Result(Form):
    object: str = "object"
    value: Decimal | None = None
    at: Time | None = None


def _criterion(task: str, compare: str, value: Decimal, *, ever: bool, archived: bool = False) -> dict[str, object]:
    return {"task": task, "compare": compare, "value": str(value), "ever": ever, "archived": archived}


def _node(node: _Group | _Criterion, scale: int, *, ever: bool) -> dict[str, object]:
    if isinstance(node, _Group):
        children = [_node(child, scale, ever=ever) for child in node.children]
        return {"op": (node.op or "OR").lower(), "children": children, "archived": node.archived}
    compare, value = next((name, bar) for name in ("gte", "lte", "eq") if (bar := getattr(node, name)) is not None)
    return _criterion(node.object, compare, value * scale, ever=ever, archived=node.archived)


def _scale(values: Sequence[Decimal]) -> int:
    """Return the power of ten that gives all values at most six places: a finer unit, nothing is rounded."""
    places = max((-int(value.as_tuple().exponent) for value in values), default=0)
    return int(10 ** max(places - 6, 0))


def _results(source: Source) -> tuple[list[_Result], int]:
    rows = [row for row in source.rows(_Result) if row.value is not None]
    return rows, _scale([row.value for row in rows if row.value is not None])


def _given(rows: Sequence[_Result], scale: int) -> list[Given]:
    return [Given((row.value or Decimal(0)) * scale, task=row.object, at=row.at) for row in rows]


def criteria_tree(source: Source) -> Answer:
    """Open edX ADR 0002 and issue 815."""
    params = _Tree.model_validate(source.params)
    rows, scale = _results(source)
    policy = policy_of("criteria", {"op": "criteria@1", "tree": _node(params.tree, scale, ever=params.monotone)})
    return ask(policy, _given(rows, scale)).value == MICRO


class _GradeRule(Form):
    op: Literal["gte", "lte", "eq"] = "gte"
    value: Decimal
    scale: str = "percent"
    monotone: bool = True


def grade_rule(source: Source) -> Answer:
    """Open edX record_graded_object_statuses: one criterion; monotone, a status once reached is kept."""
    params = _GradeRule.model_validate(source.params)
    rows, scale = _results(source)
    tree = _criterion("object", params.op, params.value * scale, ever=False)
    policy = policy_of(
        "grade rule",
        {"op": "criteria@1", "tree": tree},
        levels=[{"code": "Demonstrated", "at": "1"}, {"code": "AttemptedNotDemonstrated", "at": "0"}],
        hold={"scores": "never_lower"} if params.monotone else {},
    )
    return ask(policy, _given(rows, scale)).level


class _Relation(Form):
    relation: str


class _Truth(Form):
    value: Literal["TRUE", "FALSE", "UNKNOWN", "INDETERMINANT"]


TRUTHS: Final = {
    "UNKNOWN": Truth.UNKNOWN,
    "FALSE": Truth.FALSE,
    "INDETERMINANT": Truth.INDETERMINATE,
    "TRUE": Truth.TRUE,
}
TRUTH_LEVELS: Final = [{"code": name, "at": str(int(truth))} for name, truth in TRUTHS.items()]


def cass_relation(source: Source) -> Answer:
    """CASS's relations of four-valued truths."""
    params = _Relation.model_validate(source.params)
    relation = {"isrequiredby": "is_required_by"}.get(params.relation.lower().replace("_", ""), params.relation.lower())
    policy = policy_of("relation", {"op": "assertion_relation@1", "relation": relation}, levels=TRUTH_LEVELS)
    return ask(policy, [Given(Decimal(int(TRUTHS[row.value]))) for row in source.rows(_Truth)]).level or "UNKNOWN"


FAMILIES: Final[Mapping[str, Callable[[Source], Answer]]] = MappingProxyType(
    {
        family.__name__: family
        for family in (
            rule_all,
            parent_lowest_when_complete,
            rule_points,
            rule_points_validation,
            count_met_hierarchy,
            average_minimum_count,
            criteria_tree,
            grade_rule,
            cass_relation,
        )
    }
)
