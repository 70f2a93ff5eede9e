"""Small numbers of people are not shown, nor anything from which they could be worked out.

A table has a row for each group (each person is in one of them) and a column for each thing counted; it is shown
with the sum of each row, and the sums of the columns are known. Where few people stand behind a number, it is
hidden; and so are as many others that no hidden number follows from those that are shown.

Source: D. Gusfield, A graph theoretic approach to statistical data security, SIAM J. Comput. 17 (1988): a hidden
number of such a table is safe if it lies on a closed chain of hidden ones along which one can be added and taken.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

LEAST_PEOPLE: Final = 10
"""So many people at least stand behind a number that is shown."""

Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]


def hidden(
    counts: Counts, people: Counts, members: Counts, least: int = LEAST_PEOPLE, unsaid: int | None = None
) -> Mask:
    """Return which numbers to hide, one a row and column, and one more column: the sums of the rows.

    Args:
        counts: what is shown, one a row and column.
        people: how many stand behind each of `counts`.
        members: how many are in each row's group.
        least: fewer than so many are few.
        unsaid: the row of those of whom it is not said which group they are in, if there is one.
    """
    numbers = np.hstack([counts, counts.sum(axis=1, keepdims=True)])
    is_few = ((members > 0) & (members < least)) | (people.sum(axis=1) < least)
    few = np.hstack([(people > 0) & (people < least), np.zeros((len(counts), 1), bool)])
    few[is_few] = True
    few[:, numbers.sum(axis=0) == 0] = False  # known to be nothing, everywhere
    few[numbers[:, -1] == 0] = False
    mask = few.copy()
    mask[:, -1] |= _covers_sums(numbers[:, -1], few[:, -1], unsaid)
    for row, column in np.argwhere(few):
        _cover(numbers, mask, row, column)
    return mask


def _covers_sums(sums: Counts, few: Mask, unsaid: int | None) -> Mask:
    """Return which group's sum to hide beside that of a single small one: the smallest other.

    Beside a few of whom nothing is said it is the largest: the groups that are looked for stay to be seen.
    It hangs on nothing but the sums, so all tables of the same people hide the same ones: one table can't tell
    what another hides.
    """
    covers = np.zeros(len(sums), bool)
    others = np.flatnonzero(~few & (sums > 0))
    if few.sum() == 1 and len(others):
        covers[others[np.argmax(sums[others]) if np.flatnonzero(few) == unsaid else np.argmin(sums[others])]] = True
    return covers


def _cover(numbers: Counts, mask: Mask, row: int, column: int) -> None:
    """Hide the corners of the rectangle on which a hidden number can vary, of those the one that hides least more.

    The last column counts the other way: it grows with each of the others. Sums that are shown stay so, unless
    there is no other way.
    """
    if len(numbers) == 1:
        mask[row] = True
        return
    cost = np.where(mask, 0, numbers + 1)
    total = (cost + cost[row] + cost[:, [column]]).astype(np.float64)
    total[~_varies(numbers, row, column)] = np.inf
    total[row] = np.inf
    total[:, column] = np.inf
    keeps_sums = total.copy()
    if mask[row, -1] and np.isfinite(total[mask[:, -1]]).any():
        keeps_sums[~mask[:, -1]] = np.inf
    if column == numbers.shape[1] - 1:
        keeps_sums[~mask[:, -1]] = np.inf
    else:
        keeps_sums[:, -1][~(mask[:, -1] & mask[row, -1])] = np.inf
    best = keeps_sums if np.isfinite(keeps_sums).any() else total
    other_row, other_column = np.unravel_index(np.argmin(best), best.shape)
    if np.isfinite(best[other_row, other_column]):
        mask[row, column] = mask[row, other_column] = True
        mask[other_row, column] = mask[other_row, other_column] = True


def _varies(numbers: Counts, row: int, column: int) -> Mask:
    """Say of each opposite corner whether one can be moved round the rectangle and no number falls below nothing."""
    has = numbers > 0
    same = has & has[row, column]  # taken here and there, added at the other two
    cross = has[:, [column]] & has[row]
    flipped = np.zeros(numbers.shape[1], bool)
    flipped[-1] = True
    if flipped[column]:
        # the number is a row's sum: it falls together with one of the row's own
        return np.asarray(has[row, column] & has[row] | has[:, [column]] & has)
    # toward the sums: the number and the row's sum fall together, in the other row both grow; or the other way
    toward_sums = has[row, column] & has[row] | has[:, [column]] & has
    return np.asarray(np.where(flipped, toward_sums, same | cross))
