"""Reading the facts of cells from the read model `mastery`, and writing what follows from them.

Few cells are read by key; all cells are read column by column, as arrays.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import count, islice
from typing import Any, Final, NamedTuple

import numpy as np
import psycopg

from domain.mastery.cells import NO_TIME, Vocabulary
from domain.mastery.kernel import NO_VALUE, Status
from infra.postgres.score_cells import NEVER, SCORE_COLUMNS, CellKey, Facts, ScoreRow, facts_of, microseconds
from services.projectors.generations import Place, partition
from services.projectors.mastery_facts import LINES_AT_ONCE
from services.projectors.mastery_points import CellFacts, Int64s, JudgementRow, Points
from services.projectors.mastery_states import States, changed

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
    FROM read_model.judgement WHERE generation = %s
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
ALL_CELLS: Final = """
    SELECT learner_id, competency_id, max(framework_id), hashtextextended(learner_id || ' ' || competency_id, %(seed)s)
    FROM read_model.score WHERE generation = %(generation)s
    GROUP BY learner_id, competency_id
"""
LIVE_CELLS: Final = """
    SELECT learner_id, competency_id, framework_id, hashtextextended(learner_id || ' ' || competency_id, %(seed)s)
    FROM read_model.current_mastery WHERE generation = %(generation)s
"""
ALL_WORDS: Final = """
    SELECT array_agg(DISTINCT kind), array_agg(DISTINCT assessor_role) FROM (
        SELECT kind, assessor_role FROM read_model.score WHERE generation = %s GROUP BY kind, assessor_role
    ) AS word
"""
ALL_SCORES: Final = """
    SELECT
        array_agg(hashtextextended(learner_id || ' ' || competency_id, %(seed)s)),
        array_agg(value_micro), array_agg(possible_micro),
        array_agg(array_position(%(kinds)s::text[], kind)::bigint - 1),
        array_agg(array_position(%(roles)s::text[], assessor_role)::bigint - 1),
        array_agg(coalesce(hashtextextended(task, 0) & 9223372036854775807, -1)),
        array_agg(occurred_at), array_agg(given_at), array_agg(given_position), array_agg(position),
        array_agg(coalesce(ended_position, 9223372036854775807)),
        array_agg(recorded_at), array_agg(coalesce(ended_at, 'epoch'))
    FROM read_model.score WHERE generation = %(generation)s AND position > %(after)s AND position <= %(until)s
"""
"""Every column as one array of 64-bit integers; times are microseconds since 2000."""
POSITIONS_AT_ONCE: Final = 2_000_000
"""How much of the log one such array spans: bounds the memory of the database."""
FRAMEWORKS: Final = """
    SELECT DISTINCT ON (competency->>'competency_id') competency->>'competency_id', data->>'framework_id'
    FROM ledger.event, json_array_elements(data->'competencies') AS competency
    WHERE type = 'framework.published.v1' AND learner_id IS NULL AND competency->>'competency_id' = ANY(%s)
    ORDER BY competency->>'competency_id', position
"""
STAGE: Final = """
    CREATE TEMPORARY TABLE IF NOT EXISTS staged_mastery (LIKE read_model.current_mastery) ON COMMIT DELETE ROWS
"""
_MASTERY: Final = """
    framework_id, value_micro, level, status, judged_level, effective_level, counted, scores, latest_occurred_at,
    policy_id, policy_version, evidence_digest, position
"""
MASTERY_COLUMNS: Final = f"generation, learner_id, competency_id, {_MASTERY}"
MERGE: Final = f"""
    WITH taken AS (DELETE FROM staged_mastery RETURNING {MASTERY_COLUMNS})
    INSERT INTO read_model.current_mastery ({MASTERY_COLUMNS}) SELECT {MASTERY_COLUMNS} FROM taken
    ON CONFLICT (generation, learner_id, competency_id) DO UPDATE SET ({_MASTERY}) =
        ({", ".join("excluded." + name.strip() for name in _MASTERY.split(","))})
"""
CHANGE_COLUMNS: Final = """
    generation, learner_id, competency_id, before_level, after_level, before_value_micro, after_value_micro,
    cause, cause_position, policy_version, changed_at
"""
_YEAR_2000_US: Final = 946_684_800_000_000
_STATUS: Final = [status.name.lower() for status in Status]
_ARRAY: Final = np.dtype([("length", ">i4"), ("number", ">i8")])
_ARRAY_HEAD: Final = 20
"""Bytes before the elements of a one-dimensional array in PostgreSQL's binary form."""


def facts_of_cells(
    connection: psycopg.Connection[Any], generation: int, keys: Sequence[CellKey], vocabulary: Vocabulary
) -> CellFacts:
    """Return all facts of some cells of a facts generation."""
    learners, competencies = ([*column] for column in zip(*keys, strict=True)) if keys else ([], [])
    values = {"generation": generation, "learners": learners, "competencies": competencies}
    rows = [ScoreRow._make(row) for row in connection.execute(SCORES_OF, values).fetchall()]
    judgements = connection.execute(JUDGEMENTS_OF, values).fetchall()
    known: dict[CellKey, str | None] = {(row.learner_id, row.competency_id): row.framework_id for row in rows}
    return CellFacts(
        keys=keys,
        frameworks=_frameworks(connection, keys, known),
        scores=facts_of(keys, rows, vocabulary),
        judgements=_judgements(keys, judgements),
    )


def facts_of_all(connection: psycopg.Connection[Any], place: Place, vocabulary: Vocabulary) -> CellFacts:
    """Return all facts of all cells of a generation that has its facts; levels too, if it is live."""
    is_live = place.state == "live"
    values = {"seed": 0, "generation": place.generation if is_live else place.facts_generation}
    for values["seed"] in count():
        rows = connection.execute(LIVE_CELLS if is_live else ALL_CELLS, values).fetchall()
        hashes = np.array([row[3] for row in rows], np.int64)
        if len(np.unique(hashes)) == len(rows):
            break
    known = {(row[0], row[1]): row[2] for row in rows}
    judgements = connection.execute(ALL_JUDGEMENTS, (place.facts_generation,)).fetchall()
    keys = [*known, *{(row[0], row[1]) for row in judgements if (row[0], row[1]) not in known}]
    return CellFacts(
        keys=keys,
        frameworks=_frameworks(connection, keys, known),
        scores=_all_scores(connection, place, vocabulary, _Hashed(values["seed"], hashes, len(keys))),
        judgements=_judgements(keys, judgements),
    )


class _Hashed(NamedTuple):
    """Cells by the hash of their key, made with a seed; those beyond the last hash have no scores."""

    seed: int
    hashes: Int64s
    cells: int


def _all_scores(connection: psycopg.Connection[Any], place: Place, vocabulary: Vocabulary, hashed: _Hashed) -> Facts:
    """Return the scores of all cells."""
    generation = place.facts_generation
    kinds, roles = connection.execute(ALL_WORDS, (generation,)).fetchone() or (None, None)
    values = {"seed": hashed.seed, "kinds": kinds, "roles": roles, "generation": generation}
    parts = [
        _columns(connection, values | {"after": after, "until": after + POSITIONS_AT_ONCE})
        for after in range(0, max(place.position, 1), POSITIONS_AT_ONCE)
    ]
    columns = [np.concatenate(pieces) for pieces in zip(*parts, strict=True)]
    by_hash = np.argsort(hashed.hashes)
    cell = by_hash[np.searchsorted(hashed.hashes[by_hash], columns[0])]
    order = np.argsort(cell, kind="stable")
    kind_codes = np.array([vocabulary.kinds.code(kind) for kind in kinds or ()], np.int32)
    role_codes = np.array([vocabulary.roles.code(role) for role in roles or ()], np.int32)
    (value, possible, kind, role, task, occurred, given_at, given, position, ended, recorded, ended_at) = (
        column[order] for column in columns[1:]
    )
    return Facts(
        offsets=np.searchsorted(cell[order], np.arange(hashed.cells + 1)).astype(np.int64),
        value=value,
        possible=possible,
        kind=kind_codes[kind],
        role=role_codes[role],
        task=task,
        occurred_us=occurred + _YEAR_2000_US,
        recorded_us=given_at + _YEAR_2000_US,
        given=given,
        position=position,
        ended=ended,
        begun_us=recorded + _YEAR_2000_US,
        ended_us=ended_at + _YEAR_2000_US,
    )


def _columns(connection: psycopg.Connection[Any], values: dict[str, Any]) -> list[Int64s]:
    """Return the columns of ALL_SCORES."""
    with connection.cursor(binary=True) as cursor:
        result = cursor.execute(ALL_SCORES, values).pgresult
        assert result is not None
        return [_array(result.get_value(0, column)) for column in range(result.nfields)]


def _array(field: bytes | None) -> Int64s:
    if field is None:
        return np.empty(0, np.int64)
    return np.frombuffer(field, _ARRAY, offset=_ARRAY_HEAD)["number"].astype(np.int64)


def _frameworks(
    connection: psycopg.Connection[Any], keys: Sequence[CellKey], known: dict[CellKey, str | None]
) -> list[str | None]:
    """Return the framework of each cell: that of its scores; of a cell without scores, the one that publishes it."""
    unknown = sorted({competency_id for learner_id, competency_id in keys if (learner_id, competency_id) not in known})
    published = dict(connection.execute(FRAMEWORKS, (unknown,)).fetchall()) if unknown else {}
    return [known.get(key) or published.get(key[1]) for key in keys]


def _judgements(keys: Sequence[CellKey], rows: Sequence[tuple[Any, ...]]) -> list[JudgementRow]:
    if not rows:
        return []
    number = {key: cell for cell, key in enumerate(keys)}
    return [
        JudgementRow(
            cell=number[learner_id, competency_id],
            level=level,
            position=position,
            begun_us=microseconds(recorded_at),
            lifted=NEVER if lifted is None else lifted,
            lifted_us=0 if lifted_at is None else microseconds(lifted_at),
        )
        for learner_id, competency_id, level, position, recorded_at, lifted, lifted_at in rows
    ]


class MasteryWriter:
    """Writes rows of current mastery and of its changes for points that were evaluated.

    Args:
        connection: the projector's, in a transaction.
        facts: of the cells of the points.
        points, states: what was evaluated, and what came of it.
    """

    def __init__(self, connection: psycopg.Connection[Any], facts: CellFacts, points: Points, states: States) -> None:
        self._connection = connection
        self._facts = facts
        self._points = points
        self._states = states
        self._levels = [*states.levels, "\\N"]
        self._touched = np.zeros(len(facts.keys), np.int64)
        marks = facts.marks()
        last = marks.last_of_cell()
        self._touched[marks.cell[last]] = marks.at[last]

    def fill(self, table: str, generation: int) -> None:
        """Copy the last state of each cell into an empty table of current mastery."""
        self._copy(f"COPY {table} ({MASTERY_COLUMNS}) FROM STDIN", self._mastery_lines(generation))

    def merge(self, generation: int) -> None:
        """Put the last state of each cell in the place of its row of current mastery."""
        self._connection.execute(STAGE)
        self.fill("staged_mastery", generation)
        self._connection.execute(MERGE)

    def add_changes(self, generation: int, switches: Collection[int]) -> None:
        """Add one row for each point that differs from the one before; a position among `switches` is a policy's."""
        chosen = changed(self._points, self._states)
        if len(chosen):
            lines = self._change_lines(generation, chosen, np.array([*switches], np.int64))
            self._copy(f"COPY {partition('mastery_change', generation)} ({CHANGE_COLUMNS}) FROM STDIN", lines)

    def _copy(self, statement: str, lines: Iterator[str]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            while chunk := "".join(islice(lines, LINES_AT_ONCE)):
                copy.write(chunk)

    def _mastery_lines(self, generation: int) -> Iterator[str]:
        states, levels, chosen = self._states, self._levels, self._points.last_of_cell()
        cells = self._points.cell[chosen]
        columns = (states.value, states.level, states.status, states.judged, states.effective, states.counted)
        more = (states.scores, states.ruling, states.digest)
        numbers = [column[chosen].tolist() for column in (*columns, *more)]
        latest = _times(states.latest_us[chosen])
        rulings = [f"{ruling.policy_id}\t{ruling.version}" for ruling in states.rulings]
        for cell, position, seen, value, level, status, judged, effective, counted, scores, ruling, digest in zip(
            cells.tolist(), self._touched[cells].tolist(), latest, *numbers, strict=True
        ):
            learner_id, competency_id = self._facts.keys[cell]
            framework_id = self._facts.frameworks[cell] or "\\N"
            yield (
                f"{generation}\t{learner_id}\t{competency_id}\t{framework_id}\t{_value(value)}\t{levels[level]}\t"
                f"{_STATUS[status]}\t{levels[judged]}\t{levels[effective]}\t{counted}\t{scores}\t{seen}\t"
                f"{rulings[ruling]}\t{digest}\t{position}\n"
            )

    def _change_lines(self, generation: int, chosen: Int64s, switches: Int64s) -> Iterator[str]:
        states, points, levels = self._states, self._points, self._levels
        after, before = (states.effective, states.value), chosen - 1
        numbers = [column[rows].tolist() for rows in (before, chosen) for column in after]
        places = [column[chosen].tolist() for column in (points.cell, points.at, states.ruling)]
        causes = np.where(np.isin(points.at[chosen], switches), "policy", "event").tolist()
        times = _times(points.time_us[chosen])
        for level, value, level_now, value_now, cell, position, ruling, cause, time in zip(
            *numbers, *places, causes, times, strict=True
        ):
            learner_id, competency_id = self._facts.keys[cell]
            yield (
                f"{generation}\t{learner_id}\t{competency_id}\t{levels[level]}\t{levels[level_now]}\t{_value(value)}\t"
                f"{_value(value_now)}\t{cause}\t{position}\t{states.rulings[ruling].version}\t{time}\n"
            )


def _value(value: int) -> str:
    return "\\N" if value == NO_VALUE else str(value)


def _times(microseconds_utc: Int64s) -> list[str]:
    """Return times as PostgreSQL reads them in a session in UTC."""
    times = microseconds_utc.astype("M8[us]").astype(str).tolist()
    return ["\\N" if us == NO_TIME else time for us, time in zip(microseconds_utc.tolist(), times, strict=True)]
