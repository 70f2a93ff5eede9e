"""Publishing a policy over all scores: recompute, write, switch; against window functions in PostgreSQL.

Run `python -m bench.publish [--scores 1000000]`. Both write the same levels, which is
checked, and the change of each cell.
"""

import argparse
import json
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg

from bench.common import bench_server, fresh_database, machine, medians, seconds
from bench.projectors import fill_log
from domain.kernel.envelope import Actor, Meta, Role
from domain.kernel.event import Event
from domain.policy.events import PolicyDrafted, PolicyPublished, PolicyRolledBack
from domain.policy.starters import CUTS, starter
from infra.postgres.event_store import Append, BlockingEventStore, blocking_event_store
from services.projectors import generations, ledger
from services.projectors.filler import Filler
from services.projectors.models import make
from services.projectors.publishing import publish_next
from services.projectors.rebuild import rebuild

POLL_S: Final = 0.005
ADMINISTRATOR: Final = Meta(actor=Actor(id="a1", role=Role.ADMINISTRATOR))
POLICY: Final = starter("average", replace={"keep": "latest"}, **CUTS["four-levels"])
SQL: Final = """
    CREATE TABLE read_model.by_sql (LIKE read_model.current_mastery);
    INSERT INTO read_model.by_sql
    SELECT 0, learner_id, competency_id, framework_id, value,
        CASE WHEN value >= 3500000 THEN 'advanced' WHEN value >= 2500000 THEN 'proficient'
            WHEN value >= 1500000 THEN 'developing' ELSE 'beginning' END AS level,
        'determined', NULL, 'by-sql', counted, scores, latest, 'p1', 'v1', digest, position
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
    ALTER TABLE read_model.by_sql ADD PRIMARY KEY (learner_id, competency_id);
    CREATE TABLE read_model.changes_by_sql (LIKE read_model.mastery_change);
    CREATE INDEX ON read_model.changes_by_sql (learner_id);
    INSERT INTO read_model.changes_by_sql
    SELECT 0, learner_id, competency_id, before.effective_level, after.level, before.value_micro, after.value_micro,
        'policy', 1, 'v1', now()
    FROM read_model.current_mastery AS before JOIN read_model.by_sql AS after USING (learner_id, competency_id)
    WHERE before.generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
        AND (before.effective_level, before.value_micro) IS DISTINCT FROM (after.level, after.value_micro)
"""

DIFFERENT: Final = """
    SELECT count(*) FROM read_model.current_mastery AS mine
    FULL JOIN read_model.by_sql AS theirs USING (learner_id, competency_id)
    WHERE mine.generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
        AND (mine.value_micro, mine.level, mine.scores)
            IS DISTINCT FROM (theirs.value_micro, theirs.level, theirs.scores)
"""


def append(store: BlockingEventStore, *events: Event) -> None:
    """Append events of the policy."""
    version = store.load("policy-p1").version
    store.append(Append("policy-p1", version, events, datetime.now(UTC), ADMINISTRATOR))


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

    def publish(self) -> float:
        """Return the seconds from the publication until levels and changes are written."""
        append(self._store, PolicyPublished(policy_id="p1", version=POLICY.version))
        Filler(self._connection, "mastery").step()
        return seconds(self._make_and_switch)

    def publish_until_seen(self) -> float:
        """Return the seconds from the publication until readers see the new levels; the changes come after that."""
        before = generations.live(self._connection, "mastery").epoch
        with ThreadPoolExecutor(1) as pool:
            seen = pool.submit(self._wait_for_switch, before)
            started = time.perf_counter()
            self.publish()
            return seen.result() - started

    def _wait_for_switch(self, epoch: int) -> float:
        with ledger.connect(self._conninfo) as reader:
            while generations.live(reader, "mastery").epoch == epoch:
                time.sleep(POLL_S)
        return time.perf_counter()

    def _make_and_switch(self) -> None:
        assert publish_next(self._connection, self._conninfo, self._cells)
        Filler(self._connection, "mastery").step()

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

    def by_sql(self) -> float:
        """Return the seconds that PostgreSQL takes for the same rows with window functions."""
        self._connection.execute("DROP TABLE IF EXISTS read_model.by_sql, read_model.changes_by_sql")
        return seconds(lambda: self._connection.execute(SQL))


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
            rebuild(connection, "mastery")
            connection.execute("ANALYZE read_model.score")
            bench = Bench(connection, store, conninfo, Path(cells))
            bench.publish()
            bench.by_sql()
            assert connection.execute(DIFFERENT).fetchone() == (0,), "SQL and kernel disagree"
            bench.roll_back()
            contenders = {"sql_s": bench.by_sql, "publish_s": bench.publish, "roll_back_s": bench.roll_back}
            figures = medians(contenders, rounds)
    times = round(figures["sql_s"] / figures["publish_s"], 2)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    rounded = {name: round(s, 3) for name, s in figures.items()}
    return {"scores": scores, **rounded, "times": times, "peak_mb": peak_mb, **machine()}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", type=int, default=1_000_000)
    print(json.dumps(run(parser.parse_args().scores), indent=2))


if __name__ == "__main__":
    main()
