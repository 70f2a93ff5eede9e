"""Models that are logic, not arithmetic: CASS's four-valued assertions, and trees of criteria."""

from collections.abc import Sequence
from enum import IntEnum

from domain.kernel.scores import MICRO, to_micro
from domain.mastery.arranged import Piece
from domain.mastery.curves import Folded
from domain.policy.models import AssertionRelation, CriteriaGroup, Criterion


class Truth(IntEnum):
    """What claims say together."""

    UNKNOWN = 0
    FALSE = 1
    INDETERMINATE = 2
    TRUE = 3


def claims(pieces: Sequence[Piece]) -> Folded:
    """Return what claims for and against say together."""
    positive, negative = any(piece.value > 0 for piece in pieces), any(piece.value < 0 for piece in pieces)
    match positive, negative:
        case True, True:
            truth = Truth.INDETERMINATE
        case True, False:
            truth = Truth.TRUE
        case False, True:
            truth = Truth.FALSE
        case _:
            truth = Truth.UNKNOWN
    return Folded(truth * MICRO)


def relate(model: AssertionRelation, pieces: Sequence[Piece]) -> Folded:
    """Return what the truths of related competencies say of this one."""
    return Folded(_related(model, [Truth(piece.value // MICRO) for piece in pieces]) * MICRO)


def _related(model: AssertionRelation, truths: Sequence[Truth]) -> Truth:
    """Apply the relation; the first truth of its list that occurs decides, else the last word does."""
    unclear, unknown = Truth.INDETERMINATE in truths, Truth.UNKNOWN in truths
    match model.relation:
        case "and" if Truth.FALSE in truths:
            return Truth.FALSE
        case "and" if unclear or unknown:
            return Truth.INDETERMINATE if unclear else Truth.UNKNOWN
        case "and":
            return Truth.TRUE
        case "or" | "narrows" | "is_required_by" if Truth.TRUE in truths:
            return Truth.TRUE
        case "or" if unclear:
            return Truth.INDETERMINATE
        case "or":
            return Truth.FALSE if Truth.FALSE in truths else Truth.UNKNOWN
        case "narrows" | "is_required_by":
            return Truth.FALSE if unclear else Truth.UNKNOWN
        case _ if Truth.FALSE in truths:
            return Truth.FALSE
        case "broadens" if not unknown:
            return Truth.TRUE
        case _:
            return Truth.TRUE if unclear else Truth.UNKNOWN


def meets(tree: CriteriaGroup | Criterion, pieces: Sequence[Piece]) -> Folded:
    """Return 1 if the tree is met, else 0; nothing but archived criteria is not met."""
    return Folded(MICRO if _is_met(tree, pieces) else 0)


def _is_met(node: CriteriaGroup | Criterion, pieces: Sequence[Piece]) -> bool | None:
    """Say whether a node is met; None: it is archived, or has nothing but archived children."""
    if node.archived:
        return None
    if isinstance(node, Criterion):
        values = [piece.value for piece in pieces if piece.task == node.task]
        return any(_compares(node, value) for value in (values if node.ever else values[-1:]))
    met = [one for child in node.children if (one := _is_met(child, pieces)) is not None]
    if not met:
        return None
    return all(met) if node.op == "and" else any(met)


def _compares(criterion: Criterion, value: int) -> bool:
    bar = to_micro(criterion.value)
    match criterion.compare:
        case "gte":
            return value >= bar
        case "lte":
            return value <= bar
        case "eq":
            return value == bar
