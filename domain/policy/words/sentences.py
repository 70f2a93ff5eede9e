"""A policy in plain words: each stage, level and requirement as a sentence that a family can follow.

The sentences stand in the order in which the stages apply. What has several forms takes its text by its name:
`combine.<op>`, `require.<clause>`; so a new operation or clause needs its texts and nothing else.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from domain.kernel.envelope import Part
from domain.policy.document import PolicyDocument
from domain.policy.models import CriteriaGroup, CriteriaTree, Criterion
from domain.policy.stages import Cap, Clause, Stage
from domain.policy.words.catalogue import CATALOGUES, Language, Value, say, word


class Sentence(Part):
    """What one place of a policy document says, as `require.0`."""

    place: str
    text: str


Told = Iterator[tuple[str, str]]
"""Places and their texts."""


def tell(policy: PolicyDocument, language: Language = Language.ENGLISH) -> tuple[Sentence, ...]:
    """Return a policy as sentences."""
    told = (pair for stage in STAGES.values() for pair in stage(policy, language))
    return tuple(Sentence(place=place, text=text) for place, text in told)


def clause_name(clause: Clause, *, of_parts: bool) -> str:
    """Return the word that a requirement is written by, with what it is for: some kinds, or the parts of a roll-up."""
    (name,) = type(clause).model_fields
    return f"{name}{'.of_kinds' if 'kinds' in values_of(clause) else ''}{'.of_parts' if of_parts else ''}"


def values_of(stage: Stage) -> dict[str, Value]:
    """Return what a stage says, by field; what a field holds as a part of its own stands beside the rest."""
    values: dict[str, Value] = {}
    for name, value in stage:
        if isinstance(value, Stage):
            values |= values_of(value)
        elif isinstance(value, tuple):
            values[name] = [str(one) for one in value]
        elif isinstance(value, str | int):
            values[name] = value
    return values


def _is_of_parts(policy: PolicyDocument) -> bool:
    """Say whether a policy is for nothing but a competency that is made of others."""
    return policy.rollup is not None and policy.rollup.children is not None


def _rollup(policy: PolicyDocument, language: Language) -> Told:
    rollup = policy.rollup
    if rollup is None:
        return
    if rollup.children is None:
        yield "rollup.children", say(language, "rollup.framework")
    else:
        yield "rollup.children", say(language, "rollup.children", children=rollup.children)
    yield "rollup.unknown", say(language, f"rollup.{rollup.unknown}")
    if rollup.met_at is not None:
        yield "rollup.met_at", say(language, "rollup.met_at", met_at=rollup.met_at)
    if rollup.points is not None:
        points = [f"{code} {number}" for code, number in rollup.points.items()]
        yield "rollup.points", say(language, "rollup.points", points=points)


def _validity(policy: PolicyDocument, language: Language) -> Told:
    if policy.validity is None:
        return
    key = "own" if policy.validity.days is None else "days"
    yield "validity.days", say(language, f"validity.{key}", **values_of(policy.validity))
    yield "validity.last_moment", say(language, f"validity.{policy.validity.last_moment}")


def _select(policy: PolicyDocument, language: Language) -> Told:
    chosen, of_parts = values_of(policy.select), _is_of_parts(policy)
    if not chosen and not of_parts and (policy.weigh is None or policy.weigh.other_kinds != "0"):
        yield "select", say(language, "select.all")
    if policy.select.roles:
        chosen["roles"] = [word(language, "role", role) for role in policy.select.roles]
    for name in chosen:
        of = ".of_parts" if of_parts and name != "roles" else ""
        yield f"select.{name}", say(language, f"select.{name}{of}", **chosen)


def _clock(policy: PolicyDocument, language: Language) -> Told:
    if not _is_of_parts(policy):
        yield "clock", say(language, f"clock.{policy.clock.order}")


def _normalise(policy: PolicyDocument, language: Language) -> Told:
    if policy.normalise:
        yield "normalise", say(language, "normalise", to_max=policy.normalise.to_max)


def _replace(policy: PolicyDocument, language: Language) -> Told:
    if policy.replace:
        yield "replace", say(language, f"replace.{policy.replace.keep}")
        if policy.replace.kinds:
            yield "replace.kinds", say(language, "replace.kinds", kinds=policy.replace.kinds)


def _window(policy: PolicyDocument, language: Language) -> Told:
    if policy.window:
        yield "window", _counted(language, "window", policy.window.latest, latest=policy.window.latest)


def _counted(language: Language, key: str, number: object, **values: Value) -> str:
    """Return a text, in the form for one where the number is 1 and there is such a form."""
    has_form = number == 1 and f"{key}.one" in CATALOGUES[language]
    return say(language, f"{key}.one" if has_form else key, **values)


def _weigh(policy: PolicyDocument, language: Language) -> Told:
    if policy.weigh is None:
        return
    if policy.weigh.own:
        yield "weigh.own", say(language, "weigh.own")
    of = ".of_parts" if _is_of_parts(policy) else ""
    for kind, weight in policy.weigh.by_kind.items():
        key = "weigh.not" if weight == "0" else "weigh.by_kind"
        yield f"weigh.by_kind.{kind}", say(language, f"{key}{of}", kind=kind, weight=weight)
    if policy.weigh.by_kind:
        key = "weigh.other_not" if policy.weigh.other_kinds == "0" else "weigh.other_kinds"
        yield "weigh.other_kinds", say(language, f"{key}{of}", weight=policy.weigh.other_kinds)


def _combine(policy: PolicyDocument, language: Language) -> Told:
    values = values_of(policy.combine)
    for family in ("tie", "relation"):
        if family in values:
            values[family] = word(language, family, str(values[family]))
    if isinstance(policy.combine, CriteriaTree):
        values = {"tree": _criteria(policy.combine.tree, language)}
    number = values.get("count", values.get("fewest"))
    yield "combine", _counted(language, f"combine.{policy.combine.op}", number, **values)


def _criteria(tree: CriteriaGroup | Criterion, language: Language) -> str:
    """Return a tree of criteria in words, without what is archived."""
    if isinstance(tree, CriteriaGroup):
        parts = "; ".join(_criteria(child, language) for child in tree.children if not child.archived)
        return say(language, f"criteria.{tree.op}", parts=parts)
    criterion = say(language, f"criterion.{tree.compare}", **values_of(tree))
    return criterion if tree.ever else say(language, "criterion.latest", criterion=criterion)


def _require(policy: PolicyDocument, language: Language) -> Told:
    of_parts = _is_of_parts(policy)
    if not policy.require and not of_parts:
        yield "require", say(language, "require.none")
    for number, clause in enumerate(policy.require):
        name = clause_name(clause, of_parts=of_parts)
        yield f"require.{number}", say(language, f"require.{name}", **values_of(clause))


def _unmet(policy: PolicyDocument, language: Language) -> Told:
    if not policy.require:
        return
    if isinstance(policy.unmet, Cap):
        yield "unmet", say(language, "unmet.cap", cap=policy.unmet.cap)
    else:
        yield "unmet", say(language, "unmet.insufficient")


def _round(policy: PolicyDocument, language: Language) -> Told:
    key = "round.places" if policy.round.places else "round.whole"
    mode = word(language, "mode", policy.round.mode)
    yield "round", say(language, key, places=policy.round.places, mode=mode)


def _adjust(policy: PolicyDocument, language: Language) -> Told:
    adjust = policy.adjust
    if adjust is None:
        return
    if adjust.times != "1":
        yield "adjust.times", say(language, "adjust.times", times=adjust.times)
    if adjust.at_most is not None:
        yield "adjust.at_most", say(language, "adjust.at_most", at_most=adjust.at_most)
    for number, ceiling in enumerate(adjust.at_most_by_count):
        text = say(language, "adjust.at_most_by_count", **values_of(ceiling))
        yield f"adjust.at_most_by_count.{number}", text


def _levels(policy: PolicyDocument, language: Language) -> Told:
    if not policy.levels:
        yield "levels", say(language, "levels.none")
    for number, level in enumerate(policy.levels):
        yield f"levels.{number}", say(language, "levels.level", code=level.code, at=level.at)


def _prerequisites(policy: PolicyDocument, language: Language) -> Told:
    for number, one in enumerate(policy.prerequisites or ()):
        key = "prerequisites" if one.cap is None else "prerequisites.cap"
        yield f"prerequisites.{number}", say(language, key, **values_of(one))


def _hold(policy: PolicyDocument, language: Language) -> Told:
    if policy.hold:
        yield "hold.scores", say(language, f"hold.{policy.hold.scores}")
        yield "hold.change", say(language, f"hold.{policy.hold.change}")


def _judgement(policy: PolicyDocument, language: Language) -> Told:
    yield "judgement", say(language, f"judgement.{'allowed' if policy.judgement.allowed else 'not'}")


def _mastered(policy: PolicyDocument, language: Language) -> Told:
    if policy.mastered_level:
        yield "mastered", say(language, "mastered", level=policy.mastered_level)


def _convert(policy: PolicyDocument, language: Language) -> Told:
    for number, mark in enumerate(policy.convert or ()):
        yield f"convert.{number}", say(language, "convert", **values_of(mark))


STAGES: Final[Mapping[str, Callable[[PolicyDocument, Language], Told]]] = MappingProxyType(
    {
        "rollup": _rollup,
        "validity": _validity,
        "select": _select,
        "clock": _clock,
        "normalise": _normalise,
        "replace": _replace,
        "window": _window,
        "weigh": _weigh,
        "combine": _combine,
        "require": _require,
        "unmet": _unmet,
        "round": _round,
        "adjust": _adjust,
        "levels": _levels,
        "hold": _hold,
        "prerequisites": _prerequisites,
        "judgement": _judgement,
        "mastered": _mastered,
        "convert": _convert,
    }
)
"""How each stage is told, in the order in which the stages apply."""
