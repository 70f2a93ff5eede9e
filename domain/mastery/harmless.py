"""Holding harmless: whether a level of before stands although the policy in force computes a lower one.

Before is what stood when the policy came into force. A judgement is over both, and never part of either.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.kernel.scores import to_micro
from domain.mastery.cells import Codes
from domain.policy.document import PolicyDocument

NO_LEVEL = -1
"""The code of no level: below every level."""
Order = NDArray[np.bool_]


def order_of(documents: Iterable[PolicyDocument], levels: Codes) -> Order:
    """Return which level is below which: order[a, b] for the codes a and b, NO_LEVEL being the last row and column.

    What a document says is over what those before it say. Levels that no document has both of are not comparable:
    neither is below the other.
    """
    ranked = [
        [levels.code(level.code) for level in sorted(document.levels, key=lambda level: to_micro(level.at))]
        for document in documents
    ]
    order = np.zeros((len(levels) + 1, len(levels) + 1), bool)
    order[NO_LEVEL, :NO_LEVEL] = True
    for codes in ranked:
        for place, code in enumerate(codes):
            order[codes[:place], code] = True
            order[code, codes[:place]] = False
    return order


def kept(computed: NDArray[np.int32], before: NDArray[np.int32], order: Order) -> NDArray[np.int32]:
    """Return for each cell the level of before where it stands, NO_LEVEL where the computed one does."""
    return np.where(order[computed, before], before, np.int32(NO_LEVEL)).astype(np.int32)


def is_below(level: str | None, other: str | None, documents: Sequence[PolicyDocument]) -> bool:
    """Say of two levels by name whether one is below the other, as `order_of` does."""
    levels = Codes([name for name in (level, other) if name is not None])
    order = order_of(documents, levels)
    first, second = (NO_LEVEL if name is None else levels.code(name) for name in (level, other))
    return bool(order[first, second])
