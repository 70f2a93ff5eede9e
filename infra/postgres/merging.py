"""Scores brought up to date: whole learners are taken out, and put in anew, without looking at the others."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pyarrow as pa

from infra.postgres.all_scores import WORDS, AllScores
from infra.postgres.score_cells import Facts, Int64s

Piece = tuple[AllScores, int, int]
"""Cells of some scores, from a first one to before another."""


def merged(base: AllScores, fresh: AllScores | None, gone: Sequence[str]) -> AllScores:
    """Return scores without the learners of `gone`, and with those of `fresh`, all of whom are in `gone`.

    Learners are in order in all three, and in the answer. Where nothing is gone, nothing is copied.
    """
    if not gone:
        return base
    learners, starts = _learners(base)
    others, other_starts = _learners(fresh) if fresh else ([], np.zeros(1, np.int64))
    pieces: list[Piece] = []
    done = 0
    for learner in gone:
        place = bisect_left(learners, learner)
        pieces.append((base, done, int(starts[place])))
        done = int(starts[place + 1 if learners[place : place + 1] == [learner] else place])
        other = bisect_left(others, learner)
        if fresh and others[other : other + 1] == [learner]:
            pieces.append((fresh, int(other_starts[other]), int(other_starts[other + 1])))
    pieces.append((base, done, len(base.learners)))
    return _joined([piece for piece in pieces if piece[1] < piece[2]] or [(base, 0, 0)])


def same(one: AllScores, other: AllScores) -> bool:
    """Say whether two hold the same scores, with the same codes, in whatever order within a cell."""
    texts = [[getattr(scores, name).dictionary_decode() for name in WORDS] for scores in (one, other)]
    if not all(mine.equals(theirs) for mine, theirs in zip(*texts, strict=True)):
        return False
    if not np.array_equal(one.facts.offsets, other.facts.offsets):
        return False
    orders = [_order(scores.facts) for scores in (one, other)]
    columns = ((getattr(one.facts, field.name), getattr(other.facts, field.name)) for field in fields(Facts)[1:])
    return all(np.array_equal(mine[orders[0]], theirs[orders[1]]) for mine, theirs in columns)


def _order(facts: Facts) -> Int64s:
    """Return the rows by cell, then position."""
    cell = np.repeat(np.arange(len(facts.offsets) - 1), np.diff(facts.offsets))
    return np.lexsort((facts.value, facts.given, facts.position, cell))


def _learners(scores: AllScores) -> tuple[list[str], Int64s]:
    """Return the learners, and the number of the first cell of each; at last the number of cells."""
    encoded = scores.learners
    learners = encoded.dictionary.to_pylist()
    return learners, np.searchsorted(encoded.indices.to_numpy(), np.arange(len(learners) + 1))


def _joined(pieces: Sequence[Piece]) -> AllScores:
    def words(name: str) -> pa.DictionaryArray:
        texts = [getattr(part, name).slice(low, high - low).dictionary_decode() for part, low, high in pieces]
        return pa.concat_arrays(texts).dictionary_encode()

    lengths = [np.diff(part.facts.offsets[low : high + 1]) for part, low, high in pieces]
    columns = {
        field.name: np.concatenate(
            [
                getattr(part.facts, field.name)[part.facts.offsets[low] : part.facts.offsets[high]]
                for part, low, high in pieces
            ]
        )
        for field in fields(Facts)
        if field.name != "offsets"
    }
    return AllScores(
        learners=words("learners"),
        competencies=words("competencies"),
        frameworks=words("frameworks"),
        facts=Facts(offsets=np.cumsum(np.concatenate([[0], *lengths])), **columns),
        position=pieces[0][0].position,
    )
