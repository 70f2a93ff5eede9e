"""Reading the facts of cells from the read model `mastery`: of few cells by key, of all column by column."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from domain.kernel.times import microseconds
from domain.mastery.cells import Vocabulary
from domain.mastery.revisions import NEVER
from infra.postgres.all_scores import AllScores, fetch_all_scores
from infra.postgres.score_cells import SCORE_COLUMNS, CellKey, ScoreRow, facts_of
from services.projectors.cells.learner_places import Roster
from services.projectors.cells.points import CellFacts, JudgementRow
from services.projectors.cells.relations import Web, missing_parents, with_cells
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
CELLS_OF_LEARNERS: Final = """
    SELECT learner_id, competency_id FROM read_model.score
    WHERE generation = %(generation)s AND learner_id = ANY(%(learners)s)
    UNION
    SELECT learner_id, competency_id FROM read_model.judgement
    WHERE generation = %(generation)s AND learner_id = ANY(%(learners)s)
"""
CELLS_OF_COMPETENCIES: Final = """
    SELECT learner_id, competency_id FROM read_model.score
    WHERE generation = %(generation)s AND competency_id = ANY(%(competencies)s)
    UNION
    SELECT learner_id, competency_id FROM read_model.judgement
    WHERE generation = %(generation)s AND competency_id = ANY(%(competencies)s)
"""
MOVED_SINCE: Final = """
    SELECT DISTINCT learner_id FROM read_model.learner_place
    WHERE generation = %(generation)s AND (position > %(position)s OR closed_position > %(position)s)
"""
CELLS_SINCE: Final = """
    SELECT learner_id, competency_id FROM read_model.score
    WHERE generation = %(generation)s AND (position > %(position)s OR ended_position > %(position)s)
    UNION
    SELECT learner_id, competency_id FROM read_model.judgement
    WHERE generation = %(generation)s AND (position > %(position)s OR lifted_position > %(position)s)
    UNION
    SELECT learner_id, competency_id FROM read_model.late_learner AS late
    JOIN read_model.score USING (generation, learner_id)
    WHERE generation = %(generation)s AND late.position >= %(position)s
    UNION
    SELECT learner_id, competency_id FROM read_model.late_learner AS late
    JOIN read_model.judgement USING (generation, learner_id)
    WHERE generation = %(generation)s AND late.position >= %(position)s
"""
"""Whose facts came after a position, or came late when the projector had passed it."""
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
    cells = {key: cell for cell, key in enumerate(keys)}
    return CellFacts(
        learners=_coded(learners),
        competencies=_coded(competencies),
        frameworks=_coded([known.get(key) or published.get(key[1]) for key in keys]),
        scores=facts_of(keys, rows, vocabulary),
        judgements=_judgements(cells, connection.execute(JUDGEMENTS_OF, values).fetchall()),
        roster=Roster(connection, generation),
    )


def scores_of_part(
    connection: psycopg.Connection[Any], generation: int, vocabulary: Vocabulary, part: Part
) -> AllScores:
    """Return all scores of a part of the learners, as far as committed, with their times."""
    return fetch_all_scores(connection, generation, vocabulary, times=True, condition=part.condition)


def judgements_of(connection: psycopg.Connection[Any], generation: int, part: Part = WHOLE) -> list[tuple[Any, ...]]:
    """Return the rows of all judgements of a part of the learners, in their order."""
    return connection.execute(ALL_JUDGEMENTS.format(condition=part.condition).encode(), (generation,)).fetchall()


def facts_of_scored(
    connection: psycopg.Connection[Any], generation: int, scored: AllScores, judged: Sequence[tuple[Any, ...]]
) -> CellFacts:
    """Return the facts of cells with scores, given also the rows of judgements of all cells of their learners.

    A cell that is judged and has no scores is there too, after the others.
    """
    roster = Roster(connection, generation)
    if not judged:
        return CellFacts(scored.learners, scored.competencies, scored.frameworks, scored.facts, [], roster)
    keys = [*dict.fromkeys((row[0], row[1]) for row in judged)]
    learners, competencies = (pa.array([key[place] for key in keys], pa.string()) for place in (0, 1))
    near = np.flatnonzero(pc.is_in(scored.learners, value_set=learners).to_numpy(zero_copy_only=False))
    known = keys_of(*(words.take(near).dictionary_decode() for words in (scored.learners, scored.competencies)))
    place = pc.index_in(keys_of(learners, competencies), value_set=known)
    unscored = pc.is_null(place)
    cells = np.empty(len(keys), np.int64)
    has_scores = ~unscored.to_numpy(zero_copy_only=False)
    cells[has_scores] = near[place.drop_null().to_numpy()]
    cells[~has_scores] = len(scored.learners) + np.arange(np.count_nonzero(~has_scores))
    learners, competencies = learners.filter(unscored), competencies.filter(unscored)
    published = _published(connection, {*competencies.to_pylist()})
    frameworks = _coded([published.get(one) for one in competencies.to_pylist()])
    return CellFacts(
        learners=pa.concat_arrays([scored.learners, learners.dictionary_encode()]),
        competencies=pa.concat_arrays([scored.competencies, competencies.dictionary_encode()]),
        frameworks=pa.concat_arrays([scored.frameworks, frameworks]),
        scores=replace(scored.facts, offsets=np.pad(scored.facts.offsets, (0, len(frameworks)), "edge")),
        judgements=_judgements(dict(zip(keys, cells.tolist(), strict=True)), judged),
        roster=roster,
    )


def with_parents(connection: psycopg.Connection[Any], facts: CellFacts, web: Web) -> CellFacts:
    """Return the facts with a cell more for each competency that is made of those of some cells."""
    if not web:
        return facts
    learners, competencies = missing_parents(facts, web)
    return with_cells(facts, learners, competencies, _published(connection, {*competencies}))


def _published(connection: psycopg.Connection[Any], competencies: Collection[str]) -> dict[str, str]:
    """Return the framework that publishes each competency: that of the cells without scores."""
    if not competencies:
        return {}
    return dict(connection.execute(FRAMEWORKS, (sorted(competencies),)).fetchall())


def keys_of(learners: pa.Array, competencies: pa.Array) -> pa.Array:
    """Return learner and competency of each cell, given as text, as one text; ids hold no space."""
    return pc.binary_join_element_wise(learners, competencies, " ")


def _coded(words: Sequence[str | None]) -> pa.DictionaryArray:
    return pa.array(words, pa.string()).dictionary_encode()


def _judgements(cells: Mapping[CellKey, int], rows: Sequence[tuple[Any, ...]]) -> list[JudgementRow]:
    return [
        JudgementRow(
            cell=cells[learner, competency],
            level=level,
            position=position,
            begun_us=microseconds(recorded_at),
            lifted=NEVER if lifted is None else lifted,
            lifted_us=0 if lifted_at is None else microseconds(lifted_at),
        )
        for learner, competency, level, position, recorded_at, lifted, lifted_at in rows
    ]
