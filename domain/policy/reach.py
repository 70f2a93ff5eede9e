"""What a policy can count and which values it can come to: worked out from the document, without any score."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from domain.framework.catalogue import Catalogue
from domain.framework.events import FrameworkPublished, ScalePublished
from domain.kernel.ids import CompetencyId, FrameworkId
from domain.kernel.scores import MICRO, to_micro
from domain.policy.document import PolicyDocument
from domain.policy.stages import MeanAtOrAbove, Stage

WITHIN_SCORES: Final = frozenset(
    {
        "latest",
        "highest",
        "mean",
        "weighted_mean",
        "mean_of_kinds",
        "median",
        "mode",
        "latest_versus_rest",
        "decaying",
        "mean_at_or_above",
        "mean_of_latest",
        "mean_of_highest",
        "lowest",
        "mean_without_lowest",
        "weighted_places",
        "half_life",
    }
)
"""Combinations whose value lies between the lowest and the highest score."""
OF_MODELS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "bkt@1": (0, 1),
        "khan@1": (0, 4),
        "durable@1": (0, 4),
        "assertions@1": (0, 3),
        "assertion_relation@1": (0, 3),
        "criteria@1": (0, 1),
    }
)
"""Models with values of their own: the lowest and the highest."""
KINDS: Final = frozenset({"kinds", "by_kind", "exercises", "independent", "transfer", "delayed", "review"})
"""Fields of a document that name kinds of evidence which count."""


class Setting(NamedTuple):
    """What a policy meets: the framework that it is for, the scale that the scores are on, where known; its competency.

    `competency_id`: the one that the policy's scope names. `nobody_at`: the school and course of the scope, if no
    learner was ever enrolled there. `held`: the competencies of all frameworks.
    """

    framework: FrameworkPublished | None = None
    scale: ScalePublished | None = None
    competency_id: CompetencyId | None = None
    nobody_at: str | None = None
    held: Collection[CompetencyId] | None = None


def setting_of(
    policy: PolicyDocument,
    catalogue: Catalogue,
    framework_id: FrameworkId | None,
    competency_id: CompetencyId | None = None,
) -> Setting:
    """Return what a policy for a framework, or for all that have none of their own, would meet."""
    framework = catalogue.frameworks.get(framework_id) if framework_id else None
    scale_id = framework.scale_id if framework else policy.scale
    scale = catalogue.scales.get(scale_id) if scale_id else None
    return Setting(framework, scale, competency_id, held=catalogue.homes.keys() if catalogue.homes else None)


class Range(NamedTuple):
    """The lowest and the highest value of a score or result, in micro-units; None: not known."""

    low: int | None = None
    high: int | None = None


def scores_range(policy: PolicyDocument, setting: Setting) -> Range:
    """Return where the scores lie that are combined: normalised, or what a roll-up makes of the children."""
    scale, rollup = setting.scale, policy.rollup
    if rollup is not None:
        counted = [to_micro(number) for number in (rollup.points or {}).values()] + [0, MICRO] * bool(rollup.met_at)
        return Range(min(*counted, 0), max(counted)) if counted and policy.normalise is None else Range()
    if policy.normalise is None:
        return Range(scale.lowest_micro, scale.highest_micro) if scale else Range()
    top = to_micro(policy.normalise.to_max)
    if scale is None or scale.highest_micro <= 0:
        return Range(None, top)
    return Range(scale.lowest_micro * top // scale.highest_micro, top)


def values_range(policy: PolicyDocument, setting: Setting) -> Range:
    """Return where the value lies before it is rounded."""
    if policy.combine.op in OF_MODELS:
        lowest, highest = OF_MODELS[policy.combine.op]
        return Range(lowest * MICRO, highest * MICRO)
    if policy.combine.op not in WITHIN_SCORES:
        return Range()
    low, high = scores_range(policy, setting)
    if isinstance(policy.combine, MeanAtOrAbove):
        bar = to_micro(policy.combine.value)
        low = bar if low is None else max(low, bar)
    return Range(low, high)


def rounded_range(policy: PolicyDocument, setting: Setting) -> tuple[Range, int]:
    """Return where the value lies that levels are read from, and the unit that it is a multiple of."""
    low, high = values_range(policy, setting)
    unit = 10 ** (6 - policy.round.places)
    if low is not None:
        low = low // unit * unit
    if high is not None:
        high = (high if policy.round.mode == "down" else high + unit // 2) // unit * unit
    if policy.adjust is None:
        return Range(low, high), unit
    times = to_micro(policy.adjust.times)
    bounds = [-(-high * times // MICRO)] if high is not None else []
    bounds += [to_micro(policy.adjust.at_most)] if policy.adjust.at_most is not None else []
    return Range(None if low is None else low * times // MICRO, min(bounds, default=None)), 1


def selects(policy: PolicyDocument, kind: str) -> bool:
    """Say whether work of a kind is looked at."""
    select = policy.select
    return (select.kinds is None or kind in select.kinds) and kind not in (select.exclude_kinds or ())


def counts(policy: PolicyDocument, kind: str) -> bool:
    """Say whether work of a kind is looked at and has weight."""
    weigh = policy.weigh
    return selects(policy, kind) and (weigh is None or weigh.by_kind.get(kind, weigh.other_kinds) != "0")


def kinds_counted(policy: PolicyDocument) -> tuple[str, ...] | None:
    """Return the kinds that count; None if the policy does not name them all."""
    if policy.select.kinds is not None:
        return tuple(kind for kind in policy.select.kinds if counts(policy, kind))
    if policy.weigh is not None and policy.weigh.other_kinds == "0":
        return tuple(kind for kind in policy.weigh.by_kind if counts(policy, kind))
    return None


def kinds_named(stage: Stage, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield the place and the name of each kind of evidence in a document, whatever the stage; not those left out."""
    for name, value in stage:
        here = f"{place}.{name}" if place else name
        if name in KINDS:
            yield from ((here, kind) for kind in ([value] if isinstance(value, str) else value or ()))
        for number, part in enumerate(value) if isinstance(value, tuple) else [("", value)]:
            if isinstance(part, Stage):
                yield from kinds_named(part, f"{here}.{number}".rstrip("."))
