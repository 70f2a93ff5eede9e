"""The scores behind a competency that is made of others: those of its parts, and of theirs."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from domain.kernel.ids import CompetencyId, ScoreId
from domain.policy.document import PolicyDocument
from domain.policy.events import SWITCHES
from domain.policy.relations import Tree, ties
from infra.postgres.editions import SELECT_EDITIONS, editions_of
from infra.postgres.tuples import Connection, select

WHOLES: Final = """
    SELECT scoped->>'policy_id', scoped->>'version', scoped->>'competency_id'
      FROM (SELECT data FROM ledger.event
             WHERE learner_id IS NULL AND type = ANY(%(switches)s) AND position <= %(position)s
             ORDER BY position DESC LIMIT 1) AS last
     CROSS JOIN json_array_elements(last.data->'policies') AS scoped
"""
"""The competency that each policy in force at a position is scoped to, if it is."""


class Ruled(NamedTuple):
    """A learner's competency: the policy that decides on it, and its own scores in force."""

    policy_id: str
    version: str
    policy: PolicyDocument
    score_ids: tuple[ScoreId, ...]


class Below:
    """What competencies of one learner rest on.

    Args:
        ruled: all competencies of the learner that have a cell.
        wholes: the competency that a policy and version is scoped to.
        tree: the parts of competencies.
    """

    def __init__(
        self,
        ruled: Mapping[CompetencyId, Ruled],
        wholes: Mapping[tuple[str, str], CompetencyId | None],
        tree: Tree,
    ) -> None:
        self._ruled, self._wholes, self._tree = ruled, wholes, tree
        self._of_policy = {policy_id: whole for (policy_id, _), whole in wholes.items()}

    def scores_of(self, competency_id: CompetencyId) -> tuple[ScoreId, ...]:
        """Return the scores that a competency rests on, each once: its own, or those of its parts if it has any."""
        return tuple(dict.fromkeys(self._scores(competency_id, frozenset())))

    def _scores(self, competency_id: CompetencyId, above: frozenset[CompetencyId]) -> Iterator[ScoreId]:
        one = self._ruled.get(competency_id)
        if one is None or competency_id in above:
            return
        # a version that no policy was drafted in has stages that are locked above it
        whole = self._wholes.get((one.policy_id, one.version), self._of_policy.get(one.policy_id))
        parts = ties(one.policy, whole, competency_id, self._tree).children
        if not parts:
            yield from one.score_ids
        for part in parts:
            yield from self._scores(part, above | {competency_id})


async def read_below(connection: Connection, ruled: Mapping[CompetencyId, Ruled], position: int) -> Below:
    """Return what a learner's competencies rest on under the policies and editions at a position."""
    scopes = await select(connection, WHOLES, {"switches": list(SWITCHES), "position": position})
    wholes = {(policy_id, version): whole for policy_id, version, whole in scopes}
    editions = [one for one in editions_of(await select(connection, SELECT_EDITIONS, {})) if one.position <= position]
    return Below(ruled, wholes, editions[-1].tree if editions else {})
