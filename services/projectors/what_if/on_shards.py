"""A what-if on the cell shards as tasks of a Ray cluster: each evaluates one shard by the same kernel.

A worker has the same code, reaches the database, and sees the folder of the shards.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from domain.kernel.errors import Misconfigured, Unavailable
from domain.mastery.digest import Digest
from infra.files.cell_shards import Manifest
from services.projectors import generations, ledger, warm_cells
from services.projectors.all_cells import cells_of_shard
from services.projectors.mastery import NAME
from services.projectors.mastery_states import NO_LEVEL, Judge, States
from services.projectors.policies import load_timeline
from services.projectors.what_if.compared import Compared, decided_by
from services.projectors.what_if.evaluate import Draft, compare

NONE: Final = "none"
LOOPBACK: Final = "127.0.0.1"


class Work(NamedTuple):
    """What all tasks share: the database, the shards, and what is tried at which position."""

    conninfo: str
    root: Path
    manifest: Manifest
    draft: Draft
    position: int


class Outcome(NamedTuple):
    """Of some cells: the digest of what there would be, and how many in scope go from which level to which."""

    digest: Digest
    moves: Counter[tuple[str, str]]

    def __add__(self, other: object) -> "Outcome":
        """Return the outcome of the cells of both."""
        if not isinstance(other, Outcome):
            return NotImplemented
        return Outcome(self.digest + other.digest, self.moves + other.moves)

    @property
    def matrix(self) -> dict[str, dict[str, int]]:
        """The cells by level before, then by level after."""
        matrix: dict[str, dict[str, int]] = defaultdict(dict)
        for (before, after), cells in self.moves.items():
            matrix[before][after] = cells
        return dict(matrix)


def simulate_on_ray(conninfo: str, root: Path, draft: Draft) -> tuple[int, Outcome]:
    """Evaluate all cells at the position of the live levels with a draft in force; return the position and the outcome.

    The cluster is that of RAY_ADDRESS, else one is started for the time of the call, on this machine.

    Raises:
        Misconfigured: configuration, if Ray is not installed.
        Unavailable: mastery was never projected.
    """
    with ledger.connect(conninfo) as connection:
        live = generations.live(connection, NAME)
        if live.facts_generation is None:
            raise Unavailable("unavailable", "no score is projected yet")
        manifest = warm_cells.manifest_of(connection, live.facts_generation, root)
    work = Work(conninfo, root.absolute(), manifest, draft, live.position)
    return live.position, sum(_on_ray(work), Outcome(Digest(), Counter()))


def evaluate_shard(work: Work, place: int) -> Outcome:
    """Evaluate the cells of one shard.

    Raises:
        Unavailable: they have not come to the position.
        FileNotFoundError: the shards have been written anew.
    """
    with ledger.connect(work.conninfo) as connection:
        timeline, judge, draft = load_timeline(connection), Judge(), work.draft
        drafted = timeline.with_draft(work.position, draft.scoped, draft.document, draft.locked)
        facts, reached = cells_of_shard(connection, judge.vocabulary(), work.root, work.manifest, place)
        if reached < work.position:
            raise Unavailable("unavailable", f"cells have not come to position {work.position}", position=reached)
        compared = compare(connection, judge, facts, (timeline, drafted), work.position)
    return Outcome(compared.digest(), _moves(compared.only(decided_by(compared.after, draft.scoped.policy_id))))


def _on_ray(work: Work) -> Iterator[Outcome]:
    try:
        import ray  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise Misconfigured("configuration", "Ray is not installed; install the extra ray") from error
    if "RAY_ADDRESS" in os.environ:
        ray.init(log_to_driver=False)
    else:
        ray.init(include_dashboard=False, log_to_driver=False, _node_ip_address=LOOPBACK)
    try:
        task, shared = ray.remote(evaluate_shard), ray.put(work)
        yield from ray.get([task.remote(shared, place) for place in range(len(work.manifest.shards))])
    finally:
        ray.shutdown()


def _moves(compared: Compared) -> Counter[tuple[str, str]]:
    """Count the cells by their level before and after."""
    before, after = _words(compared.before), _words(compared.after)
    pairs, cells = np.unique([compared.before.effective, compared.after.effective], axis=1, return_counts=True)
    return Counter(
        {(before[old], after[new]): number for (old, new), number in zip(pairs.T.tolist(), cells.tolist(), strict=True)}
    )


def _words(states: States) -> dict[int, str]:
    return {NO_LEVEL: NONE, **dict(enumerate(states.levels))}
