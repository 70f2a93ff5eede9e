"""Publishing a policy over all scores: recompute, write, switch; against window functions in PostgreSQL.

Run `python -m bench.publish [--scores 1000000]`. Both write the same levels, the change of each cell, and a notice of
each level that changed, which is checked; the publication also compares its levels with a simulation. The cell shards
are warm, as the product keeps them; SQL has fresh tables, without history.
"""

import argparse
import json
import os
import resource
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import psycopg

from bench.common import bench_server, fresh_database, machine, seconds
from bench.projectors import fill_log
from domain.kernel.envelope import Actor, Meta, Role
from domain.kernel.event import Event
from domain.kernel.ids import SimulationId
from domain.policy.events import PolicyDrafted, PolicyPublished, PolicyRolledBack, PolicySimulated, ScopedPolicy
from domain.policy.starters import CUTS, starter
from infra.postgres.event_store import Append, BlockingEventStore, blocking_event_store
from services.projectors import generations, ledger
from services.projectors.filler import Filler
from services.projectors.models import make
from services.projectors.publishing.publishing import publish_next
from services.projectors.rebuilding.rebuild import rebuild
from services.projectors.what_if import Draft, simulate

POLL_S: Final = 0.01
ADMINISTRATOR: Final = Meta(actor=Actor(id="a1", role=Role.ADMINISTRATOR))
POLICY: Final = starter("average", replace={"keep": "latest"}, **CUTS["four-levels"])
LEVELS: Final = f"""
    CREATE TABLE read_model.by_sql (LIKE read_model.current_mastery);
    INSERT INTO read_model.by_sql
    SELECT 0, learner_id, competency_id, framework_id, value,
        CASE WHEN value >= 3500000 THEN 'advanced' WHEN value >= 2500000 THEN 'proficient'
            WHEN value >= 1500000 THEN 'developing' ELSE 'beginning' END AS level,
        'determined', NULL, CASE WHEN value >= 3500000 THEN 'advanced' WHEN value >= 2500000 THEN 'proficient'
            WHEN value >= 1500000 THEN 'developing' ELSE 'beginning' END, counted, scores, latest, 'p1',
        '{POLICY.version}', digest, position
    FROM (
        SELECT DISTINCT ON (learner_id, competency_id) learner_id, competency_id, framework_id,
            round(avg(value_micro) FILTER (WHERE is_kept) OVER cell / 10000, 0)::bigint * 10000 AS value,
            count(*) FILTER (WHERE is_kept) OVER cell AS counted, count(*) OVER cell AS scores,
            max(occurred_at) OVER cell AS latest, max(position) OVER cell AS position,
            bit_xor(hashint8extended(position, value_micro)) OVER cell AS digest
        FROM (
            SELECT learner_id, competency_id, framework_id, value_micro, occurred_at, position,
                row_number() OVER (PARTITION BY learner_id, competency_id, task
                    ORDER BY occurred_at DESC, given_position DESC) = 1 AS is_kept
            FROM read_model.score
            WHERE ended_position IS NULL
                AND generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
        ) AS score
        WINDOW cell AS (PARTITION BY learner_id, competency_id)
    ) AS cell;
    ALTER TABLE read_model.by_sql ADD PRIMARY KEY (learner_id, competency_id)
"""
CHANGES: Final = f"""
    CREATE TABLE read_model.changes_by_sql (LIKE read_model.mastery_change);
    CREATE INDEX ON read_model.changes_by_sql (learner_id);
    INSERT INTO read_model.changes_by_sql
    SELECT 0, learner_id, competency_id, before.effective_level, after.level, before.value_micro, after.value_micro,
        'policy', 1, '{POLICY.version}', now()
    FROM read_model.current_mastery AS before JOIN read_model.by_sql AS after USING (learner_id, competency_id)
    WHERE before.generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
        AND (before.effective_level, before.value_micro) IS DISTINCT FROM (after.level, after.value_micro)
"""
NOTICES: Final = """
    CREATE TABLE read_model.notices_by_sql (LIKE read_model.notice INCLUDING IDENTITY INCLUDING INDEXES);
    INSERT INTO read_model.notices_by_sql
        (switch_position, learner_id, competency_id, before_level, after_level, policy_version, issued_at)
    SELECT cause_position, learner_id, competency_id, before_level, after_level, policy_version, changed_at
    FROM read_model.changes_by_sql WHERE before_level IS DISTINCT FROM after_level
    ORDER BY learner_id, competency_id
"""
FORGET: Final = "DROP TABLE IF EXISTS read_model.by_sql, read_model.changes_by_sql, read_model.notices_by_sql"
DIFFERENT: Final = """
    SELECT count(*) FROM read_model.current_mastery AS mine
    FULL JOIN read_model.by_sql AS theirs USING (learner_id, competency_id)
    WHERE mine.generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
        AND (mine.value_micro, mine.level, mine.scores)
            IS DISTINCT FROM (theirs.value_micro, theirs.level, theirs.scores)
"""
WRITTEN: Final = """
    SELECT (SELECT count(*) FROM read_model.mastery_change WHERE cause_position = %(position)s),
        (SELECT count(*) FROM read_model.notice WHERE switch_position = %(position)s)
"""
WRITTEN_BY_SQL: Final = """
    SELECT (SELECT count(*) FROM read_model.changes_by_sql), (SELECT count(*) FROM read_model.notices_by_sql)
"""


def append(store: BlockingEventStore, *events: Event) -> None:
    """Append events of the policy."""
    version = store.load("policy-p1").version
    store.append(Append("policy-p1", version, events, datetime.now(UTC), ADMINISTRATOR))


class Taken(NamedTuple):
    """The seconds from a publication until readers see the levels, and until changes and notices are written too."""

    seen_s: float
    written_s: float


class Bench:
    """A database with mastery live under the built-in policy, and another policy to publish."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        store: BlockingEventStore,
        conninfo: str,
        cells: Path | None = None,
    ) -> None:
        self._connection = connection
        self._store = store
        self._conninfo = conninfo
        self._cells = cells
        document = json.loads(POLICY.canonical_json)
        append(store, PolicyDrafted(policy_id="p1", revision=1, version=POLICY.version, document=document))

    def publish(self) -> Taken:
        """Simulate the policy, which leaves the cells warm, and publish it upon that."""
        simulation_id = self._simulate()
        append(
            self._store,
            PolicyPublished(policy_id="p1", version=POLICY.version, revision=1, simulation_id=simulation_id),
        )
        Filler(self._connection, "mastery").step()
        before = generations.live(self._connection, "mastery").epoch
        with ThreadPoolExecutor(1) as pool:
            switched = pool.submit(self._wait_for_switch, before)
            started = time.perf_counter()
            assert publish_next(self._connection, self._conninfo, self._cells)
            Filler(self._connection, "mastery").step()
            written = time.perf_counter()
            return Taken(switched.result() - started, written - started)

    def _simulate(self) -> SimulationId:
        scoped = ScopedPolicy(policy_id="p1", version=POLICY.version)
        found = simulate(self._connection, Draft(scoped, POLICY), cells=self._cells)
        event = PolicySimulated(
            policy_id="p1",
            version=POLICY.version,
            revision=1,
            simulation_id=f"simulation-{found.at_position}",
            at_position=found.at_position,
            digest=found.digest.text,
            cells=found.impact.cells,
            moved=found.impact.moved,
            matrix=found.impact.matrix,
        )
        append(self._store, event)
        return event.simulation_id

    def _wait_for_switch(self, epoch: int) -> float:
        with ledger.connect(self._conninfo) as reader:
            while generations.live(reader, "mastery").epoch == epoch:
                time.sleep(POLL_S)
        return time.perf_counter()

    def roll_back(self) -> float:
        """Return the seconds until readers see the earlier levels; the changes come after that."""
        append(self._store, PolicyRolledBack(policy_id="p1", version=POLICY.version, policies=()))
        before = generations.live(self._connection, "mastery").epoch
        with ThreadPoolExecutor(1) as pool:
            seen = pool.submit(self._wait_for_switch, before)
            started = time.perf_counter()
            Filler(self._connection, "mastery").step()
            taken = seen.result() - started
        generations.prune(self._connection, make("mastery"))
        return taken

    def by_sql(self) -> dict[str, float]:
        """Return the seconds that PostgreSQL takes for the same rows with window functions, step by step."""
        self._connection.execute(FORGET)
        steps = {"sql_levels_s": LEVELS, "sql_changes_s": CHANGES, "sql_notices_s": NOTICES}
        return {name: seconds(partial(self._connection.execute, query.encode())) for name, query in steps.items()}

    def round(self) -> dict[str, float]:
        """Return the seconds of SQL, of a publication and of rolling it back."""
        figures = self.by_sql()
        taken = self.publish()
        position = generations.live(self._connection, "mastery").position
        written = self._connection.execute(WRITTEN, {"position": position}).fetchone()
        assert written == self._connection.execute(WRITTEN_BY_SQL).fetchone(), "SQL and projector disagree"
        return {**figures, "seen_s": taken.seen_s, "written_s": taken.written_s, "roll_back_s": self.roll_back()}


def run(scores: int = 200_000, rounds: int = 3) -> dict[str, Any]:
    """Measure the seconds of publishing, of rolling back, and of SQL, and the memory of this process at its peak."""
    with bench_server() as server:
        conninfo = server.conninfo("mastery_app", fresh_database(server))
        fill_log(conninfo, scores)
        with (
            ledger.connect(conninfo) as connection,
            blocking_event_store(conninfo) as store,
            TemporaryDirectory() as cells,
        ):
            for name in ("learner_profile", "mastery"):
                rebuild(connection, name)
            connection.execute("ANALYZE read_model.score")
            bench = Bench(connection, store, conninfo, Path(cells))
            bench.publish()
            bench.by_sql()
            assert connection.execute(DIFFERENT).fetchone() == (0,), "SQL and kernel disagree"
            bench.roll_back()
            taken = [bench.round() for _ in range(rounds)]
    figures = {name: round(median(one[name] for one in taken), 3) for name in taken[0]}
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"scores": scores, **figures, **times(figures), "load": os.getloadavg()[0], "peak_mb": peak_mb, **machine()}


def times(figures: Mapping[str, float]) -> dict[str, float]:
    """Return how many times longer SQL takes: to the levels, to levels and changes, and to the notices as well.

    Of ours, the first is until readers see the levels; the others until changes and notices are written.
    """
    levels, changes, notices = (figures[f"sql_{name}_s"] for name in ("levels", "changes", "notices"))
    return {
        "seen_times": round(levels / figures["seen_s"], 2),
        "written_times": round((levels + changes) / figures["written_s"], 2),
        "written_times_with_notices": round((levels + changes + notices) / figures["written_s"], 2),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", type=int, default=1_000_000)
    print(json.dumps(run(parser.parse_args().scores), indent=2))


if __name__ == "__main__":
    main()
