"""All scores of a facts generation as cells for the kernel: fetched in columns, never a row in Python.

They come by ADBC as Arrow arrays, whose words become codes batch by batch: about 250 bytes a score at the peak.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_postgresql import dbapi
from numpy.typing import NDArray
from psycopg.conninfo import make_conninfo

from domain.mastery.cells import Codes, Vocabulary
from infra.postgres.score_cells import NEVER, Facts, Int32s

POSITION: Final = """
    SELECT max(CASE WHEN state = 'live' THEN projector.position ELSE generation.position END)
    FROM read_model.generation JOIN read_model.projector ON name = projector
    WHERE projector = 'mastery' AND generation.facts_generation = {generation}
"""
SCORES: Final = """
    SELECT learner_id, competency_id, framework_id, kind, assessor_role AS role, task, value_micro AS value,
        possible_micro AS possible, occurred_at AS occurred_us, given_at AS recorded_us, given_position AS given,
        position, ended_position AS ended{times}
    FROM read_model.score_g{generation} WHERE {condition}
"""
TIMES: Final = ", recorded_at AS begun_us, ended_at AS ended_us"

NUMBERS: Final = (
    "value", "possible", "occurred_us", "recorded_us", "given", "position", "ended", "begun_us", "ended_us",
)  # fmt: skip

Columns = dict[str, pa.Array]


class AllScores(NamedTuple):
    """The facts of all cells that have scores, and for each cell its learner, competency and framework.

    Cells come in order of learner and competency; their words are Arrow arrays of text. The facts hold all events
    up to `position`, and may hold some beyond it.
    """

    learners: pa.Array
    competencies: pa.Array
    frameworks: pa.Array
    facts: Facts
    position: int


def fetch_all_scores(
    connection: psycopg.Connection[Any],
    generation: int,
    vocabulary: Vocabulary,
    *,
    times: bool = False,
    condition: str = "true",
) -> AllScores:
    """Return every revision of every score that is committed to a facts generation in the connection's database.

    Only with `times` do the facts tell when revisions begun and ended; else those columns are 0. `condition` is SQL
    that chooses whole learners.
    """
    query = SCORES.format(generation=generation, times=TIMES if times else "", condition=condition)
    position, columns = _fetch(connection, generation, query)
    learners, learner = _in_order(columns["learner_id"])
    competencies, competency = _in_order(columns["competency_id"])
    frameworks, framework = _in_order(columns["framework_id"])
    cell = learner.astype(np.int64) * len(competencies) + competency
    order = np.argsort(cell)
    starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
    first = order[starts]
    of_cell = np.maximum.reduceat(framework[order], starts) if len(starts) else framework
    return AllScores(
        learners=learners.take(pa.array(learner[first])),
        competencies=competencies.take(pa.array(competency[first])),
        frameworks=frameworks.take(pa.array(of_cell)),
        facts=_facts(columns, order, np.append(starts, len(order)), vocabulary),
        position=position,
    )


def _fetch(connection: psycopg.Connection[Any], generation: int, query: str) -> tuple[int, Columns]:
    """Return the position that the facts have come to, then what is in them: in this order, for facts only grow."""
    uri = make_conninfo(connection.info.dsn, password=connection.info.password or None)
    with dbapi.connect(uri) as adbc, adbc.cursor() as cursor:
        cursor.execute(POSITION.format(generation=generation))
        ((position,),) = cursor.fetchall()
        cursor.execute(query)
        reader = cursor.fetch_record_batch()
        batches = [_encoded(batch) for batch in (reader.schema.empty_table().combine_chunks(), *reader)]
    table = pa.concat_tables(batches).unify_dictionaries().combine_chunks()
    return position or 0, {name: table.column(name).combine_chunks() for name in table.column_names}


def _encoded(batch: pa.RecordBatch | pa.Table) -> pa.Table:
    """Return a batch with codes for words, and microseconds since 1970 for times."""
    columns: Columns = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if pa.types.is_string(column.type):
            columns[name] = pc.dictionary_encode(column)
        else:
            columns[name] = column.cast(pa.int64())
    return pa.table(columns)


def _in_order(words: pa.DictionaryArray) -> tuple[pa.Array, Int32s]:
    """Return the words in order, and for each row the place of its word."""
    order = pc.array_sort_indices(words.dictionary)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return words.dictionary.take(order), place[words.indices.to_numpy()]


def _facts(columns: Columns, order: NDArray[np.intp], offsets: NDArray[np.intp], vocabulary: Vocabulary) -> Facts:
    """Return the rows in order; a task matters within its cell only, so its code is its place in the dictionary."""
    nothing = np.zeros(len(order), np.int64)
    numbers = {
        name: columns[name].fill_null(NEVER if name == "ended" else 0).to_numpy()[order] if name in columns else nothing
        for name in NUMBERS
    }
    return Facts(
        offsets=offsets.astype(np.int64),
        kind=_codes(columns["kind"], vocabulary.kinds)[order],
        role=_codes(columns["role"], vocabulary.roles)[order],
        task=columns["task"].indices.fill_null(-1).to_numpy().astype(np.int64)[order],
        **numbers,
    )


def _codes(words: pa.DictionaryArray, known: Codes) -> Int32s:
    code_of = np.array([known.code(word) for word in words.dictionary.to_pylist()], np.int32)
    codes: Int32s = code_of[words.indices.to_numpy()]
    return codes
