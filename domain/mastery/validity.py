"""How long levels hold when nothing happens but time: scores run out, what lasts is to be shown again."""

import numpy as np

from domain.mastery.arranged import pieces_of
from domain.mastery.cells import NO_TIME, Cells, Int64s
from domain.mastery.compile import Compiled
from domain.mastery.history import ends_of
from domain.mastery.kernel import current
from domain.mastery.ladders import review_due
from domain.policy.document import PolicyDocument
from domain.policy.models import DurableMastery


def is_timed(policy: PolicyDocument) -> bool:
    """Say whether what a policy says of a cell can change as time passes."""
    return policy.validity is not None or isinstance(policy.combine, DurableMastery)


def days_that_matter(policy: PolicyDocument) -> frozenset[int]:
    """Return how many days after a score's occurrence what a policy says may change by itself."""
    days = {policy.validity.days} if policy.validity and policy.validity.days else set()
    return frozenset(days | ({*policy.combine.review_days} if isinstance(policy.combine, DurableMastery) else set()))


def youngest(cells: Cells) -> Int64s:
    """Return when the youngest score of each cell occurred; NO_TIME for none."""
    latest = np.full(len(cells), NO_TIME, np.int64)
    filled = np.diff(cells.offsets) > 0
    if filled.any():
        latest[filled] = np.maximum.reduceat(cells.occurred_us, cells.offsets[:-1][filled])
    return latest


def valid_until(cells: Cells, compiled: Compiled, at_us: Int64s) -> Int64s:
    """Return the next moment at which time alone may change what the policy says of each cell; NO_TIME: never."""
    now = current(cells, compiled, at_us)
    until = np.full(len(now), np.iinfo(np.int64).max)
    if compiled.policy.validity is not None:
        until = _first_end(now, compiled, until)
    if isinstance(compiled.policy.combine, DurableMastery):
        until = np.minimum(until, _reviews(now, compiled, compiled.policy.combine, at_us))
    return np.where(until == np.iinfo(np.int64).max, NO_TIME, until)


def _first_end(now: Cells, compiled: Compiled, until: Int64s) -> Int64s:
    """Return the first moment at which a score that the policy looks at does not count any more."""
    validity = compiled.policy.validity
    assert validity is not None
    rules, ends = compiled.rules, ends_of(now, validity)
    ends[ends != NO_TIME] += validity.last_moment == "counts"
    looked_at = np.asarray(rules.kind_selected)[now.kind] & np.asarray(rules.role_selected)[now.role]
    ends = np.where((ends == NO_TIME) | (looked_at == 0), np.iinfo(np.int64).max, ends)
    filled = np.diff(now.offsets) > 0
    if filled.any():
        until[filled] = np.minimum.reduceat(ends, now.offsets[:-1][filled])
    return until


def _reviews(now: Cells, compiled: Compiled, model: DurableMastery, at_us: Int64s) -> Int64s:
    pieces = pieces_of(now, compiled.rules, compiled.vocabulary, own_weight=False)
    due = [review_due(model, of_cell) for of_cell in pieces]
    times = np.array([np.iinfo(np.int64).max if one is None else one for one in due], np.int64)
    return np.where(times > at_us, times, np.iinfo(np.int64).max)
