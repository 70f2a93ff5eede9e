"""The facts of the read model `mastery`: scores by revision and judgements, whatever the policy.

A batch of events becomes new rows and the ends of rows that were in force; the cells touched are returned.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import psycopg
from msgspec.structs import replace

from domain.mastery.cells import VALUE_MAX
from infra.postgres.score_cells import CellKey
from services.projectors.generations import partition
from services.projectors.read_model import Poison, StoredRow

LINES_AT_ONCE: Final = 1_000
"""So many lines go to the database together; it works on them while we make the next ones."""
NULL: Final = "\\N"
GIVEN, CORRECTED, VOIDED = "score.given.v1", "score.corrected.v1", "score.voided.v1"
WITHDRAWN: Final = "evidence.withdrawn.v1"
JUDGED, LIFTED = "judgement.recorded.v1", "judgement.lifted.v1"
AMENDMENTS: Final = frozenset({CORRECTED, VOIDED, WITHDRAWN})
FACTS: Final = frozenset({GIVEN, CORRECTED, VOIDED, WITHDRAWN, JUDGED, LIFTED})
"""The event types that are facts about cells."""


class Revision(msgspec.Struct, gc=False):
    """One row of read_model.score, in the order of its columns."""

    score_id: str
    revision: int
    evidence_id: str
    learner_id: str
    competency_id: str
    framework_id: str
    scale_id: str
    value_micro: int
    possible_micro: int
    kind: str
    task: str | None
    attempt: int
    purpose: str | None
    assessor_id: str
    assessor_role: str
    source_system: str | None
    occurred_at: str | datetime
    recorded_at: str | datetime
    position: int
    given_at: str | datetime
    given_position: int
    ended_at: str | None = None
    ended_position: int | None = None
    ended_by: str | None = None

    def line(self, generation: int) -> str:
        """Return the row as COPY reads it."""
        ended = f"{self.ended_at}\t{self.ended_position}\t{self.ended_by}" if self.ended_by else "\\N\t\\N\t\\N"
        return (
            f"{generation}\t{self.score_id}\t{self.revision}\t{self.evidence_id}\t{self.learner_id}\t"
            f"{self.competency_id}\t{self.framework_id}\t{self.scale_id}\t{self.value_micro}\t{self.possible_micro}\t"
            f"{self.kind}\t{self.task or NULL}\t{self.attempt}\t{self.purpose or NULL}\t{self.assessor_id}\t"
            f"{self.assessor_role}\t{self.source_system or NULL}\t{self.occurred_at}\t{self.recorded_at}\t"
            f"{self.position}\t{self.given_at}\t{self.given_position}\t{ended}\n"
        )


_ScoreKey = tuple[str, str]
"""Evidence and score: an id is used once within its evidence."""
COLUMNS: Final = ", ".join(Revision.__struct_fields__)
IN_FORCE: Final = f"""
    SELECT {COLUMNS} FROM {{scores}} WHERE score_id = ANY(%s) AND ended_position IS NULL
"""
END_SCORES: Final = """
    UPDATE {scores} AS score SET ended_at = ended.at, ended_position = ended.position, ended_by = ended.by
    FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::bigint[], %s::text[])
        AS ended (evidence_id, score_id, at, position, by)
    WHERE score.score_id = ended.score_id AND score.evidence_id = ended.evidence_id
        AND score.ended_position IS NULL
"""
ADD_JUDGEMENT: Final = """
    INSERT INTO read_model.judgement (generation, judgement_id, learner_id, competency_id, level, actor_id, actor_role,
        reason, occurred_at, recorded_at, position, expires_on)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
LIFT_JUDGEMENT: Final = """
    UPDATE read_model.judgement SET lifted_at = %s, lifted_position = %s
    WHERE generation = %s AND learner_id = %s AND competency_id = %s AND judgement_id = %s AND lifted_position IS NULL
"""
"""By cell as well as by id: that is how judgements are indexed."""


class _Actor(msgspec.Struct, gc=False):
    id: str
    role: str


class _Reason(msgspec.Struct, gc=False):
    code: str | None = None
    text: str | None = None


class _Source(msgspec.Struct, frozen=True, gc=False):
    system: str | None = None


class _Meta(msgspec.Struct, gc=False):
    actor: _Actor
    reason: _Reason | None = None


class _Origin(msgspec.Struct, gc=False):
    source: _Source = _Source()


class _Given(msgspec.Struct, gc=False):
    score_id: str
    evidence_id: str
    learner_id: str
    competency_id: str
    framework_id: str
    scale_id: str
    value_micro: int
    possible_micro: int
    kind: str
    assessor: _Actor
    task: str | None = None
    attempt: int = 1
    purpose: str | None = None


class _Corrected(msgspec.Struct, gc=False):
    evidence_id: str
    score_id: str
    revision: int
    value_micro: int


class _Voided(msgspec.Struct, gc=False):
    evidence_id: str
    score_id: str


class _Withdrawn(msgspec.Struct, gc=False):
    evidence_id: str
    score_ids: list[str] = []


class _Judged(msgspec.Struct, gc=False):
    judgement_id: str
    learner_id: str
    competency_id: str
    level: str
    expires_on: str | None = None


class _Lifted(msgspec.Struct, gc=False):
    judgement_id: str
    learner_id: str
    competency_id: str


_META: Final = msgspec.json.Decoder(_Meta)
_ORIGIN: Final = msgspec.json.Decoder(_Origin)
_DECODERS: Final[dict[str, Callable[[str], Any]]] = {
    GIVEN: msgspec.json.Decoder(_Given).decode,
    CORRECTED: msgspec.json.Decoder(_Corrected).decode,
    VOIDED: msgspec.json.Decoder(_Voided).decode,
    WITHDRAWN: msgspec.json.Decoder(_Withdrawn).decode,
    JUDGED: msgspec.json.Decoder(_Judged).decode,
    LIFTED: msgspec.json.Decoder(_Lifted).decode,
}


class FactWriter:
    """Folds one batch of facts into the rows of a facts generation; used once."""

    def __init__(self, connection: psycopg.Connection[Any], facts_generation: int) -> None:
        self._connection = connection
        self._generation = facts_generation
        self._stored: dict[_ScoreKey, Revision] = {}
        """Revisions in force that are in the table."""
        self._fresh: dict[_ScoreKey, Revision] = {}
        """Revisions in force that this batch made."""
        self._new: list[Revision] = []
        self._ends: list[tuple[str, str, str, int, str]] = []
        self._judged: list[tuple[object, ...]] = []
        self._lifted: list[tuple[object, ...]] = []
        self._touched: dict[CellKey, None] = {}

    def write(self, batch: Sequence[StoredRow]) -> list[CellKey]:
        """Write the facts of a batch; return the cells that it touched.

        Raises:
            Poison: an event that can't be read, or that ends a score or judgement that is not in force.
        """
        events = [(row, _decoded(row)) for row in batch]
        self._recall(events)
        for row, data in events:
            if row.type == GIVEN:
                self._give(row, data)
            elif row.type in {JUDGED, LIFTED}:
                self._judge(row, data)
            else:
                self._amend(row, data)
        if self._ends:
            self._connection.execute(self._sql(END_SCORES), [*map(list, zip(*self._ends, strict=True))])
        if self._new:
            self._copy()
        self._write_judgements()
        return list(self._touched)

    def _sql(self, query: str) -> bytes:
        """Name the table of scores, which is not a partition yet while the generation is built."""
        return query.format(scores=partition("score", self._generation)).encode()

    def _recall(self, events: Sequence[tuple[StoredRow, Any]]) -> None:
        """Fetch the scores in force that the batch amends."""
        ids = {score_id for row, data in events if row.type in AMENDMENTS for score_id in _amended(data)}
        if ids:
            rows = self._connection.execute(self._sql(IN_FORCE), (sorted(ids),)).fetchall()
            revisions = [Revision(*row) for row in rows]
            self._stored = {(one.evidence_id, one.score_id): one for one in revisions}

    def _give(self, row: StoredRow, data: _Given) -> None:
        if data.possible_micro <= 0 or max(data.possible_micro, abs(data.value_micro)) > VALUE_MAX:
            fault = f"score of {data.value_micro} in {data.possible_micro} micro-units can't be counted"
            raise Poison(row.position, row.learner_id, fault)
        origin = _ORIGIN.decode(row.meta).source.system
        revision = Revision(
            data.score_id, 1, data.evidence_id, data.learner_id, data.competency_id, data.framework_id, data.scale_id,
            data.value_micro, data.possible_micro, data.kind, data.task, data.attempt, data.purpose,
            data.assessor.id, data.assessor.role, origin, row.occurred_at, row.recorded_at, row.position,
            row.recorded_at, row.position,
        )  # fmt: skip
        self._start(revision)

    def _start(self, revision: Revision) -> None:
        self._new.append(revision)
        self._fresh[revision.evidence_id, revision.score_id] = revision
        self._touch(revision)

    def _amend(self, row: StoredRow, data: _Corrected | _Voided | _Withdrawn) -> None:
        if isinstance(data, _Withdrawn):
            for score_id in data.score_ids:
                self._end(data.evidence_id, score_id, row, "withdrawn")
        elif isinstance(data, _Voided):
            self._end(data.evidence_id, data.score_id, row, "voided")
        else:
            before = self._end(data.evidence_id, data.score_id, row, "corrected")
            self._start(
                replace(
                    before,
                    revision=data.revision,
                    value_micro=data.value_micro,
                    recorded_at=row.recorded_at,
                    position=row.position,
                    ended_at=None,
                    ended_position=None,
                    ended_by=None,
                )
            )

    def _end(self, evidence_id: str, score_id: str, row: StoredRow, how: str) -> Revision:
        key = evidence_id, score_id
        if key in self._fresh:
            revision = self._fresh.pop(key)
            revision.ended_at, revision.ended_position, revision.ended_by = row.recorded_at, row.position, how
        elif key in self._stored:
            revision = self._stored.pop(key)
            self._ends.append((*key, row.recorded_at, row.position, how))
        else:
            raise Poison(row.position, row.learner_id, f"score {score_id} is not in force")
        self._touch(revision)
        return revision

    def _touch(self, of: Revision | _Judged | _Lifted) -> None:
        self._touched[of.learner_id, of.competency_id] = None

    def _judge(self, row: StoredRow, data: _Judged | _Lifted) -> None:
        cell = data.learner_id, data.competency_id
        if isinstance(data, _Judged):
            meta = _META.decode(row.meta)
            reason = meta.reason and (meta.reason.text or meta.reason.code)
            act = (
                meta.actor.id,
                meta.actor.role,
                reason,
                row.occurred_at,
                row.recorded_at,
                row.position,
                data.expires_on,
            )
            self._judged.append((self._generation, data.judgement_id, *cell, data.level, *act))
        else:
            self._lifted.append((row.recorded_at, row.position, self._generation, *cell, data.judgement_id))
        self._touch(data)

    def _write_judgements(self) -> None:
        with self._connection.cursor() as cursor:
            if self._judged:
                cursor.executemany(ADD_JUDGEMENT, self._judged)
            if self._lifted:
                cursor.executemany(LIFT_JUDGEMENT, self._lifted)
                assert cursor.rowcount == len(self._lifted), "a judgement that is lifted is in force"

    def _copy(self) -> None:
        table = partition("score", self._generation)
        copied = f"COPY {table} (generation, {COLUMNS}) FROM STDIN"
        with self._connection.cursor() as cursor, cursor.copy(copied) as copy:
            for first in range(0, len(self._new), LINES_AT_ONCE):
                lines = [revision.line(self._generation) for revision in self._new[first : first + LINES_AT_ONCE]]
                copy.write("".join(lines))


def _decoded(row: StoredRow) -> Any:
    try:
        return _DECODERS[row.type](row.data)
    except msgspec.DecodeError as error:
        raise Poison(row.position, row.learner_id, f"data of {row.type} can't be read: {error}") from error


def _amended(data: _Corrected | _Voided | _Withdrawn) -> Sequence[str]:
    """Return the scores that an event ends or corrects."""
    return data.score_ids if isinstance(data, _Withdrawn) else (data.score_id,)
