"""What a policy would do: all cells that it would decide on, evaluated in memory; nothing is written."""

from collections import Counter, defaultdict
from typing import Any, Final

import psycopg

from domain.policy.document import PolicyDocument
from domain.policy.rulings import Ruling, Rulings
from infra.postgres.database import Database
from services.cli.policy_acts import count_moves
from services.projectors import generations, ledger
from services.projectors.mastery import NAME
from services.projectors.mastery_points import Points
from services.projectors.mastery_states import NO_LEVEL, Judge
from services.projectors.mastery_tables import facts_of_all, keys_of
from services.projectors.policies import Epoch, Timeline, load_timeline

LEVELS: Final = """
    SELECT learner_id || ' ' || competency_id, coalesce(effective_level, 'none'),
           avg(value_micro) OVER (PARTITION BY effective_level) AS height
      FROM read_model.current_mastery
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
           AND CASE WHEN %(framework)s::text IS NULL
                    THEN framework_id IS NULL OR framework_id <> ALL(%(others)s::text[])
                    ELSE framework_id = %(framework)s END
     ORDER BY height NULLS FIRST
"""
"""The level of each cell now, the lowest first."""
NONE: Final = "none"


def what_if(database: Database, policy: PolicyDocument, framework_id: str | None) -> dict[str, Any]:
    """Return the matrix of levels now and under a policy for one framework, or for all that have none of their own."""
    with ledger.connect(database.app) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        in_force = load_timeline(connection).epochs[-1].policies
        others = [one.framework_id for one in in_force if one.framework_id is not None]
        now = connection.execute(LEVELS, {"framework": framework_id, "others": others}).fetchall()
        levels = evaluate_all(connection, policy) if now else {}
    matrix: dict[str, dict[str, int]] = defaultdict(dict)
    for (before, after), cells in Counter((level, levels.get(cell, NONE)) for cell, level, _ in now).items():
        matrix[before][after] = cells
    return {"version": policy.version, **count_moves(matrix)}


def evaluate_all(connection: psycopg.Connection[Any], policy: PolicyDocument) -> dict[str, str]:
    """Return the level of each cell, by learner and competency, as the projector would make it from the live facts."""
    judge, live = Judge(), generations.live(connection, NAME).place
    facts, position = facts_of_all(connection, live.facts_generation, judge.vocabulary())
    epoch = Epoch(0, 0, (), Rulings({None: Ruling("draft", policy.version, policy)}))
    points = Points.everywhere(len(facts), min(position, live.position))
    states = judge.states(facts, points, Timeline([epoch]))
    words = {NO_LEVEL: NONE, **dict(enumerate(states.levels))}
    cells = keys_of(facts.learners, facts.competencies).to_pylist()
    return dict(zip(cells, map(words.__getitem__, states.effective.tolist()), strict=True))
