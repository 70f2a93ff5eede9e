"""Models of what a learner knows, from right and wrong answers: BKT, Elo, 2PL IRT. Real numbers on a fixed grid."""

from collections.abc import Callable, Mapping, Sequence

from domain.kernel.scores import MICRO, to_micro
from domain.mastery.arranged import Piece
from domain.mastery.curves import GRID, Folded, logarithm, nearest, power
from domain.policy.models import Elo, Item, ItemResponse, KnowledgeTracing

PARTS = GRID // MICRO
"""Grid parts in a micro-unit."""
_PLAIN = Item()


def _parts(number: str) -> int:
    return to_micro(number) * PARTS


def trace(model: KnowledgeTracing) -> Callable[[Sequence[Piece]], Folded]:
    """Return the fold: the posterior of each answer, then the chance of learning and forgetting."""
    prior, learn, forget = _parts(model.prior), _parts(model.learn), _parts(model.forget)
    guess, slip, bar = _parts(model.guess), _parts(model.slip), to_micro(model.right_at)

    def fold(pieces: Sequence[Piece]) -> Folded:
        known = prior
        for piece in pieces:
            right = piece.value >= bar
            if_known = known * (GRID - slip if right else slip)
            either = if_known + (GRID - known) * (guess if right else GRID - guess)
            seen = nearest(if_known * GRID, either) if either else known
            known = nearest(seen * (GRID - forget) + (GRID - seen) * learn, GRID)
        return Folded(known, PARTS)

    return fold


def logistic(exponent: int) -> int:
    """Return 1 / (1 + e^-x) on the grid, for x on the grid; x beyond 60 is as good as 60."""
    return nearest(GRID * GRID, GRID + power(-max(min(exponent, 60 * GRID), -60 * GRID)))


def rate(model: Elo) -> Callable[[Sequence[Piece]], Folded]:
    """Return the fold: the rating after all answers."""
    start, k, bar = _parts(model.start), _parts(model.k), to_micro(model.right_at)
    difficulties = {task: _parts(item.difficulty) for task, item in model.items.items()}

    def fold(pieces: Sequence[Piece]) -> Folded:
        rating = start
        for piece in pieces:
            expected = logistic(rating - difficulties.get(piece.task or "", 0))
            rating += nearest(k * ((GRID if piece.value >= bar else 0) - expected), GRID)
        return Folded(rating, PARTS)

    return fold


def estimate(model: ItemResponse) -> Callable[[Sequence[Piece]], Folded]:
    """Return the fold: the mean ability over the nodes, by prior x likelihood; a sum per node, whatever the order."""
    low, high, bar = _parts(model.low), _parts(model.high), to_micro(model.right_at)
    nodes = [low + nearest((high - low) * i, model.nodes - 1) for i in range(model.nodes)]
    prior = [-nearest(node * node, 2 * GRID) for node in nodes]
    known: dict[tuple[str | None, bool], list[int]] = {}

    def likelihood(task: str | None, *, right: bool) -> list[int]:
        if (task, right) not in known:
            known[task, right] = _log_likelihood(model.items, nodes, task, right=right)
        return known[task, right]

    def fold(pieces: Sequence[Piece]) -> Folded:
        terms = [prior, *(likelihood(piece.task, right=piece.value >= bar) for piece in pieces)]
        sums = [sum(column) for column in zip(*terms, strict=True)]
        weights = [power(one - max(sums)) for one in sums]
        ability = sum(weight * node for weight, node in zip(weights, nodes, strict=True))
        return Folded(ability, sum(weights) * PARTS)

    return fold


def _log_likelihood(items: Mapping[str, Item], nodes: list[int], task: str | None, *, right: bool) -> list[int]:
    """Return ln of the probability of the answer at each node: -ln(1 + e^-x), x = a (node - b), turned if wrong."""
    item = items.get(task or "", _PLAIN)
    a, b = to_micro(item.discrimination), _parts(item.difficulty)
    logits = [nearest(a * (node - b), MICRO) for node in nodes]
    return [-soft_plus(-logit if right else logit) for logit in logits]


def soft_plus(exponent: int) -> int:
    """Return ln(1 + e^x) on the grid, for x on the grid."""
    rest = logarithm(GRID + power(-min(abs(exponent), 60 * GRID)), GRID)
    return max(exponent, 0) + rest
