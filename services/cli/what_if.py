"""What a policy would do: all cells that it would decide on, evaluated in memory; nothing is written."""

from collections import Counter, defaultdict
from typing import Any, Final

from domain.mastery.cells import Vocabulary
from domain.mastery.compile import compile_policy
from domain.mastery.kernel import evaluate
from domain.policy.document import PolicyDocument
from infra.postgres.database import Database
from infra.postgres.score_cells import SCORE_COLUMNS, CellKey, ScoreRow, cells_in_force
from services.cli.ledger import ask
from services.cli.policy_acts import count_moves
from services.query_api.answers import Connection, rows
from services.query_api.policies import read_policies

LEVELS: Final = """
    SELECT learner_id, competency_id, coalesce(effective_level, 'none') AS level,
           avg(value_micro) OVER (PARTITION BY effective_level) AS height
      FROM read_model.current_mastery
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
           AND CASE WHEN %(framework)s::text IS NULL
                    THEN framework_id IS NULL OR framework_id <> ALL(%(others)s::text[])
                    ELSE framework_id = %(framework)s END
     ORDER BY height NULLS FIRST
"""
"""The lowest level first."""
SCORES: Final = f"""
    SELECT {SCORE_COLUMNS}
      FROM read_model.score
     WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
           AND ended_at IS NULL
"""
JUDGEMENTS: Final = """
    SELECT learner_id, competency_id, level
      FROM read_model.judgement
     WHERE generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
           AND lifted_position IS NULL
"""


def what_if(database: Database, policy: PolicyDocument, framework_id: str | None) -> dict[str, Any]:
    """Return the matrix of levels now and under a policy for one framework, or for all that have none of their own.

    Raises:
        Invalid: cell-out-of-bounds.
    """
    matrix = ask(database, lambda connection: _compare(connection, policy, framework_id))
    return {"version": policy.version, **count_moves(matrix)}


async def _compare(
    connection: Connection, policy: PolicyDocument, framework_id: str | None
) -> dict[str, dict[str, int]]:
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        in_force = (await read_policies(connection)).in_force
        others = [one.framework_id for one in in_force if one.framework_id is not None]
        now = await rows(connection, LEVELS, {"framework": framework_id, "others": others})
        scores = [ScoreRow(**row) for row in await rows(connection, SCORES, {})]
        judged = {_key(row): row["level"] for row in await rows(connection, JUDGEMENTS, {})}
    levels = evaluate_all(policy, scores, judged)
    moves = Counter((row["level"], levels.get(_key(row), "none")) for row in now)
    matrix: dict[str, dict[str, int]] = defaultdict(dict)
    for (before, after), cells in moves.items():
        matrix[before][after] = cells
    return matrix


def _key(row: dict[str, Any]) -> CellKey:
    return row["learner_id"], row["competency_id"]


def evaluate_all(policy: PolicyDocument, scores: list[ScoreRow], judged: dict[CellKey, str]) -> dict[CellKey, str]:
    """Return the level of each cell that has one, by the kernel.

    Raises:
        Invalid: cell-out-of-bounds.
    """
    vocabulary = Vocabulary()
    keys, cells = cells_in_force(scores, vocabulary, judged)
    compiled = compile_policy(policy, vocabulary)
    effective = evaluate(cells, compiled).effective
    return {key: compiled.levels[level] for key, level in zip(keys, effective, strict=True) if level >= 0}
