"""One level of a learner worked out on the spot: the scores of one time, under the policies of the same or another."""

from datetime import datetime
from typing import Final, NamedTuple

from domain.kernel.errors import Unknown
from domain.kernel.ids import CompetencyId
from domain.policy.relations import is_related
from services.query_api.answers import Connection, rows
from services.query_api.levels.learner_cells import LearnerCells, View, read_cells
from services.query_api.levels.learner_levels import CellLevel, LearnerLevels, read_homes, read_now_us
from services.query_api.levels.rulings import LearnerRulings, read_learner_rulings

COMPETENCY: Final = """
    SELECT competency->>'competency_id' AS competency_id, event.data->>'framework_id' AS framework_id,
           competency->>'statement' AS statement
      FROM ledger.event, json_array_elements(event.data->'competencies') AS competency
     WHERE event.learner_id IS NULL AND event.type = 'framework.published.v1'
       AND competency->>'competency_id' = %(competency_id)s
     ORDER BY event.position DESC
     LIMIT 1
"""


class Target(NamedTuple):
    """A competency, as its framework was last published."""

    competency_id: CompetencyId
    framework_id: str
    statement: str


class OneLevel(NamedTuple):
    """A level, and from what it was worked out."""

    level: CellLevel
    learner: LearnerCells
    rulings: LearnerRulings


async def read_target(connection: Connection, competency_id: str) -> Target:
    """Return a competency.

    Raises:
        Unknown: competency-unknown, if no framework holds it.
    """
    held = await rows(connection, COMPETENCY, {"competency_id": competency_id})
    if not held:
        raise Unknown("competency-unknown", f"competency {competency_id} is in no published framework")
    return Target(**held[0])


async def read_level(
    connection: Connection, learner_id: str, target: Target, view: View, ruled_at: datetime | None = None
) -> OneLevel:
    """Work out a learner's level of a competency, under the policies in force at `ruled_at` (None: now).

    Raises:
        Unknown: policy-unknown.
    """
    rulings = await read_learner_rulings(
        connection, learner_id, view.policy, view.as_of, view.known_at, ruled_at=ruled_at
    )
    hangs = any(is_related(one.document) for one in rulings.rulings.all)
    learner = await read_cells(connection, learner_id, view, None if hangs else target.competency_id)
    homes = {**await read_homes(connection, learner, rulings), target.competency_id: target.framework_id}
    levels = LearnerLevels(learner, rulings, homes, await read_now_us(connection, view))
    level = levels.of(target.competency_id)
    assert level is not None, "it is worked out"
    return OneLevel(level, learner, rulings)
