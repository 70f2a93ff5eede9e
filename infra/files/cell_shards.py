"""Cell shards: the score facts of a generation as Arrow files, cut on learner borders, memory-mapped by the kernel.

A shard has one row a cell: its learner, competency and framework, and its score revisions as a list, whose columns lie
side by side as the kernel reads them. The manifest names the shards, in learner order, and the position up to which
they hold all facts. It is replaced last, so that a crash leaves the shards as they were; files that it does not name
are swept away by the next writer.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, TypeVar
from uuid import uuid4

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from domain.mastery.cells import Codes, Vocabulary
from domain.mastery.revisions import NEVER
from infra.postgres.all_scores import AllScores
from infra.postgres.score_cells import Facts

VERSION: Final = 2
"""Of the form of manifest and shards; another one is built anew."""
MANIFEST: Final = "manifest.json"
LOCK: Final = "lock"
COLUMNS: Final = (
    "value",
    "possible",
    "kind",
    "role",
    "task",
    "occurred_us",
    "recorded_us",
    "given",
    "position",
    "ended",
)
WORDS: Final = ("learner", "competency", "framework")
Code = TypeVar("Code", np.int32, np.int64)
TASKS: Final = b"tasks"
"""Key of the schema's metadata: the words of the task codes, as JSON."""


class Sums(NamedTuple):
    """What tells the rows of a shard from those of the database, cheaply: their number, and sums modulo 2^64."""

    scores: int
    value: int
    position: int
    ended: int


class Shard(msgspec.Struct, frozen=True):
    """One file: learners from `first` on, until before that of the next shard."""

    file: str
    first: str
    learners: int
    cells: int
    sums: Sums


class Manifest(msgspec.Struct, frozen=True):
    """The shards of a facts generation of a ledger, and the words of their kind and role codes."""

    version: int
    generation: int
    ledger: str
    position: int
    kinds: tuple[str, ...]
    roles: tuple[str, ...]
    shards: tuple[Shard, ...]


@dataclass(frozen=True)
class ShardFolder:
    """The folder of the shards of one facts generation."""

    path: Path

    def manifest(self) -> Manifest | None:
        """Return what the folder holds; None if it holds nothing that can be read."""
        try:
            manifest = msgspec.json.decode((self.path / MANIFEST).read_bytes(), type=Manifest)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return manifest if manifest.version == VERSION else None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out; readers go on with the files that they have opened."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def write(self, scores: AllScores, tasks: Sequence[str]) -> Shard:
        """Write a shard that no manifest names yet, down to the disk; `tasks` are the words of its task codes."""
        name = f"{uuid4().hex}.arrow"
        batch = _batch(scores, tasks)
        with (self.path / name).open("xb") as file:
            with pa.ipc.new_file(file, batch.schema) as writer:
                writer.write_batch(batch)
            os.fsync(file.fileno())
        return Shard(
            file=name,
            first=scores.learners[0].as_py(),
            learners=len(batch.column("learner").dictionary),
            cells=len(scores.learners),
            sums=sums_of(scores.facts),
        )

    def open(self, manifest: Manifest) -> list[pa.MemoryMappedFile]:
        """Map all shards into memory: then they stay, whoever replaces them.

        Raises:
            FileNotFoundError: another writer has replaced them since the manifest was read.
        """
        return [self.map(shard) for shard in manifest.shards]

    def map(self, shard: Shard) -> pa.MemoryMappedFile:
        """Map one shard into memory.

        Raises:
            FileNotFoundError: as `open`.
        """
        return pa.memory_map(str(self.path / shard.file))

    def publish(self, manifest: Manifest) -> None:
        """Make a manifest the valid one, then sweep away what it does not name."""
        aside = self.path / f"{MANIFEST}.new"
        with aside.open("wb") as file:
            file.write(msgspec.json.encode(manifest))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self.path / MANIFEST)
        folder = os.open(self.path, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        named = {shard.file for shard in manifest.shards}
        for stale in self.path.glob("*.arrow"):
            if stale.name not in named:
                stale.unlink()


def read_shard(file: pa.MemoryMappedFile, manifest: Manifest, vocabulary: Vocabulary) -> AllScores:
    """Return the scores of a shard as they lie in memory; only codes that the vocabulary has otherwise are copied."""
    shard = pa.ipc.open_file(file)
    batch = shard.get_batch(0)
    entries = batch.column("scores")
    columns = {name: entries.values.field(name).to_numpy() for name in COLUMNS}
    columns["kind"] = _translated(columns["kind"], manifest.kinds, vocabulary.kinds)
    columns["role"] = _translated(columns["role"], manifest.roles, vocabulary.roles)
    columns["task"] = _translated(columns["task"], json.loads(shard.schema.metadata[TASKS]), vocabulary.tasks)
    nothing = np.zeros(len(columns["value"]), np.int64)
    facts = Facts(offsets=entries.offsets.to_numpy(), begun_us=nothing, ended_us=nothing, **columns)
    learners, competencies, frameworks = (batch.column(name) for name in WORDS)
    return AllScores(learners, competencies, frameworks, facts, manifest.position)


def sums_of(facts: Facts) -> Sums:
    """Return the sums of revisions; one that is in force has an `ended` of 0 here."""
    ended = np.where(facts.ended == NEVER, 0, facts.ended)
    return Sums(len(facts.value), *(int(column.sum()) % 2**64 for column in (facts.value, facts.position, ended)))


def _batch(scores: AllScores, tasks: Sequence[str]) -> pa.RecordBatch:
    columns = [pa.array(getattr(scores.facts, name)) for name in COLUMNS]
    entries = pa.StructArray.from_arrays(columns, COLUMNS)
    lists = pa.LargeListArray.from_arrays(pa.array(scores.facts.offsets), entries)
    words = [scores.learners, scores.competencies, scores.frameworks]
    batch = pa.RecordBatch.from_arrays([*words, lists], [*WORDS, "scores"])
    return batch.replace_schema_metadata({TASKS: json.dumps(tasks)})


def _translated(codes: NDArray[Code], words: Sequence[str], known: Codes) -> NDArray[Code]:
    """Return codes of the words in a vocabulary: the same array where they agree; -1 stays."""
    theirs: list[int] = [known.code(word) for word in words]
    if theirs == list(range(len(words))):
        return codes
    table: NDArray[Code] = np.array([*theirs, -1], codes.dtype)
    return table[codes]
