"""The tables of simulations: how far each is, what came of it, who would move."""

import time
from typing import Any, Final

import psycopg
import pyarrow as pa
from pyarrow import csv

from services.projectors.what_if.evaluate import Simulated, Watcher
from services.projectors.what_if.movers import MOVER_COLUMNS, Moved

START: Final = """
    INSERT INTO read_model.simulation (simulation_id, policy_id, version, state, at_position)
    VALUES (%(simulation_id)s, %(policy_id)s, %(version)s, 'running', %(at_position)s)
    ON CONFLICT (simulation_id) DO UPDATE SET state = 'running', cells_done = 0, fault = NULL, started_at = now(),
        updated_at = now()
"""
FORGET_MOVERS: Final = "DELETE FROM read_model.simulation_mover WHERE simulation_id = %s"
FORGET_ACTS: Final = "DELETE FROM read_model.simulation_act WHERE simulation_id = %s"
ADVANCE: Final = """
    UPDATE read_model.simulation SET cells_done = %s, cells = %s, updated_at = now() WHERE simulation_id = %s
"""
FINISH: Final = """
    UPDATE read_model.simulation
       SET state = 'finished', cells = cells_done, moved = %(moved)s, digest = %(digest)s, impact = %(impact)s,
           updated_at = now(), finished_at = now()
     WHERE simulation_id = %(simulation_id)s
"""
END: Final = """
    INSERT INTO read_model.simulation (simulation_id, policy_id, version, state, at_position, fault, finished_at)
    VALUES (%(simulation_id)s, %(policy_id)s, %(version)s, %(state)s, %(at_position)s, %(fault)s, now())
    ON CONFLICT (simulation_id) DO UPDATE SET state = excluded.state, fault = excluded.fault, updated_at = now(),
        finished_at = now()
"""
RECORDED: Final = "UPDATE read_model.simulation SET recorded_at_position = %s WHERE simulation_id = %s"
FORGET: Final = "DELETE FROM read_model.simulation WHERE simulation_id = %s"
COPY_MOVERS: Final = f"""
    COPY read_model.simulation_mover (simulation_id, {", ".join(MOVER_COLUMNS)}) FROM STDIN (FORMAT csv)
"""
ADD_ACT: Final = "INSERT INTO read_model.simulation_act VALUES (%s, %s, %s, %s, %s, %s, %s)"
TELL_EVERY_S: Final = 0.25
"""How often at most the progress is written down."""
_PLAIN: Final = csv.WriteOptions(include_header=False, quoting_style="none")
"""Ids and codes need no quotes; one that did would be refused here."""


class Keeper(Watcher):
    """Writes a simulation down while it goes on; one that had begun before is begun anew.

    Args:
        connection: in autocommit, not the one that the facts are read on.
        simulation_id: of a simulation that nobody else works on.
        policy_id, version: what is simulated.
    """

    def __init__(self, connection: psycopg.Connection[Any], simulation_id: str, policy_id: str, version: str) -> None:
        self.connection = connection
        self.simulation_id = simulation_id
        self._names = {"simulation_id": simulation_id, "policy_id": policy_id, "version": version}
        self._told_s = 0.0

    def started(self, position: int) -> None:
        """Forget what an earlier attempt left."""
        with self.connection.transaction():
            self.connection.execute(START, self._named(at_position=position))
            self._forget_movers()

    def portion(self, moved: Moved) -> None:
        """Write down who would move, and which acts would lose their basis."""
        movers = moved.movers
        with self.connection.transaction(), self.connection.cursor() as cursor:
            if len(movers):
                rows = movers.add_column(
                    0, "simulation_id", pa.array([self.simulation_id]).take(pa.array([0] * len(movers)))
                )
                with cursor.copy(COPY_MOVERS) as copy:
                    for batch in rows.to_batches(max_chunksize=20_000):
                        lines = pa.BufferOutputStream()
                        csv.write_csv(batch, lines, _PLAIN)
                        copy.write(memoryview(lines.getvalue()))
            cursor.executemany(ADD_ACT, [(self.simulation_id, *act, after) for act, after in moved.lost])

    def progress(self, done: int, cells: int) -> None:
        """Write down how far it is."""
        if time.monotonic() - self._told_s > TELL_EVERY_S or done == cells:
            self._told_s = time.monotonic()
            self.connection.execute(ADVANCE, (done, cells, self.simulation_id))

    def finish(self, simulated: Simulated) -> None:
        """Write down what came of it."""
        told = {
            "moved": simulated.impact.moved,
            "digest": simulated.digest.text,
            "impact": simulated.impact.model_dump_json(),
        }
        self.connection.execute(FINISH, self._named(**told))

    def recorded(self, position: int) -> None:
        """Write down where the log says what came of it."""
        self.connection.execute(RECORDED, (position, self.simulation_id))

    def forget(self) -> None:
        """Write down nothing of it after all."""
        with self.connection.transaction():
            self._forget_movers()
            self.connection.execute(FORGET, (self.simulation_id,))

    def _forget_movers(self) -> None:
        for query in (FORGET_MOVERS, FORGET_ACTS):
            self.connection.execute(query, (self.simulation_id,))

    def end(self, state: str, position: int, fault: str | None = None) -> None:
        """Write down that it ended otherwise, cancelled or failed, and forget whom it would have moved."""
        self._forget_movers()
        self.connection.execute(END, self._named(state=state, at_position=position, fault=fault))

    def _named(self, **values: object) -> dict[str, object]:
        return {**self._names, **values}
