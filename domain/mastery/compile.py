"""A policy document as integer tables for one vocabulary: made once, used for any number of cells."""

from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from domain.kernel.ids import LevelCode
from domain.kernel.scores import MICRO, to_micro
from domain.mastery.cells import Cells, Vocabulary
from domain.mastery.tables import WHOLE, Clock, Keep, Need, Op, Rounding, Rules, Tie
from domain.policy.document import PolicyDocument
from domain.policy.stages import (
    AtOrAbove,
    Cap,
    Clause,
    CountAtLeast,
    Decaying,
    Highest,
    KindsAtLeast,
    Latest,
    LatestVersusRest,
    MeanAtOrAbove,
    MeanOfHighest,
    MeanOfLatest,
    Mode,
)

ORDERED_OPS = (Op.LATEST, Op.MODE, Op.LATEST_VERSUS_REST, Op.DECAYING)
"""Operations whose value depends on the order of the scores."""

_MEANS_OF_SOME = {"mean_of_latest": Op.LATEST, "mean_of_highest": Op.HIGHEST}
Flags = NDArray[np.uint8]


@dataclass(frozen=True)
class Compiled:
    """A policy ready to evaluate. `levels` are its level codes from the lowest cut to the highest."""

    policy: PolicyDocument
    vocabulary: Vocabulary
    rules: Rules
    levels: tuple[LevelCode, ...]

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
    op = _MEANS_OF_SOME.get(policy.combine.op) or Op[policy.combine.op.upper()]
    keep = Keep[replace.keep.upper()] if replace else Keep.ALL
    ordered = op in ORDERED_OPS or keep != Keep.ALL
    rules = Rules(
        selects=int(any((select.kinds, select.exclude_kinds, select.roles, policy.weigh))),
        kind_selected=_flags(kinds, select.kinds) * (1 - _flags(kinds, select.exclude_kinds or ())).astype(np.uint8),
        role_selected=_flags(roles, select.roles),
        clock=int(Clock[policy.clock.order.upper()] if ordered else Clock.NONE),
        to_max=to_micro(policy.normalise.to_max) if policy.normalise else 0,
        keep=int(keep),
        kind_replaced=_flags(kinds, replace.kinds if replace else None),
        own_weight=int(policy.weigh is not None and policy.weigh.own),
        kind_weight=_kind_weights(policy, kinds),
        op=int(op),
        amount=amount,
        whole=whole,
        recent=recent,
        oldest=oldest,
        clauses=np.array([_clause(clause) for clause in policy.require], np.int64).reshape(-1, 3),
        clause_kinds=_clause_kinds(policy.require, kinds),
        cap=levels.index(policy.unmet.cap) if isinstance(policy.unmet, Cap) else -1,
        exact=int(policy.normalise is None and keep != Keep.MEAN and op != Op.DECAYING),
        unit=10 ** (6 - policy.round.places),
        rounding=int(Rounding[policy.round.mode.upper()]),
        cuts=np.array([to_micro(level.at) for level in ascending], np.int64),
        judged_level=_judged_levels(policy, levels, vocabulary.levels.words),
    )
    return Compiled(policy, vocabulary, rules, levels)


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
        case Latest() | Highest():
            return 1, 1
        case Mode(tie=tie):
            return Tie[tie.upper()], 1
        case MeanAtOrAbove(value=value):
            return to_micro(value), 1
        case MeanOfLatest(count=count) | MeanOfHighest(count=count):
            return count, 1
        case LatestVersusRest(latest=latest):
            common = gcd(to_micro(latest), MICRO)
            return to_micro(latest) // common, MICRO // common
        case _:
            return 0, 1


def _kind_weights(policy: PolicyDocument, kinds: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the weight of each kind, reduced to the smallest integers in the same proportion."""
    if policy.weigh is None:
        return np.ones(len(kinds), np.int64)
    by_kind, other = policy.weigh.by_kind, policy.weigh.other_kinds
    weights = [to_micro(by_kind.get(kind, other)) for kind in kinds]
    return np.array(weights, np.int64) // max(gcd(*weights), 1)


def _decay_tables(policy: PolicyDocument) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (rate x rest^age, rest^age) for each age, in parts of WHOLE, rounded half up, until both are 0.

    `rest` is 1 - rate. Computed from the exact decimal.
    """
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
