"""A class, not a learner: its values combined once more, and how its levels are spread."""

from collections import Counter
from collections.abc import Sequence

from domain.kernel.scores import MICRO
from domain.mastery.cells import Entry, Vocabulary, cells_of
from domain.mastery.compile import compile_policy
from domain.mastery.curves import nearest
from domain.mastery.kernel import NO_VALUE, evaluate
from domain.policy.document import PolicyDocument


def value_of_class(policy: PolicyDocument, values: Sequence[int]) -> int | None:
    """Combine learners' values (micro-units) under a policy; NO_VALUE ones are left out. None: nothing is known."""
    vocabulary = Vocabulary()
    kind, role = vocabulary.kinds.code("learner"), vocabulary.roles.code("class")
    known = [value for value in values if value != NO_VALUE]
    cells = cells_of([[Entry(value, MICRO, kind, role, place) for place, value in enumerate(known)]])
    value = int(evaluate(cells, compile_policy(policy, vocabulary)).value[0])
    return None if value == NO_VALUE else value


def percents(levels: Sequence[int], number: int) -> list[int]:
    """Return the share of each of `number` levels in whole percent, rounded half up; they need not add up to 100.

    Level -1 is none and is not counted.
    """
    counts = Counter(level for level in levels if level >= 0)
    return [nearest(100 * counts[level], counts.total()) if counts else 0 for level in range(number)]
