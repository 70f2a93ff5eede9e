"""What each topic is fed with: the log itself, or what the read models say now of what changed."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import orjson
import psycopg
from psycopg.rows import dict_row

from domain.kernel.errors import Invalid
from infra.postgres.published import READ_TO_DEAL
from schemas.asyncapi import CHANGES_TOPIC, EVENTS_TOPIC, PARKED_TOPIC, POLICIES_TOPIC
from schemas.cloudevents import CONTENT_TYPE, StoredEvent, cloud_event

POLICY: Final = "policy."
PLAIN_HEADERS: Final = [("content-type", CONTENT_TYPE.encode())]
LIVE: Final = """
    SELECT generation, facts_generation, position FROM read_model.live WHERE projector = 'mastery'
"""
CELLS: Final = """
    SELECT cell.learner_id, cell.competency_id, now.framework_id, now.value_micro, now.level, now.judged_level,
           now.effective_level, now.status, now.scores, now.policy_id, now.policy_version, now.position
      FROM ({cells}) AS cell
      LEFT JOIN read_model.current_mastery AS now
        ON now.generation = %(generation)s
       AND now.learner_id = cell.learner_id AND now.competency_id = cell.competency_id
     ORDER BY cell.learner_id, cell.competency_id
"""
CHANGED: Final = """
    SELECT DISTINCT learner_id, competency_id FROM read_model.mastery_change
     WHERE generation = %(facts)s AND cause_position > %(after)s AND cause_position <= %(until)s
"""
OF_LEARNERS: Final = """
    SELECT learner_id, competency_id FROM read_model.current_mastery
     WHERE generation = %(generation)s AND learner_id = ANY(%(learners)s)
"""
PARKED: Final = """
    SELECT parked.projector, parked.position, parked.learner_id, parked.type, parked.since
      FROM read_model.parked
      JOIN read_model.projector ON projector.name = parked.projector
       AND projector.facts_generation = parked.generation
     ORDER BY parked.projector, parked.position
"""
TOLD: Final = "SELECT projector, position, learner_id FROM read_model.published_parked ORDER BY projector, position"
TELL: Final = "INSERT INTO read_model.published_parked (projector, position, learner_id) VALUES (%s, %s, %s)"
UNTELL: Final = "DELETE FROM read_model.published_parked WHERE projector = %s AND position = %s"

Connection = psycopg.Connection[Any]
Row = Mapping[str, Any]


class Message(NamedTuple):
    """A message for a topic, named without its prefix; no value: a tombstone.

    The remainder of `number` is its partition; None: that follows from the key.
    """

    topic: str
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]
    number: int | None = None


class Batch(NamedTuple):
    """Messages, in order for each key, and the position in the log that is told when they are acknowledged."""

    messages: Sequence[Message]
    position: int


def read_events(connection: Connection, after: int, limit: int, source: str, topic: str = EVENTS_TOPIC) -> Batch:
    """Return the next events of the log; those of policies for their own topic too.

    Raises:
        Invalid: event-unreadable.
    """
    messages = []
    for number, *row in connection.execute(READ_TO_DEAL, (after, limit)).fetchall():
        stored = StoredEvent._make(row)
        event = cloud_event(stored, source)
        message = Message(topic, event.attributes["partitionkey"].encode(), event.data, event.headers, number)
        messages.append(message)
        if topic == EVENTS_TOPIC and stored.type.startswith(POLICY):
            messages.append(message._replace(topic=POLICIES_TOPIC))
        after = stored.position
    return Batch(messages, after)


class Log:
    """The log of the ledger `source`, in batches of at most so many events; the next one can be read beforehand."""

    def __init__(self, source: str, limit: int) -> None:
        self._source, self._limit = source, limit
        self._ahead: tuple[int, Batch] | None = None

    def read(self, connection: Connection, after: int) -> Batch:
        """Return the next batch.

        Raises:
            Invalid: event-unreadable.
        """
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == after:
            return ahead[1]
        return read_events(connection, after, self._limit, self._source)

    def read_ahead(self, connection: Connection, batch: Batch) -> None:
        """Read what follows a full batch; an event that can't be read is told when its turn has come."""
        if len(batch.messages) >= self._limit:
            with suppress(Invalid):
                self._ahead = batch.position, read_events(connection, batch.position, self._limit, self._source)


def read_changes(connection: Connection, after: int) -> Batch:
    """Return what the policies say now of each cell whose level changed after a position."""
    for live in _rows(connection, LIVE, {}):
        if live["position"] > after:
            values = {"generation": live["generation"], "facts": live["facts_generation"]}
            until = {"after": after, "until": live["position"]}
            rows = _rows(connection, CELLS.format(cells=CHANGED), values | until)
            return Batch([_cell_message(row) for row in rows], live["position"])
    return Batch([], after)


def read_parked(connection: Connection) -> Batch:
    """Return what is parked now and was not told yet, and tombstones of what is no longer.

    A learner who waits in `mastery` no more has levels that came late: they are told anew.
    """
    now = {_parked_key(row): row for row in _rows(connection, PARKED, {})}
    told = {_parked_key(row): row for row in _rows(connection, TOLD, {})}
    messages = [_parked_message(row) for key, row in now.items() if key not in told]
    gone = [row for key, row in told.items() if key not in now]
    messages += [_parked_message(row, resolved=True) for row in gone]
    learners = [row["learner_id"] for row in gone if row["projector"] == "mastery" and row["learner_id"] is not None]
    if learners:
        for live in _rows(connection, LIVE, {}):
            values = {"generation": live["generation"], "learners": learners}
            messages += map(_cell_message, _rows(connection, CELLS.format(cells=OF_LEARNERS), values))
    return Batch(messages, 0)


def note_parked(connection: Connection, batch: Batch) -> None:
    """Keep in mind what the topic of parked events tells now, after `batch` was acknowledged."""
    for message in batch.messages:
        if message.topic == PARKED_TOPIC:
            projector, _, position = message.key.decode().partition("|")
            connection.execute(UNTELL, (projector, int(position)))
            if message.value is not None:
                connection.execute(TELL, (projector, int(position), orjson.loads(message.value)["learner_id"]))


def _rows(connection: Connection, query: str, values: Row) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), values).fetchall()


def _cell_message(row: Row) -> Message:
    key = f"{row['learner_id']}|{row['competency_id']}".encode()
    is_known = row["status"] is not None
    return Message(CHANGES_TOPIC, key, orjson.dumps(row) if is_known else None, PLAIN_HEADERS)


def _parked_message(row: Row, *, resolved: bool = False) -> Message:
    return Message(PARKED_TOPIC, _parked_key(row).encode(), None if resolved else orjson.dumps(row), PLAIN_HEADERS)


def _parked_key(row: Row) -> str:
    return f"{row['projector']}|{row['position']}"
