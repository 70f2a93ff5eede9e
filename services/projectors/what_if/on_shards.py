"""A what-if on the cell shards as tasks of a Ray cluster: each measures one shard by the same kernel.

A worker has the same code, reaches the database, and sees the folder of the shards.
"""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from domain.kernel.errors import Misconfigured, Unavailable
from infra.files.cell_shards import Manifest
from services.projectors import ledger
from services.projectors.cells import warm_cells
from services.projectors.cells.all_cells import cells_of_shard
from services.projectors.cells.states import Judge
from services.projectors.policies import load_timeline
from services.projectors.what_if.evaluate import Engine, Gauge, Measured, Work, compare, here

LOOPBACK: Final = "127.0.0.1"
OWN_CODE: Final = ("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
"""Under `uv run`, Ray would else send the folder to its workers, who would install everything anew."""


class Shards(NamedTuple):
    """What all tasks share: the database, the shards, and what their cells are measured by."""

    conninfo: str
    root: Path
    manifest: Manifest
    gauge: Gauge


def on_ray(conninfo: str) -> Engine:
    """Return the engine that has a Ray cluster measure the cells of a ledger.

    The cluster is that of RAY_ADDRESS, else one is started for the time of the call, on this machine.

    Raises:
        Misconfigured: configuration, if Ray is not installed; once the engine is used.
    """
    return partial(_measure_all, conninfo)


def measure_shard(shards: Shards, place: int) -> Measured:
    """Measure the cells of one shard.

    Raises:
        Unavailable: they have not come to the position.
        FileNotFoundError: the shards have been written anew.
    """
    with ledger.connect(shards.conninfo) as connection:
        timeline, judge, (draft, position, *_) = load_timeline(connection), Judge(), shards.gauge
        drafted = timeline.with_draft(position, draft.scoped, draft.document, draft.locked)
        facts, reached = cells_of_shard(connection, judge.vocabulary(), shards.root, shards.manifest, place)
        if reached < position:
            raise Unavailable("unavailable", f"cells have not come to position {position}", position=reached)
        return shards.gauge.measure(compare(connection, judge, facts, (timeline, drafted), position))


def _measure_all(conninfo: str, work: Work) -> Iterator[Measured]:
    assert work.cells is not None, "the settings name a folder"
    os.environ.setdefault(*OWN_CODE)
    try:
        import ray  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise Misconfigured("configuration", "Ray is not installed; install the extra ray") from error
    with ledger.connect(conninfo) as connection:
        manifest = warm_cells.manifest_of(connection, work.live.facts_generation, work.cells)
    if not manifest.shards:
        yield from here(work)
        return
    if "RAY_ADDRESS" in os.environ:
        ray.init(log_to_driver=False)
    else:
        ray.init(include_dashboard=False, log_to_driver=False, _node_ip_address=LOOPBACK)
    try:
        task = ray.remote(measure_shard)
        shared = ray.put(Shards(conninfo, work.cells.absolute(), manifest, work.gauge))
        for measured in [task.remote(shared, place) for place in range(len(manifest.shards))]:
            yield ray.get(measured)
    finally:
        ray.shutdown()
