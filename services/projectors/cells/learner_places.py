"""Enrolments in the read model `mastery`: facts like scores, for the policies of a school or a course."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import psycopg
import pyarrow as pa

from domain.mastery.revisions import NEVER
from infra.postgres.learner_places import FIRSTS, PLACES, PlaceRow
from services.projectors.read_model import Poison, StoredRow

OPENED, CLOSED = "enrolment.opened.v1", "enrolment.closed.v1"
ENROLMENTS: Final = frozenset({OPENED, CLOSED})
COPY: Final = """
    COPY read_model.learner_place (generation, position, learner_id, enrolment_id, school_id, course_id, opened_at,
        recorded_at) FROM STDIN
"""
CLOSE: Final = """
    UPDATE read_model.learner_place
    SET closed_position = done.position, closed_at = done.closed_at, closed_recorded_at = done.recorded_at
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
        AS done (position, learner_id, enrolment_id, closed_at, recorded_at)
    WHERE learner_place.generation = %s AND learner_place.learner_id = done.learner_id
        AND learner_place.enrolment_id = done.enrolment_id AND closed_position IS NULL
"""


class _Enrolment(msgspec.Struct, gc=False):
    enrolment_id: str
    learner_id: str
    school_id: str = ""
    """Of one that is opened."""
    course_id: str | None = None


_DECODE: Final = msgspec.json.Decoder(_Enrolment).decode


def write_places(connection: psycopg.Connection[Any], generation: int, batch: Sequence[StoredRow]) -> list[str]:
    """Write the enrolments of a batch to a facts generation; return the learners that they are about.

    Raises:
        Poison: an event that can't be read.
    """
    events = [(row, _decoded(row)) for row in batch]
    with connection.cursor() as cursor:
        with cursor.copy(COPY) as copy:
            for row, one in events:
                if row.type == OPENED:
                    where = (one.learner_id, one.enrolment_id, one.school_id, one.course_id)
                    copy.write_row((generation, row.position, *where, row.occurred_at, row.recorded_at))
        ends = [
            (row.position, one.learner_id, one.enrolment_id, row.occurred_at, row.recorded_at)
            for row, one in events
            if row.type == CLOSED
        ]
        if ends:
            cursor.execute(CLOSE, (*map(list, zip(*ends, strict=True)), generation))
    return [*dict.fromkeys(one.learner_id for _, one in events)]


def _decoded(row: StoredRow) -> _Enrolment:
    try:
        return _DECODE(row.data)
    except msgspec.DecodeError as error:
        raise Poison(row.position, row.learner_id, f"data of {row.type} can't be read: {error}") from error


class Roster:
    """What policies ask of learners, read only where they do: their enrolments, and since when the ledger knows them.

    Args:
        connection: the projector's.
        generation: of the facts.
        late: learners of whom enrolments from a position on are left out.
    """

    def __init__(
        self, connection: psycopg.Connection[Any], generation: int, late: Mapping[str, int] | None = None
    ) -> None:
        self._connection = connection
        self._generation = generation
        self._late = late or {}

    def without_late(self, late: Mapping[str, int]) -> "Roster":
        """Return the same without what was folded late: of some learners the enrolments from a position on."""
        return Roster(self._connection, self._generation, late)

    def places(self, learners: pa.Array, names: Iterable[str]) -> list[PlaceRow]:
        """Return the enrolments of learners in the schools and courses of these names, whenever they were."""
        values = {
            "generation": self._generation, "learners": learners.to_pylist(), "names": sorted(names), "never": NEVER,
        }  # fmt: skip
        rows = [PlaceRow._make(row) for row in self._connection.execute(PLACES, values).fetchall()]
        known = [(row, self._late.get(row.learner_id, NEVER)) for row in rows]
        return [
            row if row.closed < since else row._replace(closed=NEVER, closed_us=0)
            for row, since in known
            if row.position < since
        ]

    def firsts(self, learners: pa.Array) -> dict[str, int]:
        """Return the position of the first event about each learner."""
        return dict(self._connection.execute(FIRSTS, {"learners": learners.to_pylist()}).fetchall())
