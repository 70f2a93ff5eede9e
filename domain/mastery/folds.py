"""The combinations that are folded over one cell's pieces at a time, outside the compiled rules.

They are sums, curves and named models: seldom used, so plain Python integers on what the compiled rules arranged
(about 4 us a score, the compiled rules take 0.02). Source of each: its class in `domain.policy`.
"""

from collections.abc import Callable, Sequence
from functools import partial

from domain.kernel.scores import to_micro
from domain.mastery.arithmetic import carry, plain
from domain.mastery.arranged import Piece
from domain.mastery.curves import Folded, half_life, power_law, total, with_extra_credit
from domain.mastery.ladders import climb, complete, endure
from domain.mastery.logic import claims, meets, relate
from domain.mastery.tables import Rounding, Rules
from domain.mastery.tracing import estimate, rate, trace
from domain.policy.models import (
    AssertionRelation,
    Assertions,
    CriteriaTree,
    DurableMastery,
    Elo,
    Folding,
    ItemResponse,
    KhanLadder,
    KnowledgeTracing,
    Model,
    MoodleCompetency,
)
from domain.policy.stages import HalfLife, MeanWithExtraCredit, PowerLaw, Sum

Fold = Callable[[Sequence[Piece]], Folded | None]
"""From the pieces of a cell, in order, to its value; None: the model has none."""

_carry = plain(carry)


def fold_of(combine: Folding, at_us: int | None = None) -> Fold:
    """Return the fold of a combination for a question asked at a time."""
    match combine:
        case Sum():
            return total
        case MeanWithExtraCredit():
            return with_extra_credit
        case HalfLife(days=days):
            return partial(half_life, days=days)
        case PowerLaw(fewest=fewest, floor=floor):
            return partial(power_law, fewest=fewest, floor=to_micro(floor))
        case _:
            return _fold_of_model(combine, at_us)


def _fold_of_model(model: Model, at_us: int | None) -> Fold:
    match model:
        case KnowledgeTracing():
            return trace(model)
        case Elo():
            return rate(model)
        case ItemResponse():
            return estimate(model)
        case KhanLadder():
            return partial(climb, model)
        case DurableMastery():
            return partial(endure, model, at_us=at_us)
        case MoodleCompetency():
            return partial(complete, model)
        case Assertions():
            return claims
        case AssertionRelation():
            return partial(relate, model)
        case CriteriaTree(tree=tree):
            return partial(meets, tree)


def rounded(folded: Folded, rules: Rules) -> int:
    """Return the value in micro-units, rounded as declared: to a millionth first unless all was exact so far."""
    quotient, rest = divmod(folded.number, folded.by)
    if not rules.exact:
        quotient, rest = quotient + _carry(quotient, rest, folded.by, Rounding.HALF_UP), 0
    units, over = divmod(quotient, rules.unit)
    return (units + _carry(units, over * folded.by + rest, rules.unit * folded.by, rules.rounding)) * rules.unit
