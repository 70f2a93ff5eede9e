"""Reading the facts of cells from the read model `mastery`: of few cells by key, of all column by column."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from domain.mastery.cells import Vocabulary
from infra.postgres.all_scores import fetch_all_scores
from infra.postgres.score_cells import NEVER, SCORE_COLUMNS, CellKey, ScoreRow, facts_of, microseconds
from services.projectors.mastery_points import CellFacts, JudgementRow
from services.projectors.parts import WHOLE, Part

SCORES_OF: Final = f"""
    SELECT {SCORE_COLUMNS}
    FROM unnest(%(learners)s::text[], %(competencies)s::text[]) AS cell (learner, competency)
    JOIN read_model.score ON generation = %(generation)s AND learner_id = learner AND competency_id = competency
"""
JUDGEMENTS_OF: Final = """
    SELECT learner_id, competency_id, level, position, recorded_at, lifted_position, lifted_at
    FROM unnest(%(learners)s::text[], %(competencies)s::text[]) AS cell (learner, competency)
    JOIN read_model.judgement ON generation = %(generation)s AND learner_id = learner AND competency_id = competency
"""
ALL_JUDGEMENTS: Final = """
    SELECT learner_id, competency_id, level, position, recorded_at, lifted_position, lifted_at
    FROM read_model.judgement WHERE generation = %s AND {condition}
"""
CELLS_OF_LEARNER: Final = """
    SELECT learner_id, competency_id FROM read_model.score
    WHERE generation = %(generation)s AND learner_id = %(learner)s
    UNION
    SELECT learner_id, competency_id FROM read_model.judgement
    WHERE generation = %(generation)s AND learner_id = %(learner)s
"""
CELLS_SINCE: Final = """
    SELECT learner_id, competency_id FROM read_model.score
    WHERE generation = %(generation)s AND (position > %(position)s OR ended_position > %(position)s)
    UNION
    SELECT learner_id, competency_id FROM read_model.judgement
    WHERE generation = %(generation)s AND (position > %(position)s OR lifted_position > %(position)s)
"""
FRAMEWORKS: Final = """
    SELECT DISTINCT ON (competency->>'competency_id') competency->>'competency_id', data->>'framework_id'
    FROM ledger.event, json_array_elements(data->'competencies') AS competency
    WHERE type = 'framework.published.v1' AND learner_id IS NULL AND competency->>'competency_id' = ANY(%s)
    ORDER BY competency->>'competency_id', position
"""


def facts_of_cells(
    connection: psycopg.Connection[Any], generation: int, keys: Sequence[CellKey], vocabulary: Vocabulary
) -> CellFacts:
    """Return all facts of some cells of a facts generation."""
    learners, competencies = ([*column] for column in zip(*keys, strict=True)) if keys else ([], [])
    values = {"generation": generation, "learners": learners, "competencies": competencies}
    rows = [ScoreRow._make(row) for row in connection.execute(SCORES_OF, values).fetchall()]
    known: dict[CellKey, str] = {}
    for row in rows:
        key = row.learner_id, row.competency_id
        known[key] = max(row.framework_id, known.get(key, ""))
    published = _published(connection, {key[1] for key in keys if key not in known})
    of_learner, of_competency = pa.array(learners, pa.string()), pa.array(competencies, pa.string())
    return CellFacts(
        learners=of_learner,
        competencies=of_competency,
        frameworks=pa.array([known.get(key) or published.get(key[1]) for key in keys], pa.string()),
        scores=facts_of(keys, rows, vocabulary),
        judgements=_judgements(of_learner, of_competency, connection.execute(JUDGEMENTS_OF, values).fetchall()),
    )


def facts_of_all(
    connection: psycopg.Connection[Any],
    generation: int,
    vocabulary: Vocabulary,
    *,
    times: bool = False,
    part: Part = WHOLE,
) -> tuple[CellFacts, int]:
    """Return all facts of all cells of a part of the learners, as far as committed, and the position they come to.

    Only with `times` do they tell when score revisions begun and ended.
    """
    scored = fetch_all_scores(connection, generation, vocabulary, times=times, condition=part.condition)
    rows = connection.execute(ALL_JUDGEMENTS.format(condition=part.condition).encode(), (generation,)).fetchall()
    judged = [*dict.fromkeys((row[0], row[1]) for row in rows)]
    learners, competencies = (pa.array([key[place] for key in judged], pa.string()) for place in (0, 1))
    keys = keys_of(scored.learners, scored.competencies)
    unscored = pc.invert(pc.is_in(keys_of(learners, competencies), value_set=keys))
    learners, competencies = learners.filter(unscored), competencies.filter(unscored)
    published = _published(connection, {*competencies.to_pylist()})
    frameworks = pa.array([published.get(one) for one in competencies.to_pylist()], pa.string())
    learners = pa.concat_arrays([scored.learners, learners])
    competencies = pa.concat_arrays([scored.competencies, competencies])
    offsets = np.pad(scored.facts.offsets, (0, len(frameworks)), "edge")
    facts = CellFacts(
        learners=learners,
        competencies=competencies,
        frameworks=pa.concat_arrays([scored.frameworks, frameworks]),
        scores=replace(scored.facts, offsets=offsets),
        judgements=_judgements(learners, competencies, rows),
    )
    return facts, scored.position


def _published(connection: psycopg.Connection[Any], competencies: Collection[str]) -> dict[str, str]:
    """Return the framework that publishes each competency: that of the cells without scores."""
    if not competencies:
        return {}
    return dict(connection.execute(FRAMEWORKS, (sorted(competencies),)).fetchall())


def keys_of(learners: pa.Array, competencies: pa.Array) -> pa.Array:
    """Return learner and competency of each cell as one text; ids hold no space."""
    return pc.binary_join_element_wise(learners, competencies, " ")


def _judgements(learners: pa.Array, competencies: pa.Array, rows: Sequence[tuple[Any, ...]]) -> list[JudgementRow]:
    if not rows:
        return []
    judged = pa.array([f"{row[0]} {row[1]}" for row in rows])
    cells = pc.index_in(judged, value_set=keys_of(learners, competencies)).to_pylist()
    return [
        JudgementRow(
            cell=cell,
            level=level,
            position=position,
            begun_us=microseconds(recorded_at),
            lifted=NEVER if lifted is None else lifted,
            lifted_us=0 if lifted_at is None else microseconds(lifted_at),
        )
        for cell, (_, _, level, position, recorded_at, lifted, lifted_at) in zip(cells, rows, strict=True)
    ]
