"""What is pruned beside the generations of mastery: whom old what-ifs would have moved, and shards of pruned facts."""

import shutil
from pathlib import Path
from typing import Any, Final, NamedTuple

import psycopg

from infra.files.cell_shards import ShardFolder

PRUNE_SIMULATIONS: Final = """
    WITH pruned AS (
        UPDATE read_model.simulation AS old SET movers_pruned_at = now()
         WHERE state = 'finished' AND movers_pruned_at IS NULL
           AND EXISTS (SELECT FROM read_model.simulation AS newer
                        WHERE newer.policy_id = old.policy_id AND newer.state = 'finished'
                          AND newer.finished_at > old.finished_at)
           AND NOT EXISTS (SELECT FROM ledger.event AS rests
                            WHERE rests.learner_id IS NULL AND rests.stream = 'policy-' || old.policy_id
                              AND rests.type IN ('policy.approved.v1', 'policy.published.v1')
                              AND rests.data->>'simulation_id' = old.simulation_id)
        RETURNING simulation_id
    ), movers AS (
        DELETE FROM read_model.simulation_mover AS mover USING pruned WHERE mover.simulation_id = pruned.simulation_id
    ), acts AS (
        DELETE FROM read_model.simulation_act AS act USING pruned WHERE act.simulation_id = pruned.simulation_id
    )
    SELECT simulation_id FROM pruned ORDER BY simulation_id
"""
"""The last what-if of a policy is kept, for people look at it yet; so is what an approval or a publication rests on."""
FACTS: Final = "SELECT DISTINCT facts_generation FROM read_model.generation WHERE projector = 'mastery'"
FIRST_EVENT: Final = "SELECT event_id FROM ledger.event ORDER BY position LIMIT 1"


class Pruned(NamedTuple):
    """The what-ifs whose movers were deleted, and the facts generations whose shards were."""

    simulations: list[str]
    shards: list[int]


def prune(connection: psycopg.Connection[Any], cells: Path | None) -> Pruned:
    """Delete the movers of old what-ifs, and the shards in the folder `cells` of facts that are there no more."""
    simulations = [name for (name,) in connection.execute(PRUNE_SIMULATIONS).fetchall()]
    return Pruned(simulations, [] if cells is None else _prune_shards(connection, cells))


def _prune_shards(connection: psycopg.Connection[Any], cells: Path) -> list[int]:
    """Delete the shards of this ledger's facts that are gone; whoever has them mapped goes on with them."""
    there = {generation for (generation,) in connection.execute(FACTS).fetchall()}
    first = connection.execute(FIRST_EVENT).fetchone()
    pruned = []
    for folder in cells.glob("g*"):
        manifest = ShardFolder(folder).manifest()
        if manifest is None or first is None or not manifest.ledger.startswith(f"{first[0]}:"):
            continue
        if manifest.generation not in there:
            shutil.rmtree(folder)
            pruned.append(manifest.generation)
    return sorted(pruned)
