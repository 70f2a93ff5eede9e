"""The policy sets in force along the log: which policy decided on a cell at which position."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any, Final, NamedTuple, get_args

import orjson
import psycopg

from domain.kernel.ids import CompetencyId, PolicyVersion
from domain.operations.events import DayBegun
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.events import PolicySwitch, ScopedPolicy, joined
from domain.policy.relations import Tree
from domain.policy.rulings import Ruling, Rulings, rulings_of
from infra.postgres.score_cells import microseconds
from schemas.registry import decode

SWITCHES: Final = frozenset(event.type for event in get_args(PolicySwitch))
SELECT_SWITCHES: Final = """
    SELECT position, recorded_at, type, data FROM ledger.event
    WHERE type = ANY(%s) AND learner_id IS NULL ORDER BY position
"""
SELECT_DOCUMENTS: Final = """
    SELECT data->'document' FROM ledger.event
    WHERE type = 'policy.drafted.v1' AND learner_id IS NULL AND data->>'version' = ANY(%s)
"""

SELECT_CHILDREN: Final = """
    SELECT position, recorded_at, data->>'framework_id', (
        SELECT coalesce(json_agg(json_build_array(one->>'from_id', one->>'to_id') ORDER BY place), '[]')
        FROM json_array_elements(data->'associations') WITH ORDINALITY AS listed (one, place)
        WHERE one->>'kind' = 'isChildOf' AND one->>'from_id' <> one->>'to_id')
    FROM ledger.event WHERE type = 'framework.published.v1' AND learner_id IS NULL ORDER BY position
"""
SELECT_TICKS: Final = """
    SELECT position, max((data->>'day')::date) OVER (ORDER BY position)
    FROM ledger.event WHERE type = %s AND learner_id IS NULL ORDER BY position
"""


class Epoch(NamedTuple):
    """A stretch of the log with one policy set: from `position` on, until the next epoch."""

    position: int
    recorded_us: int
    policies: tuple[ScopedPolicy, ...]
    rulings: Rulings


class Edition(NamedTuple):
    """A stretch of the log with the same competency trees: all published by `position`, until the next edition."""

    position: int
    recorded_us: int
    tree: Tree


class Tick(NamedTuple):
    """A day that has begun, and when: what is no longer valid then is looked at anew."""

    position: int
    at_us: int


class Timeline:
    """All epochs of the log, in order; the first one has the built-in policies. Editions and ticks go beside them."""

    def __init__(self, epochs: Sequence[Epoch], editions: Sequence[Edition] = (), ticks: Sequence[Tick] = ()) -> None:
        self.epochs = epochs
        self.editions = editions
        self.ticks = ticks
        self._starts = [epoch.position for epoch in epochs]

    @property
    def switches(self) -> list[int]:
        """The positions at which a policy set came into force."""
        return self._starts[1:]

    def at(self, position: int) -> Epoch:
        """Return the epoch that a position lies in."""
        return self.epochs[bisect_right(self._starts, position) - 1]

    def with_draft(self, position: int, scoped: ScopedPolicy, document: PolicyDocument) -> "Timeline":
        """Return the timeline as it would go on if a policy came into force right after a position.

        The states at that position are then those that a switch would make of the facts up to there.
        """
        current = self.at(position)
        ruling = Ruling(scoped.policy_id, scoped.version, document, scoped.competency_id)
        rulings = current.rulings.put(scoped.framework_id, ruling)
        epoch = Epoch(position, current.recorded_us, joined(current.policies, scoped), rulings)
        return Timeline([*(one for one in self.epochs if one.position <= position), epoch], self.editions, self.ticks)

    def only(self, epoch: Epoch) -> "Timeline":
        """Return the timeline as if one policy set had been in force from the beginning."""
        return Timeline([epoch._replace(position=0)], self.editions, self.ticks)


def load_timeline(connection: psycopg.Connection[Any]) -> Timeline:
    """Read the epochs of the whole log.

    Raises:
        Unknown: policy-version-unknown, if a policy was activated that nobody drafted.
    """
    switches = []
    for position, recorded_at, type_name, data in connection.execute(SELECT_SWITCHES, (list(SWITCHES),)).fetchall():
        event = decode(type_name, data)
        assert isinstance(event, PolicySwitch)
        switches.append((position, recorded_at, event.policies))
    documents = _load_documents(connection, {one.version for *_, policies in switches for one in policies})
    epochs = [Epoch(0, 0, (), Rulings())]
    for position, recorded_at, policies in switches:
        epochs.append(Epoch(position, microseconds(recorded_at), policies, rulings_of(policies, documents)))
    return Timeline(epochs, _load_editions(connection), _load_ticks(connection))


def _load_editions(connection: psycopg.Connection[Any]) -> list[Edition]:
    """Read the trees that have parents, from the first framework on."""
    trees: dict[str, Tree] = {}
    editions = []
    for position, recorded_at, framework_id, pairs in connection.execute(SELECT_CHILDREN).fetchall():
        children: dict[CompetencyId, tuple[CompetencyId, ...]] = {}
        for child, parent in orjson.loads(pairs):
            children[parent] = (*children.get(parent, ()), child)
        if trees.get(framework_id, {}) != children:
            trees[framework_id] = children
            merged = {parent: of_parent for tree in trees.values() for parent, of_parent in tree.items()}
            editions.append(Edition(position, microseconds(recorded_at), merged))
    return editions


def _load_ticks(connection: psycopg.Connection[Any]) -> list[Tick]:
    rows = connection.execute(SELECT_TICKS, (DayBegun.type,)).fetchall()
    return [Tick(position, microseconds(datetime.combine(day, time(), UTC))) for position, day in rows]


def epoch_of(connection: psycopg.Connection[Any], policies: tuple[ScopedPolicy, ...]) -> Epoch:
    """Return the epoch that a policy set would make, from the beginning of the log.

    Raises:
        Unknown: policy-version-unknown.
    """
    documents = _load_documents(connection, {one.version for one in policies})
    return Epoch(0, 0, policies, rulings_of(policies, documents))


def _load_documents(connection: psycopg.Connection[Any], versions: set[PolicyVersion]) -> dict[str, PolicyDocument]:
    if not versions:
        return {}
    rows = connection.execute(SELECT_DOCUMENTS, (sorted(versions),)).fetchall()
    documents = (parse_policy(orjson.loads(document)) for (document,) in rows)
    return {document.version: document for document in documents}
