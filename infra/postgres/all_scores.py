"""All scores of a facts generation as cells for the kernel: fetched in columns, never a row in Python.

They come by ADBC as Arrow arrays, whose words become codes batch by batch: about 250 bytes a score at the peak, of all
scores or of a part of them.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import chain, pairwise, starmap
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_postgresql import dbapi
from numpy.typing import NDArray
from psycopg.conninfo import make_conninfo
from psycopg.sql import Literal

from domain.mastery.cells import NO_TASK, Codes, Vocabulary
from domain.mastery.revisions import NEVER, arrange
from infra.ahead import ahead
from infra.postgres.score_cells import Facts, Int32s, Int64s

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
TABLE: Final = "read_model.score_g{generation}"
BYTES: Final = "SELECT pg_relation_size(%s::regclass)"
SAMPLE: Final = f"""
    SELECT learner_id FROM {TABLE} TABLESAMPLE SYSTEM (%s) ORDER BY learner_id COLLATE "C"
"""
PART_BYTES_MAX: Final = 128 * 2**20
"""Of the table: some 600,000 scores."""
SAMPLE_BYTES: Final = 4 * 2**20
THREADS: Final = os.cpu_count() or 1
TIMES: Final = ", recorded_at AS begun_us, ended_at AS ended_us"

NUMBERS: Final = (
    "value", "possible", "occurred_us", "recorded_us", "given", "position", "ended", "begun_us", "ended_us",
)  # fmt: skip

WORDS: Final = ("learners", "competencies", "frameworks")

Columns = dict[str, pa.Array]


class AllScores(NamedTuple):
    """The facts of all cells that have scores, and for each cell its learner, competency and framework.

    Cells come in order of learner and competency; their words are text as codes, learners in the order of their codes.
    Revisions of a cell come in the order of their scores, by time, then position: so the kernel takes most cells as
    they lie. The facts hold all events up to `position`, and may hold some beyond it.
    """

    learners: pa.DictionaryArray
    competencies: pa.DictionaryArray
    frameworks: pa.DictionaryArray
    facts: Facts
    position: int

    def portions(self, cells_max: int) -> Iterator["AllScores"]:
        """Cut the cells on learner borders into equal portions of about so many at most; copy nothing."""
        learner = self.learners.indices.to_numpy()
        if not len(learner):
            return iter([self])
        cuts = np.linspace(0, len(learner), 1 - -len(learner) // cells_max)[1:-1].astype(np.int64)
        borders = np.unique(np.searchsorted(learner, learner[cuts])).tolist()
        return starmap(self._span, pairwise([0, *(one for one in borders if one), len(learner)]))

    def _span(self, low: int, high: int) -> "AllScores":
        """Return the cells from one to before another."""
        learner = self.learners.indices.to_numpy()[low:high]
        first, last = int(learner[0]), int(learner[-1])
        words = self.learners.dictionary.slice(first, last + 1 - first)
        return AllScores(
            learners=pa.DictionaryArray.from_arrays(learner - first, words),
            competencies=self.competencies.slice(low, high - low),
            frameworks=self.frameworks.slice(low, high - low),
            facts=self.facts.span(low, high),
            position=self.position,
        )


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
    position, rows = fetch_rows(connection, generation, times=times, condition=condition)
    return in_cells(rows, vocabulary, position)


def fetch_rows(
    connection: psycopg.Connection[Any], generation: int, *, times: bool = False, condition: str = "true"
) -> tuple[int, pa.Table]:
    """Return the position that facts have come to, and those rows of them that fulfil a condition, encoded."""
    query = SCORES.format(generation=generation, times=TIMES if times else "", condition=condition)
    with _reading(connection, generation, query) as (position, reader):
        return position, _joined(reader)


def fetch_in_parts(
    connection: psycopg.Connection[Any], generation: int, folder: Path
) -> Iterator[tuple[int, pa.Table]]:
    """Return the same of all rows, a part after the other in learner order, each with about `PART_BYTES_MAX` at most.

    What does not fit into one part lies in `folder` meanwhile.
    """
    borders = _borders(connection, generation)
    query = SCORES.format(generation=generation, times="", condition="true")
    with _reading(connection, generation, query) as (position, reader):
        if not borders:
            yield position, _joined(reader)
            return
        paths = [folder / f"part-{place}" for place in range(len(borders) + 1)]
        _scatter(reader, np.array([border.encode() for border in borders]), paths)
    for path in paths:
        with pa.ipc.open_stream(pa.memory_map(str(path))) as stored:
            part = _joined(stored)
        path.unlink()
        yield position, part


def in_cells(table: pa.Table, vocabulary: Vocabulary, position: int) -> AllScores:
    """Return encoded rows as cells, in order of learner and competency."""
    columns = {name: table.column(name).combine_chunks() for name in table.column_names}
    learners, learner = _in_order(columns["learner_id"])
    competencies, competency = _in_order(columns["competency_id"])
    frameworks, framework = _in_order(columns["framework_id"])
    cell = learner.astype(np.int64) * len(competencies) + competency
    order = _by_cell(cell)
    starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
    offsets = np.append(starts, len(order))
    arrange(order, offsets, *(columns[name].to_numpy() for name in ("occurred_us", "given", "position")))
    first = order[starts]
    of_cell = np.maximum.reduceat(framework[order], starts) if len(starts) else framework
    return AllScores(
        learners=pa.DictionaryArray.from_arrays(learner[first], learners),
        competencies=pa.DictionaryArray.from_arrays(competency[first], competencies),
        frameworks=pa.DictionaryArray.from_arrays(of_cell, frameworks),
        facts=_facts(columns, order, offsets, vocabulary),
        position=position,
    )


def _by_cell(cell: Int64s) -> Int64s:
    """Return the rows by cell, those of one as they come: numbers that hold both are sorted faster than places are."""
    bits = len(cell).bit_length()
    if int(cell.max(initial=0)) >> (63 - bits):
        return np.argsort(cell, kind="stable")
    return np.sort(cell << bits | np.arange(len(cell))) & ((1 << bits) - 1)


def address(connection: psycopg.Connection[Any]) -> str:
    """Return the address of a connection's database, as for another connection of the same role."""
    return make_conninfo(connection.info.dsn, password=connection.info.password or None)


def only(connection: psycopg.Connection[Any], learners: Sequence[str]) -> str:
    """Return the condition that chooses these learners; ADBC binds no values to what it copies."""
    return f"learner_id = ANY({Literal([*learners]).as_string(connection)}::text[])"


def within(connection: psycopg.Connection[Any], first: str | None, until: str | None) -> str:
    """Return the condition that chooses the learners from one on, until before another; None: without a border."""
    low = "true" if first is None else f'learner_id >= {Literal(first).as_string(connection)} COLLATE "C"'
    high = "true" if until is None else f'learner_id < {Literal(until).as_string(connection)} COLLATE "C"'
    return f"{low} AND {high}"


@contextmanager
def _reading(
    connection: psycopg.Connection[Any], generation: int, query: str
) -> Iterator[tuple[int, pa.RecordBatchReader]]:
    """Open the position that the facts have come to, then what is in them: in this order, for facts only grow."""
    with dbapi.connect(address(connection)) as adbc, adbc.cursor() as cursor:
        cursor.execute(POSITION.format(generation=generation))
        ((position,),) = cursor.fetchall()
        cursor.execute(query)
        reader = cursor.fetch_record_batch()
        yield position or 0, reader


def _joined(reader: pa.RecordBatchReader) -> pa.Table:
    """Return all batches as one table with codes for words, each encoded while the next one comes."""
    return joined([*ahead(_encoded, chain([reader.schema.empty_table()], reader), 1)])


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Return encoded rows, each table with codes of its own, as one table."""
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def _borders(connection: psycopg.Connection[Any], generation: int) -> list[str]:
    """Return learners that cut the scores into parts of nearly the same size, judged by a sample."""
    row = connection.execute(BYTES, (TABLE.format(generation=generation),)).fetchone()
    assert row is not None
    parts = -(-row[0] // PART_BYTES_MAX)
    if parts <= 1:
        return []
    percent = min(100, 100 * SAMPLE_BYTES / row[0])
    sample = connection.execute(SAMPLE.format(generation=generation), (percent,)).fetchall()
    return [*dict.fromkeys(sample[len(sample) * part // parts][0] for part in range(1, parts))]


def _scatter(batches: Iterable[pa.RecordBatch], borders: NDArray[np.bytes_], paths: Sequence[Path]) -> None:
    """Write each row to the file of its part, words as codes; a batch is cut while the next one comes."""

    def cut(batch: pa.RecordBatch) -> list[pa.Table]:
        encoded = _encoded(batch)
        learners = encoded.column("learner_id").chunk(0)
        names = np.array([word.encode() for word in learners.dictionary.to_pylist()], np.bytes_)
        part = np.searchsorted(borders, names, "right").astype(np.uint16)[learners.indices.to_numpy()]
        order = np.argsort(part, kind="stable")
        ends = np.searchsorted(part[order], np.arange(len(paths) + 1))
        in_parts = encoded.take(pa.array(order))
        return [in_parts.slice(low, high - low) for low, high in pairwise(ends.tolist())]

    with ExitStack() as stack:
        writers: list[pa.RecordBatchStreamWriter] = []
        for pieces in ahead(cut, batches, 1):
            schema = pieces[0].schema
            writers = writers or [stack.enter_context(pa.ipc.new_stream(str(path), schema)) for path in paths]
            for writer, piece in zip(writers, pieces, strict=True):
                writer.write_table(piece)


def _encoded(batch: pa.RecordBatch | pa.Table) -> pa.Table:
    """Return a batch with codes for words, and microseconds since 1970 for times."""
    columns: Columns = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if pa.types.is_string(column.type):
            columns[name] = pc.dictionary_encode(column)
        else:
            columns[name] = column if pa.types.is_dictionary(column.type) else column.cast(pa.int64())
    return pa.table(columns)


def _in_order(words: pa.DictionaryArray) -> tuple[pa.Array, Int32s]:
    """Return the words in order, and for each row the place of its word."""
    order = pc.array_sort_indices(words.dictionary)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return words.dictionary.take(order), place[words.indices.to_numpy()]


def _facts(columns: Columns, order: NDArray[np.intp], offsets: NDArray[np.intp], vocabulary: Vocabulary) -> Facts:
    """Return the rows in order."""
    nothing = np.zeros(len(order), np.int64)
    kind, role = _codes(columns["kind"], vocabulary.kinds), _codes(columns["role"], vocabulary.roles)
    task = _codes(columns["task"], vocabulary.tasks)

    def ordered(name: str) -> Int64s:
        column = columns[name].fill_null(NEVER if name == "ended" else 0) if name in columns else None
        return nothing if column is None else column.to_numpy()[order]

    with ThreadPoolExecutor(THREADS) as pool:
        numbers = dict(zip(NUMBERS, pool.map(ordered, NUMBERS), strict=True))
    return Facts(
        offsets=offsets.astype(np.int64),
        kind=kind[order],
        role=role[order],
        task=task[order].astype(np.int64),
        **numbers,
    )


def _codes(words: pa.DictionaryArray, known: Codes) -> Int32s:
    """Return the codes of words; NO_TASK where there is none."""
    code_of = np.array([*map(known.code, words.dictionary.to_pylist()), NO_TASK], np.int32)
    codes: Int32s = code_of[words.indices.fill_null(-1).to_numpy()]
    return codes
