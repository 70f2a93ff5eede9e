"""Generations of a read model: made beside the live one, compared by digest, switched in one transaction, pruned."""

from typing import Any, Final, NamedTuple

import psycopg

from services.projectors import parts
from services.projectors.read_model import ReadModel

LEVELS_TABLE: Final = "current_mastery"
"""The one table that may have more generations than the facts that it is computed from."""
ENSURE: Final = "INSERT INTO read_model.projector (name) VALUES (%s) ON CONFLICT DO NOTHING"
LIVE: Final = """
    SELECT generation, facts_generation, position, epoch FROM read_model.projector WHERE name = %s
"""
GATE_CLASS: Final = 7702
"""First key of the advisory locks by which who moves the live generation as a whole waits for those at its lanes."""
SHUT_GATE: Final = "SELECT pg_advisory_xact_lock(%s, hashtext(%s))"
SHARE_GATE: Final = "SELECT pg_advisory_xact_lock_shared(%s, hashtext(%s))"
LOCK_LIVE: Final = f"{LIVE} FOR UPDATE"
PLACE: Final = """
    SELECT generation, facts_generation, state, position FROM read_model.generation
    WHERE projector = %s AND generation = %s
"""
BEGUN: Final = """
    SELECT generation, facts_generation, state, position FROM read_model.generation
    WHERE projector = %s AND state IN ('building', 'ready') AND facts_generation = generation
    ORDER BY generation DESC LIMIT 1
"""
BEFORE: Final = """
    SELECT generation.generation, generation.facts_generation, state, generation.position
    FROM read_model.generation JOIN read_model.projector ON name = projector
    WHERE name = %s AND state = 'kept' AND generation.facts_generation <> projector.facts_generation
    ORDER BY generation.position DESC LIMIT 1
"""
ADD: Final = """
    INSERT INTO read_model.generation (projector, generation, facts_generation, state, position)
    SELECT %s, next, coalesce(%s, next), %s, %s FROM nextval('read_model.generation_number') AS next
    RETURNING generation
"""
KEEP_LIVE: Final = """
    UPDATE read_model.generation SET state = 'kept', position = projector.position, updated_at = now()
    FROM read_model.projector
    WHERE projector.name = generation.projector AND projector.generation = generation.generation
        AND projector.name = %s
"""
MAKE_LIVE: Final = """
    UPDATE read_model.generation SET state = 'live', updated_at = now() WHERE projector = %s AND generation = %s
    RETURNING facts_generation
"""
POINT_AT: Final = """
    UPDATE read_model.projector
    SET generation = %s, facts_generation = %s, position = %s, epoch = epoch + 1, updated_at = now()
    WHERE name = %s
"""
KEPT: Final = """
    SELECT generation, facts_generation FROM read_model.generation
    WHERE projector = %s AND state = 'kept' AND NOT EXISTS (
        SELECT FROM read_model.owed_switch AS owed
        WHERE owed.facts_generation = generation.facts_generation AND owed.before_generation = generation.generation
    )
    ORDER BY generation
"""
"""Those that a switch compares with once more are kept."""
FORGET: Final = "DELETE FROM read_model.generation WHERE projector = %s AND generation = %s"
FORGET_PARKED: Final = "DELETE FROM read_model.parked WHERE projector = %s AND generation = %s"
FORGET_LATE: Final = """
    WITH folds AS (DELETE FROM read_model.late_fold WHERE generation = %(facts)s)
    DELETE FROM read_model.late_learner WHERE generation = %(facts)s
"""
USES: Final = """
    SELECT EXISTS (SELECT FROM read_model.generation WHERE projector = %s AND facts_generation = %s)
"""
COLUMNS: Final = """
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = ('read_model.' || %s)::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'generation'
"""
IS_PARTITION: Final = "SELECT relispartition FROM pg_class WHERE oid = %s::regclass"


class Place(NamedTuple):
    """A generation, the one that holds its facts, its state, and the position it has come to."""

    generation: int
    facts_generation: int
    state: str
    position: int


class Live(NamedTuple):
    """The live generation of a projector (None before the first) and how far it has come."""

    generation: int | None
    facts_generation: int | None
    position: int
    epoch: int

    @property
    def place(self) -> Place:
        """The live generation, which there is."""
        assert self.generation is not None, "no generation is live yet"
        assert self.facts_generation is not None
        return Place(self.generation, self.facts_generation, "live", self.position)


NOWHERE: Final = Live(None, None, 0, 0)


def partition(table: str, generation: int) -> str:
    """Return the name of a table's partition."""
    return f"read_model.{table}_g{generation}"


def ensure(connection: psycopg.Connection[Any], name: str) -> None:
    """Let a projector be known before its first generation."""
    connection.execute(ENSURE, (name,))


def live(connection: psycopg.Connection[Any], name: str, *, lock: bool = False) -> Live:
    """Return where the live generation is; with `lock` nobody moves it until the transaction ends."""
    if lock:
        connection.execute(SHUT_GATE, (GATE_CLASS, name))
        ensure(connection, name)
    row = connection.execute(LOCK_LIVE if lock else LIVE, (name,)).fetchone()
    return NOWHERE if row is None else Live(*row)


def pass_gate(connection: psycopg.Connection[Any], name: str) -> None:
    """Let nobody move the live generation as a whole until the transaction ends; others may pass too.

    A lock of its own and not one of the row, where those who pass would starve the one who waits.
    """
    connection.execute(SHARE_GATE, (GATE_CLASS, name))


def place(connection: psycopg.Connection[Any], name: str, generation: int) -> Place:
    """Return where a generation is."""
    row = connection.execute(PLACE, (name, generation)).fetchone()
    assert row is not None, f"{name} has no generation {generation}"
    return Place(*row)


def begun(connection: psycopg.Connection[Any], name: str) -> Place | None:
    """Return the generation that a rebuild, perhaps a killed one, has begun."""
    row = connection.execute(BEGUN, (name,)).fetchone()
    return Place(*row) if row else None


def before(connection: psycopg.Connection[Any], name: str) -> Place | None:
    """Return the generation that was live before the last rebuild, if it is kept."""
    row = connection.execute(BEFORE, (name,)).fetchone()
    return Place(*row) if row else None


def create(connection: psycopg.Connection[Any], model: ReadModel) -> Place:
    """Make the next generation, empty, with a partition of each table."""
    with connection.transaction():
        generation = add(connection, model.name, "building")
        for table in model.tables:
            create_table(connection, table, generation)
            if table not in model.late_tables:
                attach(connection, table, generation)
            elif (column := model.late_tables[table]) is not None:
                connection.execute(f"CREATE INDEX ON {partition(table, generation)} ({column})")
        return place(connection, model.name, generation)


def add(connection: psycopg.Connection[Any], name: str, state: str, facts: int | None = None, position: int = 0) -> int:
    """Note the next generation, on facts of its own (None) or of another generation; return its number."""
    row = connection.execute(ADD, (name, facts, state, position)).fetchone()
    assert row is not None
    return int(row[0])


def create_table(connection: psycopg.Connection[Any], table: str, generation: int) -> None:
    """Make the table of a generation, without indexes, unknown to readers; what it may hold is checked."""
    name = partition(table, generation)
    connection.execute(
        f"CREATE TABLE {name} (LIKE read_model.{table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS,"
        f" CHECK (generation = {generation}))"
    )


def attach(connection: psycopg.Connection[Any], table: str, generation: int) -> None:
    """Index the table of a generation and make it a partition, unless it is."""
    name = partition(table, generation)
    if connection.execute(IS_PARTITION, (name,)).fetchone() == (True,):
        return
    connection.execute(f"ALTER TABLE read_model.{table} ATTACH PARTITION {name} FOR VALUES IN ({generation})")


def switch(connection: psycopg.Connection[Any], name: str, generation: int, position: int) -> None:
    """Make a generation that has come to `position` the live one; the one before is kept."""
    connection.execute(KEEP_LIVE, (name,))
    row = connection.execute(MAKE_LIVE, (name, generation)).fetchone()
    assert row is not None, f"{name} has no generation {generation}"
    connection.execute(POINT_AT, (generation, row[0], position, name))


def drop(connection: psycopg.Connection[Any], model: ReadModel, generation: int, facts_generation: int) -> None:
    """Delete a generation, and its facts unless another generation is built on them."""
    connection.execute(FORGET, (model.name, generation))
    parts.forget(connection, model.name, generation)
    row = connection.execute(USES, (model.name, facts_generation)).fetchone()
    assert row is not None
    if not row[0]:
        connection.execute(FORGET_PARKED, (model.name, facts_generation))
        connection.execute(FORGET_LATE, {"facts": facts_generation})
    for table in model.tables:
        if table == LEVELS_TABLE:
            connection.execute(f"DROP TABLE IF EXISTS {partition(table, generation)}")
        elif not row[0]:
            connection.execute(f"DROP TABLE IF EXISTS {partition(table, facts_generation)}")


def prune(connection: psycopg.Connection[Any], model: ReadModel) -> list[int]:
    """Delete the generations kept for a rollback; return their numbers."""
    with connection.transaction():
        live(connection, model.name, lock=True)
        kept = connection.execute(KEPT, (model.name,)).fetchall()
        for generation, facts_generation in kept:
            drop(connection, model, generation, facts_generation)
    return [generation for generation, _ in kept]


def digest(connection: psycopg.Connection[Any], model: ReadModel, place: Place) -> str:
    """Return the digest of what a generation holds, whatever the order of its rows and its number: hexadecimal."""
    parts = []
    for table in model.tables:
        row = connection.execute(COLUMNS, (table,)).fetchone()
        assert row is not None
        of = place.generation if table == LEVELS_TABLE else place.facts_generation
        total = connection.execute(
            f"SELECT count(*), coalesce(sum(hashtextextended(ROW({row[0]})::text, 0)), 0) FROM {partition(table, of)}"
        ).fetchone()
        assert total is not None
        parts.append(f"{total[0]:x}.{int(total[1]) % 2**64:016x}")
    return "-".join(parts)
