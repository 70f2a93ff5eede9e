"""A policy document as integer tables for one vocabulary: made once, used for any number of cells."""

from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from domain.kernel.ids import LevelCode
from domain.kernel.scores import MICRO, to_micro
from domain.mastery.cells import Cells, Int32s, Vocabulary
from domain.mastery.tables import ANY_VALUE, MET, WHOLE, Clock, Keep, Need, Op, Rounding, Rules, Tie
from domain.policy.document import PolicyDocument
from domain.policy.models import Folding, Model
from domain.policy.stages import (
    AtOrAbove,
    Cap,
    Clause,
    CountAtLeast,
    Decaying,
    HalfLife,
    Highest,
    KindsAtLeast,
    Latest,
    LatestVersusRest,
    Lowest,
    MeanAtOrAbove,
    MeanOfHighest,
    MeanOfLatest,
    MeanWithoutLowest,
    Mode,
    PowerLaw,
    WeightedPlaces,
)

ORDERED_OPS = (Op.LATEST, Op.MODE, Op.LATEST_VERSUS_REST, Op.DECAYING)
"""Operations whose value depends on the order of the scores."""

_KERNEL_OPS = {
    "mean_of_latest": Op.LATEST,
    "mean_of_highest": Op.HIGHEST,
    "mean_without_lowest": Op.WITHOUT_LOWEST,
    "weighted_places": Op.DECAYING,
} | {op.name.lower(): op for op in Op}
"""The kernel's operation for each word; what has none is folded (`domain.mastery.folds`)."""
Inexact = Decaying | HalfLife | PowerLaw | Model
"""Combinations that round on the way: weights are parts of a table, real numbers lie on a grid."""
Flags = NDArray[np.uint8]


@dataclass(frozen=True)
class Compiled:
    """A policy ready to evaluate. `levels` are its level codes from the lowest cut to the highest.

    An open policy has stages that the compiled rules leave to `domain.mastery.after`: for them `rules` say only
    whether the requirements are met (MET). `cap` is the highest level index of an unmet cell, -1: insufficient.
    """

    policy: PolicyDocument
    vocabulary: Vocabulary
    rules: Rules
    levels: tuple[LevelCode, ...]
    cuts: NDArray[np.int64]
    """In micro-units, ascending."""
    cap: int
    holds: bool = True
    """Whether a level once reached may be kept; a competency that is made of others keeps none."""

    @property
    def is_open(self) -> bool:
        """Say whether stages are left after the compiled rules."""
        return self.policy.adjust is not None or isinstance(self.policy.combine, Folding)

    @property
    def keeps_highest(self) -> bool:
        """Say whether later scores may not lower a level."""
        return self.holds and self.policy.hold is not None and self.policy.hold.scores == "never_lower"

    def judged_levels(self, judged: Int32s) -> NDArray[np.int16]:
        """Return the index of each judged level; -1 where nobody judged, or to a level that the policy lacks."""
        return np.append(np.asarray(self.rules.judged_level, np.int16), np.int16(-1))[judged]

    def check_covers(self, cells: Cells) -> None:
        """Assert that the tables cover the words of the cells: a grown vocabulary needs compiling again."""
        assert cells.kinds <= len(self.rules.kind_selected), "the kinds have grown: compile again"
        assert cells.roles <= len(self.rules.role_selected), "the roles have grown: compile again"
        assert cells.levels <= len(self.rules.judged_level), "the levels have grown: compile again"


def compile_policy(policy: PolicyDocument, vocabulary: Vocabulary) -> Compiled:
    """Compile a policy for the words known now.

    A judged level that the policy does not hold has no effect under it.
    """
    kinds, roles = vocabulary.kinds.words, vocabulary.roles.words
    ascending = sorted(policy.levels, key=lambda level: to_micro(level.at))
    levels = tuple(level.code for level in ascending)
    recent, oldest = _decay_tables(policy)
    amount, whole = _amount(policy)
    select, replace = policy.select, policy.replace
    is_folded = isinstance(policy.combine, Folding)
    op = Op.MEAN if is_folded else _KERNEL_OPS[policy.combine.op]
    keep = Keep[replace.keep.upper()] if replace else Keep.ALL
    ordered = op in ORDERED_OPS or keep != Keep.ALL or is_folded or policy.window is not None
    cuts = np.array([to_micro(level.at) for level in ascending], np.int64)
    cap = levels.index(policy.unmet.cap) if isinstance(policy.unmet, Cap) else -1
    is_open = is_folded or policy.adjust is not None
    rules = Rules(
        selects=int(any((select.kinds, select.exclude_kinds, select.roles, policy.weigh))),
        kind_selected=_flags(kinds, select.kinds) * (1 - _flags(kinds, select.exclude_kinds or ())).astype(np.uint8),
        role_selected=_flags(roles, select.roles),
        clock=int(Clock[policy.clock.order.upper()] if ordered else Clock.NONE),
        to_max=to_micro(policy.normalise.to_max) if policy.normalise else 0,
        keep=int(keep),
        kind_replaced=_flags(kinds, replace.kinds if replace else None),
        window=policy.window.latest if policy.window else 0,
        own_weight=int(policy.weigh is not None and policy.weigh.own),
        kind_weight=_kind_weights(policy, kinds),
        op=int(op),
        amount=int(amount),
        whole=whole,
        recent=recent,
        oldest=oldest,
        clauses=np.array([_clause(clause) for clause in policy.require], np.int64).reshape(-1, 3),
        clause_kinds=_clause_kinds(policy.require, kinds),
        cap=min(cap, 0) if is_open else cap,
        exact=int(policy.normalise is None and keep != Keep.MEAN and not isinstance(policy.combine, Inexact)),
        unit=10 ** (6 - policy.round.places),
        rounding=int(Rounding[policy.round.mode.upper()]),
        cuts=np.full(MET + 1, ANY_VALUE) if is_open else cuts,
        judged_level=_judged_levels(policy, levels, vocabulary.levels.words),
    )
    return Compiled(policy, vocabulary, rules, levels, cuts, cap)


def _flags(words: tuple[str, ...], chosen: tuple[str, ...] | None) -> Flags:
    return np.array([chosen is None or word in chosen for word in words], np.uint8)


def _clause(clause: Clause) -> tuple[int, int, int]:
    match clause:
        case CountAtLeast():
            return Need.COUNT, clause.count_at_least, 0
        case KindsAtLeast():
            return Need.KINDS, clause.kinds_at_least, 0
        case AtOrAbove():
            return Need.AT_OR_ABOVE, clause.at_or_above.count, to_micro(clause.at_or_above.value)


def _clause_kinds(clauses: tuple[Clause, ...], kinds: tuple[str, ...]) -> Flags:
    rows = [_flags(kinds, clause.at_or_above.kinds if isinstance(clause, AtOrAbove) else None) for clause in clauses]
    return np.array(rows, np.uint8).reshape(len(clauses), len(kinds))


def _amount(policy: PolicyDocument) -> tuple[int, int]:
    match policy.combine:
        case Latest() | Highest() | Lowest():
            return 1, 1
        case Mode(tie=tie):
            return Tie[tie.upper()], 1
        case MeanAtOrAbove(value=value):
            return to_micro(value), 1
        case MeanOfLatest(count=count) | MeanOfHighest(count=count) | MeanWithoutLowest(count=count):
            return count, 1
        case LatestVersusRest(latest=latest):
            common = gcd(to_micro(latest), MICRO)
            return to_micro(latest) // common, MICRO // common
        case _:
            return 0, 1


def _kind_weights(policy: PolicyDocument, kinds: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the weight of each kind: in micro-units where it is folded, else the smallest in the same proportion."""
    if policy.weigh is None:
        return np.full(len(kinds), MICRO)
    by_kind, other = policy.weigh.by_kind, policy.weigh.other_kinds
    weights = [to_micro(by_kind.get(kind, other)) for kind in kinds]
    return np.array(weights, np.int64) // (1 if isinstance(policy.combine, Folding) else max(gcd(*weights), 1))


def _decay_tables(policy: PolicyDocument) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (rate x rest^age, rest^age) for each age, in parts of WHOLE, rounded half up, until both are 0.

    `rest` is 1 - rate. Computed from the exact decimal. Weights by place are the weights of these ages.
    """
    if isinstance(policy.combine, WeightedPlaces):
        places = np.array([to_micro(weight) for weight in reversed(policy.combine.weights)], np.int64)
        return places // gcd(*places.tolist()), places // gcd(*places.tolist())
    if not isinstance(policy.combine, Decaying):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    rate = to_micro(policy.combine.rate)
    recent, oldest = [], [WHOLE]
    numerator, denominator = 1, 1
    while oldest[-1]:
        recent.append((2 * WHOLE * numerator * rate + denominator * MICRO) // (2 * denominator * MICRO))
        numerator, denominator = numerator * (MICRO - rate), denominator * MICRO
        common = gcd(numerator, denominator)
        numerator, denominator = numerator // common, denominator // common
        oldest.append((2 * WHOLE * numerator + denominator) // (2 * denominator))
    return np.array(recent, np.int64), np.array(oldest, np.int64)


def _judged_levels(policy: PolicyDocument, levels: tuple[LevelCode, ...], words: tuple[str, ...]) -> NDArray[np.int32]:
    index = {code: i for i, code in enumerate(levels)} if policy.judgement.allowed else {}
    return np.array([index.get(LevelCode(word), -1) for word in words], np.int32)
