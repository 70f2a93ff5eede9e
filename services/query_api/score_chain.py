"""One score's chain: given, corrected, voided, withdrawn: who, when, why, before and after."""

from typing import Final

from domain.kernel.errors import Unknown
from services.query_api.answers import Answer, Connection, rows
from services.query_api.trail import SELECT, TrailEntry, read_entries

SCORE: Final = """
    SELECT evidence_id, learner_id, competency_id
      FROM read_model.score
     WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
       AND score_id = %(score_id)s
     LIMIT 1
"""
CHAIN: Final = f"""{SELECT.format(about="")}
       AND event.stream = 'evidence-' || %(evidence_id)s
       AND audit.subject_id IN (%(score_id)s, %(evidence_id)s)
     ORDER BY event.position
"""


class ScoreChain(Answer):
    """Everything that happened to a score, oldest first, with what happened to its evidence."""

    score_id: str
    evidence_id: str
    learner_id: str
    competency_id: str
    entries: tuple[TrailEntry, ...]


async def learner_of_score(connection: Connection, score_id: str) -> str:
    """Return the learner that a score was given to.

    Raises:
        Unknown: score-unknown.
    """
    return str((await _read_score(connection, score_id))["learner_id"])


async def read_chain(connection: Connection, score_id: str) -> ScoreChain:
    """Return a score's chain.

    Raises:
        Unknown: score-unknown.
    """
    names = {"score_id": score_id, **await _read_score(connection, score_id)}
    return ScoreChain(**names, entries=tuple(await read_entries(connection, CHAIN, names)))


async def _read_score(connection: Connection, score_id: str) -> dict[str, str]:
    found = await rows(connection, SCORE, {"score_id": score_id})
    if not found:
        raise Unknown("score-unknown", f"score {score_id} was not given")
    return found[0]
