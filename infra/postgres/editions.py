"""The editions of all frameworks along the log, as far as they say which competency is part of which."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson

from domain.kernel.ids import CompetencyId
from domain.kernel.times import microseconds
from domain.policy.relations import Tree
from domain.policy.timeline import Edition

SELECT_EDITIONS: Final = """
    SELECT position, recorded_at, data->>'framework_id' AS framework_id, (
        SELECT coalesce(json_agg(json_build_array(one->>'from_id', one->>'to_id') ORDER BY place), '[]')
        FROM json_array_elements(data->'associations') WITH ORDINALITY AS listed (one, place)
        WHERE one->>'kind' = 'isChildOf' AND one->>'from_id' <> one->>'to_id')::text AS pairs
    FROM ledger.event WHERE type = 'framework.published.v1' AND learner_id IS NULL ORDER BY position
"""


def editions_of(rows: Iterable[Sequence[Any]]) -> list[Edition]:
    """Return the trees that have parents, from the first framework on, given rows of `SELECT_EDITIONS`."""
    trees: dict[str, Tree] = {}
    editions = []
    for position, recorded_at, framework_id, pairs in rows:
        children: dict[CompetencyId, tuple[CompetencyId, ...]] = {}
        for child, parent in orjson.loads(pairs):
            children[parent] = (*children.get(parent, ()), child)
        if trees.get(framework_id, {}) != children:
            trees[framework_id] = children
            merged = {parent: of_parent for tree in trees.values() for parent, of_parent in tree.items()}
            editions.append(Edition(position, microseconds(recorded_at), merged))
    return editions
