"""Changing a policy for a whole district: kernel, what-if, publication and shards, each against the least it must do.

Run `python -m bench.policies [--scores 1000000] [--columns 10000000]`: `--columns` random scores for the kernel alone,
`--scores` in a database. Interleaved rounds, medians; memory is the peak of this process.
"""

import argparse
import json
import resource
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import psycopg

from bench import columns
from bench.common import bench_server, fresh_database, machine, medians, seconds
from bench.projectors import fill_log
from bench.publish import POLICY, Bench
from domain.mastery.cells import NOT_JUDGED
from domain.mastery.compile import compile_policy
from domain.mastery.kernel import evaluate
from domain.policy.events import ScopedPolicy
from infra.postgres.event_store import blocking_event_store
from services.projectors import generations, ledger
from services.projectors.cells import warm_cells
from services.projectors.cells.all_cells import all_cells
from services.projectors.cells.states import WORKERS_MAX, Judge
from services.projectors.rebuilding.rebuild import rebuild
from services.projectors.what_if import Draft, simulate

DRAIN: Final = """
    COPY (SELECT learner_id, competency_id, framework_id, kind, assessor_role, task, value_micro, possible_micro,
        occurred_at, given_at, given_position, position, ended_position FROM {scores}) TO STDOUT (FORMAT binary)
"""
"""The columns of the shards."""


class District:
    """A ledger with scores, mastery live, and its shards."""

    def __init__(self, connection: psycopg.Connection[Any], publishing: Bench, cells: Path) -> None:
        self._connection = connection
        self._publishing = publishing
        self._cells = cells
        self._facts = generations.live(connection, "mastery").place.facts_generation

    def what_if(self) -> object:
        """Evaluate all cells under the policy in force and under a draft: matrix, movers, digest."""
        scoped = ScopedPolicy(policy_id="draft", version=POLICY.version)
        return simulate(self._connection, Draft(scoped, POLICY), cells=self._cells)

    def kernel(self) -> None:
        """Evaluate all cells once, as they lie in the shards."""
        judge = Judge()
        words = judge.vocabulary()
        for facts, _ in all_cells(self._connection, self._facts, words, self._cells):
            rows = np.arange(len(facts.scores.value))
            cells = facts.scores.cells(rows, facts.scores.offsets, np.full(len(facts), NOT_JUDGED, np.int32))
            evaluate(cells, compile_policy(POLICY, words), WORKERS_MAX)

    def build(self) -> None:
        """Build the shards."""
        warm_cells.build(self._connection, self._facts, self._cells)

    def drain(self) -> None:
        """Read the same columns and forget them."""
        query = DRAIN.format(scores=generations.partition("score", self._facts))
        with self._connection.cursor() as cursor, cursor.copy(query.encode()) as copy:
            for _ in copy:
                pass

    def publish(self) -> float:
        """Return the seconds of a publication, until readers see the new levels; goes back afterwards."""
        taken = self._publishing.publish()
        self._publishing.roll_back()
        return taken.seen_s

    def copy_and_index(self) -> float:
        """Return the seconds that the same rows take by a bare binary COPY and the same primary key."""
        table = generations.partition("current_mastery", generations.live(self._connection, "mastery").place.generation)
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {table} TO STDOUT (FORMAT binary)".encode()) as rows,
        ):
            data = b"".join(bytes(row) for row in rows)
        self._connection.execute("DROP TABLE IF EXISTS read_model.bare")
        return seconds(lambda: self._copy(data))

    def _copy(self, data: bytes) -> None:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute("CREATE TABLE read_model.bare (LIKE read_model.current_mastery)")
            with cursor.copy("COPY read_model.bare FROM STDIN (FORMAT binary)") as copy:
                copy.write(data)
            cursor.execute("ALTER TABLE read_model.bare ADD PRIMARY KEY (generation, learner_id, competency_id)")


def district(scores: int, rounds: int) -> dict[str, Any]:
    """Return the figures that need a database."""
    with bench_server() as server, TemporaryDirectory() as folder:
        conninfo = server.conninfo("mastery_app", fresh_database(server))
        fill_log(conninfo, scores)
        with ledger.connect(conninfo) as connection, blocking_event_store(conninfo) as store:
            for name in ("learner_profile", "mastery"):
                rebuild(connection, name)
            connection.execute("ANALYZE read_model.score")
            cells = Path(folder)
            one = District(connection, Bench(connection, store, conninfo, cells), cells)
            timed: dict[str, Callable[[], object]] = {
                "build_s": one.build,
                "drain_s": one.drain,
                "what_if_s": one.what_if,
                "kernel_s": one.kernel,
            }
            contenders: dict[str, Callable[[], float]] = {
                "publish_s": one.publish,
                "copy_s": one.copy_and_index,
                **{name: partial(seconds, act) for name, act in timed.items()},
            }
            medians(contenders, 1)
            took = medians(contenders, rounds)
    pairs = {"what_if_over_kernel": ("what_if_s", "kernel_s"), "publish_over_copy": ("publish_s", "copy_s")}
    pairs |= {"build_over_drain": ("build_s", "drain_s")}
    ratios = {name: round(took[mine] / took[least], 2) for name, (mine, least) in pairs.items()}
    return {"scores": scores, **{name: round(time, 3) for name, time in took.items()}, **ratios}


def run(scores: int = 50_000, random: int = 500_000, rounds: int = 3) -> dict[str, Any]:
    """Return all figures as one document."""
    figures = {"columns": columns.run(random, rounds), "district": district(scores, rounds)}
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {**figures, "peak_mb": peak_mb, **machine()}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", type=int, default=300_000)
    parser.add_argument("--columns", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(json.dumps(run(asked.scores, asked.columns, asked.rounds), indent=2))


if __name__ == "__main__":
    main()
