"""All cells of a facts generation, portion by portion: what a publication, a what-if and a rebuild go through."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import structlog

from domain.mastery.cells import Vocabulary
from domain.mastery.digest import Coded
from infra.files.cell_shards import Manifest
from infra.postgres.all_scores import AllScores, address, fetch_all_scores
from services.projectors.cells.points import CellFacts
from services.projectors.cells.tables import facts_of_scored, judgements_of
from services.projectors.cells.warm_cells import position_of, shard_scores, warm_scores

log = structlog.get_logger()


CELLS_MAX: Final = 65_536
"""Cells with scores that are looked at in one go: bounds the memory, together with the size of the shards."""


class Portion(NamedTuple):
    """Some cells, and the position up to which their facts are complete; they may hold some facts beyond it."""

    facts: CellFacts
    position: int


def all_cells(
    connection: psycopg.Connection[Any],
    facts_generation: int,
    vocabulary: Vocabulary,
    folder: Path | None = None,
    cells_max: int = CELLS_MAX,
) -> Iterator[Portion]:
    """Return all cells in portions, each with all cells of its learners, as far as committed; without times.

    With the `folder` of the cell shards they are read from there, brought up to date; else they are fetched at once.
    Portions have `cells_max` cells with scores, less what the last learner's go beyond that.
    """
    position = position_of(connection, facts_generation)
    judged = deque(judgements_of(connection, facts_generation))
    with psycopg.connect(address(connection), autocommit=True) as own:
        stored = _scores(own, facts_generation, vocabulary, folder)
        parts = chain.from_iterable(part.portions(cells_max) for part in stored)
        part = next(parts)
        for following in parts:
            of_part = _taken(judged, following.learners[0].as_py())
            yield Portion(facts_of_scored(connection, facts_generation, part, of_part), min(position, part.position))
            part = following
        yield Portion(facts_of_scored(connection, facts_generation, part, judged), min(position, part.position))


def cells_of_shard(
    connection: psycopg.Connection[Any], vocabulary: Vocabulary, root: Path, manifest: Manifest, place: int
) -> Portion:
    """Return the cells of one shard, as `all_cells` does; the connection is in autocommit.

    Raises:
        FileNotFoundError: the shards have been written anew since the manifest was read.
    """
    position = position_of(connection, manifest.generation)
    firsts = [shard.first for shard in manifest.shards[1:]]
    rows = judgements_of(connection, manifest.generation)
    judged = [row for row in rows if bisect_right(firsts, row[0]) == place]
    scores = shard_scores(connection, manifest, root, place, vocabulary)
    return Portion(facts_of_scored(connection, manifest.generation, scores, judged), min(position, scores.position))


def _scores(
    own: psycopg.Connection[Any], generation: int, vocabulary: Vocabulary, folder: Path | None
) -> Iterable[AllScores]:
    """Return all scores in parts, one at least, in learner order; a folder that can't be used is told of."""
    if folder is not None:
        try:
            return warm_scores(own, generation, vocabulary, folder)
        except OSError as error:
            log.warning("cells not kept", folder=str(folder), fault=str(error))
    return [fetch_all_scores(own, generation, vocabulary)]


def _taken(judged: deque[tuple[Any, ...]], until: str) -> list[tuple[Any, ...]]:
    """Take out the first judgements, those of the learners before another."""
    taken = []
    while judged and judged[0][0] < until:
        taken.append(judged.popleft())
    return taken


def coded(words: pa.Array) -> Coded:
    """Return a column of text, or of text as codes, as words and codes."""
    encoded = pc.dictionary_encode(words)
    return Coded(encoded.dictionary.to_pylist(), encoded.indices.to_numpy())
