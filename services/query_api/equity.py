"""How groups of learners do, and how often they could show it; where few stand behind a number it is not shown."""

from collections import defaultdict
from typing import Any, Final

import numpy as np
from psycopg.rows import DictRow
from pydantic import Field

from domain.kernel.ids import Code, CompetencyId, FrameworkId
from domain.mastery.equity import NOT_SAID
from domain.mastery.suppression import LEAST_PEOPLE, Counts, hidden
from infra.postgres.reviews import read_giving
from services.query_api.answers import Answer, Asked, Connection, Part, rows
from services.query_api.known import Name, require_known

OUTCOMES: Final = ("mastered", "below", "undetermined")
COLUMNS: Final = {"school": "school_id", "grade": "grade"}
PLACES: Final = """
    SELECT DISTINCT ON (learner_id) learner_id, {column} AS name
      FROM read_model.enrolment
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
     ORDER BY learner_id, closed_position IS NULL DESC, opened_at DESC, enrolment_id DESC
"""
"""Of several schools the one that was entered last; between two school years, the last one."""
SUBGROUPS: Final = """
    SELECT learner_id,
           (SELECT string_agg(coalesce(nullif(split_part(subgroup, ':', 2), ''), subgroup), ' and ' ORDER BY place)
              FROM unnest(subgroups) WITH ORDINALITY AS one (subgroup, place)
             WHERE split_part(subgroup, ':', 1) = %(by)s) AS name
      FROM (SELECT DISTINCT ON (learner_id) learner_id, subgroups
              FROM read_model.learner_subgroups
             WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
             ORDER BY learner_id, occurred_at DESC, position DESC) AS latest
"""
COUNTS: Final = """
    WITH placed AS ({placed}),
    known AS (
        SELECT learner_id
          FROM read_model.learner
         WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
         UNION SELECT learner_id FROM placed),
    cell AS (
        SELECT learner_id, scores,
               CASE WHEN effective_level IS NULL THEN 'undetermined'
                    WHEN EXISTS (SELECT FROM unnest(%(versions)s::text[], %(levels)s::text[]) AS given (version, level)
                                  WHERE version = policy_version AND level = effective_level) THEN 'mastered'
                    ELSE 'below' END AS outcome
          FROM read_model.current_mastery
         WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
           AND (%(framework)s::text IS NULL OR framework_id = %(framework)s)
           AND (%(competency)s::text IS NULL OR competency_id = %(competency)s))
    SELECT coalesce(placed.name, 'not said') AS name, cell.outcome, count(cell.outcome) AS cells,
           count(DISTINCT learner_id) AS learners, coalesce(sum(cell.scores), 0)::bigint AS scores
      FROM known FULL JOIN cell USING (learner_id) LEFT JOIN placed USING (learner_id)
     GROUP BY 1, 2
"""
"""Of each group, by outcome, its cells, the learners behind them and their scores; without an outcome, who has none."""
MEMBERS: Final = """
    WITH placed AS ({placed})
    SELECT coalesce(name, 'not said') AS name, count(DISTINCT learner_id) AS learners
      FROM (SELECT learner_id
              FROM read_model.learner
             WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
             UNION SELECT learner_id FROM placed
             UNION SELECT learner_id FROM read_model.current_mastery
                    WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')) AS known
      LEFT JOIN placed USING (learner_id)
     GROUP BY 1
"""


class EquitySearch(Asked):
    """By what learners are divided, and of which framework or competency; absent: all."""

    by: Code = Field("school", description="school, grade, or a kind of subgroup: `ell` for codes such as `ell:Y`.")
    framework: FrameworkId | None = None
    competency: CompetencyId | None = None


class GroupStanding(Part):
    """How a group does. A number behind which few learners stand is null, and so are others then."""

    name: str
    learners: int | None
    cells: int | None
    mastered: int | None
    below: int | None
    undetermined: int | None
    scores_per_learner: str | None
    """How often its learners could show what they know, on average."""


class Equity(Answer):
    """All learners, each in one group; fewer than `least_learners` are few."""

    by: str
    least_learners: int
    groups: tuple[GroupStanding, ...]


async def read_equity(connection: Connection, search: EquitySearch) -> Equity:
    """Return how the groups of learners do.

    Raises:
        Unknown: not-found, for a kind of subgroup that no learner has; framework-unknown, competency-unknown.
    """
    await require_known(connection, Name.SUBGROUPS, None if search.by in COLUMNS else search.by)
    await require_known(connection, Name.FRAMEWORK, search.framework)
    await require_known(connection, Name.COMPETENCY, search.competency)
    placed = PLACES.format(column=COLUMNS[search.by]) if search.by in COLUMNS else SUBGROUPS
    mastered = [one for one in await read_giving(connection) if one.wanted == ""]
    asked: dict[str, Any] = {
        **search.model_dump(),
        "versions": [one.version for one in mastered],
        "levels": [one.level for one in mastered],
    }
    members = {row["name"]: row["learners"] for row in await rows(connection, MEMBERS.format(placed=placed), asked)}
    counts = await rows(connection, COUNTS.format(placed=placed), asked)
    return Equity(by=search.by, least_learners=LEAST_PEOPLE, groups=_groups(members, counts))


def _groups(members: dict[str, int], found: list[DictRow]) -> tuple[GroupStanding, ...]:
    names = sorted(members)
    told = {(row["name"], row["outcome"]): row for row in found}
    scores: defaultdict[str, int] = defaultdict(int)
    for one in found:
        scores[one["name"]] += one["scores"]
    cells, people = (_table(told, names, what) for what in ("cells", "learners"))
    size = np.array([members[name] for name in names], np.int64)
    mask = hidden(cells, people, size, unsaid=names.index(NOT_SAID) if NOT_SAID in names else None)
    shown = []
    for row, name in enumerate(names):
        numbers = [*cells[row], cells[row].sum()]
        mastered, below, undetermined, total = (
            None if is_hidden else int(number) for number, is_hidden in zip(numbers, mask[row], strict=True)
        )
        is_shown = total is not None and size[row] >= LEAST_PEOPLE
        shown.append(
            GroupStanding(
                name=name,
                learners=int(size[row]) if is_shown else None,
                cells=total,
                mastered=mastered,
                below=below,
                undetermined=undetermined,
                scores_per_learner=f"{scores[name] / int(size[row]):.1f}" if is_shown else None,
            )
        )
    return tuple(shown)


def _table(told: dict[tuple[str, str], DictRow], names: list[str], what: str) -> Counts:
    """Return a number of each group and outcome."""
    numbers = [[told[name, one][what] if (name, one) in told else 0 for one in OUTCOMES] for name in names]
    return np.array(numbers, np.int64).reshape(-1, len(OUTCOMES))
