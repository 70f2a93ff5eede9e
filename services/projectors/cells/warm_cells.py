"""Warm cells: the shards of a facts generation, built from the database and kept up to date by what was touched since.

Which shards can be trusted follows from the database, not from the clock: whose facts came after the shards' position,
and whose came late. What is in doubt (another ledger, another form, other sums) is built anew.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, starmap
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import psycopg
import pyarrow as pa
import structlog

from domain.mastery.cells import Codes, Vocabulary
from infra.ahead import ahead
from infra.files.cell_shards import VERSION, Manifest, Shard, ShardFolder, Sums, read_shard, sums_of
from infra.postgres.all_scores import POSITION, AllScores, fetch_all_scores, fetch_in_parts, in_cells, only, within
from infra.postgres.merging import merged, same

TASKS_MAX: Final = 65_536
"""Shards share their task codes up to so many tasks; then the next shard begins anew."""
STALE_LEARNERS: Final = 16
"""When more than one learner in so many was touched, the shards are written anew."""
LEDGER: Final = """
    SELECT concat((SELECT event_id FROM ledger.event ORDER BY position LIMIT 1), ':', to_regclass(%s)::oid)
"""
"""What tells a ledger and its table of facts from all others."""
TOUCHED: Final = """
    SELECT learner_id FROM read_model.score
    WHERE generation = %(generation)s AND (position > %(position)s OR ended_position > %(position)s)
    UNION
    SELECT learner_id FROM read_model.late_learner WHERE generation = %(generation)s AND position >= %(position)s
"""
SUMS: Final = """
    SELECT width_bucket(learner_id COLLATE "C", %(firsts)s::text[]) AS shard, count(*), sum(value_micro), sum(position),
        sum(coalesce(ended_position, 0))
    FROM read_model.score_g{generation} WHERE learner_id <> ALL(%(touched)s::text[])
    GROUP BY shard
"""
log = structlog.get_logger()


class _Origin(NamedTuple):
    """Of which facts shards are, and how far these have come."""

    generation: int
    ledger: str
    position: int


class Standing(NamedTuple):
    """How the shards of a facts generation stand; `learners_touched` have changed since `position`."""

    generation: int
    position: int
    head: int
    shards: int
    cells: int
    scores: int
    bytes: int
    learners_touched: int


def warm_scores(
    connection: psycopg.Connection[Any], generation: int, vocabulary: Vocabulary, root: Path
) -> Iterable[AllScores]:
    """Return all scores of a facts generation in parts, each up to date; builds or renews the shards first.

    The connection is of the caller's only, in autocommit, and stays open as long as the parts are read.

    Raises:
        OSError: the folder can't be used.
    """
    folder = ShardFolder(root / f"g{generation}")
    manifest, files = _opened(connection, folder, generation)
    if not files:
        return [fetch_all_scores(connection, generation, vocabulary)]
    position, touched = position_of(connection, generation), _touched(connection, manifest)

    def part(file: pa.MemoryMappedFile, mine: Sequence[str]) -> AllScores:
        scores = read_shard(file, manifest, vocabulary)
        return _updated(connection, generation, scores, mine, vocabulary)._replace(position=position)

    return starmap(part, zip(files, _by_shard(manifest, touched), strict=True))


def manifest_of(connection: psycopg.Connection[Any], generation: int, root: Path) -> Manifest:
    """Return the shards of a facts generation, built or renewed if need be.

    Raises:
        OSError: the folder can't be used.
    """
    return _opened(connection, ShardFolder(root / f"g{generation}"), generation)[0]


def shard_scores(
    connection: psycopg.Connection[Any], manifest: Manifest, root: Path, place: int, vocabulary: Vocabulary
) -> AllScores:
    """Return the scores of one shard, up to date, as `warm_scores` does.

    Raises:
        FileNotFoundError: the shards have been written anew since.
    """
    file = ShardFolder(root / f"g{manifest.generation}").map(manifest.shards[place])
    position, touched = position_of(connection, manifest.generation), _touched(connection, manifest)
    scores, mine = read_shard(file, manifest, vocabulary), _by_shard(manifest, touched)[place]
    return _updated(connection, manifest.generation, scores, mine, vocabulary)._replace(position=position)


def build(connection: psycopg.Connection[Any], generation: int, root: Path) -> None:
    """Build all shards of a facts generation from the database, be there some or not."""
    folder = ShardFolder(root / f"g{generation}")
    with folder.locked():
        _build(connection, folder, generation)


def standing(connection: psycopg.Connection[Any], generation: int, root: Path) -> Standing | None:
    """Return how the shards of a facts generation stand; None if there are none that can be trusted."""
    folder = ShardFolder(root / f"g{generation}")
    manifest = _trusted(connection, folder, generation)
    if manifest is None:
        return None
    return Standing(
        generation=generation,
        position=manifest.position,
        head=position_of(connection, generation),
        shards=len(manifest.shards),
        cells=sum(shard.cells for shard in manifest.shards),
        scores=sum(shard.sums.scores for shard in manifest.shards),
        bytes=sum((folder.path / shard.file).stat().st_size for shard in manifest.shards),
        learners_touched=len(_touched(connection, manifest)),
    )


def differing(connection: psycopg.Connection[Any], generation: int, root: Path) -> list[str]:
    """Return the shards that hold other scores than the database, by number and sums; learners touched since left out.

    The connection is in autocommit.
    """
    folder = ShardFolder(root / f"g{generation}")
    manifest, files = _opened(connection, folder, generation)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        touched = _touched(connection, manifest)
        values = {"firsts": [shard.first for shard in manifest.shards[1:]], "touched": touched}
        rows = connection.execute(SUMS.format(generation=generation).encode(), values).fetchall()
    theirs = {place: Sums(*(int(number) % 2**64 for number in sums)) for place, *sums in rows}
    wrong = []
    for place, (file, mine) in enumerate(zip(files, _by_shard(manifest, touched), strict=True)):
        kept = merged(read_shard(file, manifest, Vocabulary()), None, mine)
        if sums_of(kept.facts) != theirs.get(place, Sums(0, 0, 0, 0)):
            wrong.append(manifest.shards[place].file)
    return wrong


def differing_anywhere(connection: psycopg.Connection[Any], generation: int, root: Path) -> list[str]:
    """Return the same, but by every column of every score, shard after shard."""
    manifest, files = _opened(connection, ShardFolder(root / f"g{generation}"), generation)
    wrong = []
    for place, (shard, file) in enumerate(zip(manifest.shards, files, strict=True)):
        words = Vocabulary()
        mine = read_shard(file, manifest, words)
        following = manifest.shards[place + 1].first if shard is not manifest.shards[-1] else None
        between = within(connection, shard.first if place else None, following)
        theirs = fetch_all_scores(connection, generation, words, condition=between)
        touched = _by_shard(manifest, _touched(connection, manifest))[place]
        if not same(merged(mine, None, touched), merged(theirs, None, touched)):
            wrong.append(shard.file)
    return wrong


def position_of(connection: psycopg.Connection[Any], generation: int) -> int:
    """Return the position up to which a facts generation holds all facts."""
    row = connection.execute(POSITION.format(generation=generation).encode()).fetchone()
    assert row is not None
    return int(row[0] or 0)


def _opened(
    connection: psycopg.Connection[Any], folder: ShardFolder, generation: int
) -> tuple[Manifest, list[pa.MemoryMappedFile]]:
    """Return shards that can be trusted, mapped, so that no other writer takes them away; made first if need be."""
    while True:
        manifest = _trusted(connection, folder, generation)
        if manifest is None or _is_stale(manifest, _touched(connection, manifest)):
            with folder.locked():
                manifest = _made(connection, folder, generation)
        try:
            return manifest, folder.open(manifest)
        except FileNotFoundError:
            continue


def _made(connection: psycopg.Connection[Any], folder: ShardFolder, generation: int) -> Manifest:
    """Build the shards, or bring them up to date, unless another process has done so."""
    manifest = _trusted(connection, folder, generation)
    if manifest is None or not manifest.shards:
        return _build(connection, folder, generation)
    if not _is_stale(manifest, _touched(connection, manifest)):
        return manifest
    renewed = _renew(connection, folder, manifest)
    if wrong := differing(connection, generation, folder.path.parent):
        log.warning("shards in doubt", generation=generation, files=wrong)
        return _build(connection, folder, generation)
    return renewed


def _build(connection: psycopg.Connection[Any], folder: ShardFolder, generation: int) -> Manifest:
    words, origin = Vocabulary(), _origin(connection, generation)

    with TemporaryDirectory(dir=folder.path, prefix="parts-") as aside:
        parts = _parts(fetch_in_parts(connection, generation, Path(aside)), words)
        shards = [*ahead(lambda part: folder.write(*part), parts, 1)]
    return _publish(folder, origin, words, shards)


def _parts(fetched: Iterable[tuple[int, pa.Table]], words: Vocabulary) -> Iterator[tuple[AllScores, Sequence[str]]]:
    """Return parts as cells, each with the words of its tasks; kinds and roles have codes of `words`."""
    tasks = words.tasks
    for position, rows in fetched:
        if len(tasks) > TASKS_MAX:
            tasks = Codes()
        if len(rows):
            yield in_cells(rows, replace(words, tasks=tasks), position), tasks.words


def _renew(connection: psycopg.Connection[Any], folder: ShardFolder, manifest: Manifest) -> Manifest:
    """Write the shards anew in which learners were touched."""
    words, shards, origin = Vocabulary(), [], _origin(connection, manifest.generation)
    touched = _touched(connection, manifest)
    for shard, file, mine in zip(manifest.shards, folder.open(manifest), _by_shard(manifest, touched), strict=True):
        words = Vocabulary(words.kinds, words.roles)
        scores = read_shard(file, manifest, words)
        if mine:
            shards.append(folder.write(_updated(connection, origin.generation, scores, mine, words), words.tasks.words))
        else:
            shards.append(shard)
    return _publish(folder, origin, words, shards)


def _publish(folder: ShardFolder, origin: _Origin, words: Vocabulary, shards: Sequence[Shard]) -> Manifest:
    manifest = Manifest(VERSION, *origin, words.kinds.words, words.roles.words, tuple(shards))
    folder.publish(manifest)
    log.info("cells written", generation=origin.generation, position=origin.position, shards=len(shards))
    return manifest


def _trusted(connection: psycopg.Connection[Any], folder: ShardFolder, generation: int) -> Manifest | None:
    """Return the manifest if its shards are of this ledger's facts and not ahead of them."""
    manifest, origin = folder.manifest(), _origin(connection, generation)
    if manifest is None or manifest.ledger != origin.ledger or manifest.position > origin.position:
        return None
    return manifest


def _is_stale(manifest: Manifest, touched: Sequence[str]) -> bool:
    return len(touched) * STALE_LEARNERS > sum(shard.learners for shard in manifest.shards)


def _updated(
    connection: psycopg.Connection[Any],
    generation: int,
    scores: AllScores,
    touched: Sequence[str],
    vocabulary: Vocabulary,
) -> AllScores:
    """Return scores with those of the touched learners fetched anew."""
    if not touched:
        return scores
    return merged(
        scores, fetch_all_scores(connection, generation, vocabulary, condition=only(connection, touched)), touched
    )


def _by_shard(manifest: Manifest, touched: Sequence[str]) -> list[list[str]]:
    """Return the touched learners of each shard; they come in order."""
    firsts = [shard.first for shard in manifest.shards[1:]]
    cuts = [0, *(bisect_left(touched, first) for first in firsts), len(touched)]
    return [[*touched[low:high]] for low, high in pairwise(cuts)][: len(manifest.shards)]


def _touched(connection: psycopg.Connection[Any], manifest: Manifest) -> list[str]:
    """Return the learners whose facts may be others than the shards say, in order."""
    values = {"generation": manifest.generation, "position": manifest.position}
    return sorted(learner for (learner,) in connection.execute(TOUCHED, values).fetchall())


def _origin(connection: psycopg.Connection[Any], generation: int) -> _Origin:
    position = position_of(connection, generation)
    row = connection.execute(LEDGER, (f"read_model.score_g{generation}",)).fetchone()
    assert row is not None
    return _Origin(generation, row[0], position)
