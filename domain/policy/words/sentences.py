"""A policy in plain words: each stage, level and requirement as a sentence that a family can follow.

The sentences stand in the order in which the stages apply. What has several forms takes its text by its name:
`combine.<op>`, `require.<clause>`; so a new operation or clause needs its texts and nothing else.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from domain.kernel.envelope import Part
from domain.policy.document import PolicyDocument
from domain.policy.stages import Cap, Clause, Stage
from domain.policy.words.catalogue import Language, Value, say, word


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


def clause_name(clause: Clause) -> str:
    """Return the word that a requirement is written by; with `.of_kinds` where it is for some kinds only."""
    (name,) = type(clause).model_fields
    return f"{name}.of_kinds" if "kinds" in values_of(clause) else name


def values_of(stage: Stage) -> dict[str, Value]:
    """Return what a stage says, by field; what a field holds as a part of its own stands beside the rest."""
    values: dict[str, Value] = {}
    for name, value in stage:
        if isinstance(value, Stage):
            values |= values_of(value)
        elif value is not None:
            values[name] = value
    return values


def _select(policy: PolicyDocument, language: Language) -> Told:
    chosen = values_of(policy.select)
    if not chosen:
        yield "select", say(language, "select.all")
    if policy.select.roles:
        chosen["roles"] = [word(language, "role", role) for role in policy.select.roles]
    for name in chosen:
        yield f"select.{name}", say(language, f"select.{name}", **chosen)


def _clock(policy: PolicyDocument, language: Language) -> Told:
    yield "clock", say(language, f"clock.{policy.clock.order}")


def _normalise(policy: PolicyDocument, language: Language) -> Told:
    if policy.normalise:
        yield "normalise", say(language, "normalise", to_max=policy.normalise.to_max)


def _replace(policy: PolicyDocument, language: Language) -> Told:
    if policy.replace:
        yield "replace", say(language, f"replace.{policy.replace.keep}")
        if policy.replace.kinds:
            yield "replace.kinds", say(language, "replace.kinds", kinds=policy.replace.kinds)


def _weigh(policy: PolicyDocument, language: Language) -> Told:
    if policy.weigh is None:
        return
    if policy.weigh.own:
        yield "weigh.own", say(language, "weigh.own")
    for kind, weight in policy.weigh.by_kind.items():
        key = "weigh.not" if weight == "0" else "weigh.by_kind"
        yield f"weigh.by_kind.{kind}", say(language, key, kind=kind, weight=weight)
    if policy.weigh.by_kind:
        yield "weigh.other_kinds", say(language, "weigh.other_kinds", weight=policy.weigh.other_kinds)


def _combine(policy: PolicyDocument, language: Language) -> Told:
    values = values_of(policy.combine)
    if "tie" in values:
        values["tie"] = word(language, "tie", str(values["tie"]))
    yield "combine", say(language, f"combine.{policy.combine.op}", **values)


def _require(policy: PolicyDocument, language: Language) -> Told:
    if not policy.require:
        yield "require", say(language, "require.none")
    for number, clause in enumerate(policy.require):
        yield f"require.{number}", say(language, f"require.{clause_name(clause)}", **values_of(clause))


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


def _levels(policy: PolicyDocument, language: Language) -> Told:
    if not policy.levels:
        yield "levels", say(language, "levels.none")
    for number, level in enumerate(policy.levels):
        yield f"levels.{number}", say(language, "levels.level", code=level.code, at=level.at)


def _judgement(policy: PolicyDocument, language: Language) -> Told:
    yield "judgement", say(language, f"judgement.{'allowed' if policy.judgement.allowed else 'not'}")


STAGES: Final[Mapping[str, Callable[[PolicyDocument, Language], Told]]] = MappingProxyType(
    {
        "select": _select,
        "clock": _clock,
        "normalise": _normalise,
        "replace": _replace,
        "weigh": _weigh,
        "combine": _combine,
        "require": _require,
        "unmet": _unmet,
        "round": _round,
        "levels": _levels,
        "judgement": _judgement,
    }
)
"""How each stage is told, in the order in which the stages apply."""
