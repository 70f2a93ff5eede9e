"""A learner's scores in force as cells, as they were at a time, as they were known at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field

from domain.mastery.cells import Cells, Vocabulary
from domain.mastery.history import only
from infra.postgres.score_cells import SCORES_IN_FORCE, ScoreRow, cells_in_force
from services.query_api.answers import Asked, Connection, Time, Word, rows

JUDGED: Final = """
    SELECT competency_id, judgement_id, level, actor_id, actor_role, reason, occurred_at, expires_on
      FROM read_model.judgement
     WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
       AND learner_id = %(learner_id)s
       AND (%(competency_id)s::text IS NULL OR competency_id = %(competency_id)s)
       AND (%(as_of)s::timestamptz IS NULL OR occurred_at <= %(as_of)s)
       AND (%(known_at)s::timestamptz IS NULL OR recorded_at <= %(known_at)s)
       AND (lifted_at IS NULL OR lifted_at > least(%(as_of)s::timestamptz, %(known_at)s::timestamptz))
     ORDER BY position
"""


class View(Asked):
    """From where mastery is looked at: what was true at a time, as known at a time, under which policy.

    Absent: now, all that is known, the policies in force.
    """

    as_of: Time | None = None
    known_at: Time | None = None
    policy: Word | None = Field(None, description="A policy's id (its last revision), or the hash of a version.")


NOW: Final = View()


@dataclass(frozen=True, slots=True)
class LearnerCells:
    """A learner's scores in force as cells, one a competency, with the judgements that hold."""

    competency_ids: tuple[str, ...]
    scores: Sequence[ScoreRow]
    judgements: Mapping[str, dict[str, Any]]
    cells: Cells
    vocabulary: Vocabulary

    def scores_of(self, competency_id: str) -> list[ScoreRow]:
        """Return the scores in force of one competency."""
        return [score for score in self.scores if score.competency_id == competency_id]

    def framework_of(self, competency_id: str) -> str | None:
        """Return the framework that a competency was scored in last; None without scores."""
        scores = self.scores_of(competency_id)
        return scores[-1].framework_id if scores else None


async def read_cells(
    connection: Connection, learner_id: str, view: View, competency_id: str | None = None
) -> LearnerCells:
    """Return the cells of a learner, or one of them."""
    asked = {"learner_id": learner_id, "competency_id": competency_id, **view.model_dump()}
    scores = [ScoreRow(**row) for row in await rows(connection, SCORES_IN_FORCE, asked)]
    judgements = {row["competency_id"]: row for row in await rows(connection, JUDGED, asked)}
    vocabulary = Vocabulary()
    judged = {(learner_id, competency): row["level"] for competency, row in judgements.items()}
    keys, cells = cells_in_force(scores, vocabulary, judged)
    return LearnerCells(tuple(competency for _, competency in keys), scores, judgements, cells, vocabulary)


def reached(cells: Cells, since_us: int) -> Cells:
    """Return the cells with the scores that occurred at or after a time."""
    return only(cells, cells.occurred_us >= since_us)
