"""Projectors that catch up on a log of scores, against the library's runner with one transaction an event.

Both write what a read model says of a score: `mastery` the score, the level of its cell and its change. So its figure
is also that of the score facts with current mastery, with the changes on top, which ours can't leave out.

Run `python -m bench.projectors [--events 1000000]`.
"""

import argparse
import json
import time
from typing import Any, Final

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import make_conninfo

from bench.common import bench_server, fresh_database, machine, seconds
from domain.evidence.events import ScoreGiven
from infra.postgres.embedded import EmbeddedServer
from infra.postgres.library import LedgerEvent, library_environment
from services.projectors import ledger
from services.projectors.models import MODELS
from services.projectors.rebuilding.rebuild import rebuild

SCORES_A_CELL: Final = 5
COMPETENCIES: Final = 40
WORKERS: Final = (1, 2)
WARM_UP: Final = 200
"""Events before the library's runner is measured."""
LOG: Final = """
    INSERT INTO ledger.event
        (position, recorded_at, stream, version, type, event_id, learner_id, occurred_at, meta, data)
    SELECT n, now() + n * interval '1 millisecond', 'evidence-e' || n, 1, 'score.given.v1', gen_random_uuid(),
        'learner-' || learner, timestamptz '2025-09-01' + n * interval '20 seconds',
        '{"actor":{"id":"teacher-7","role":"teacher"},"source":{"system":"lms"}}',
        format('{"assessor":{"id":"teacher-7","role":"teacher"},"attempt":1,"competency_id":"math.6.%%s",'
            '"evidence_id":"e%%s","framework_id":"mathematics","kind":"%%s","learner_id":"learner-%%s",'
            '"possible_micro":4000000,"scale_id":"four-levels","score_id":"s%%s","task":"unit-%%s",'
            '"value_micro":%%s}', competency, n, (ARRAY['quiz', 'project', 'observation'])[n %% 3 + 1], learner, n,
            n %% 17, 1000000 * ((hashint8(n) & 3) + 1))::json
    FROM generate_series(1, %(events)s::bigint) AS n,
        LATERAL (SELECT n * 7919 %% (%(events)s / %(a_cell)s) AS cell) AS c,
        LATERAL (SELECT cell / %(competencies)s AS learner, cell %% %(competencies)s AS competency) AS who
"""


def fill_log(conninfo: str, events: int) -> None:
    """Put that many scores into an empty log, five a cell, in no order of learners.

    The log is vacuumed, as one that grew over months is: else the server does it while somebody is measured.
    """
    values = {"events": events, "a_cell": SCORES_A_CELL, "competencies": COMPETENCIES}
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(LOG, values)
    with psycopg.connect(make_conninfo(conninfo, user="mastery_owner"), autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) ledger.event")


def ours(conninfo: str, name: str, workers: int) -> float:
    """Return the seconds that so many workers take from position 0 to the live generation of a projector."""
    with ledger.connect(conninfo) as connection:
        return seconds(lambda: rebuild(connection, name, workers=workers))


class View(PostgresTrackingRecorder):
    """The library's view: rows and tracking of one event in one transaction."""

    statement: str = ""

    def write(self, values: dict[str, Any], tracking: Tracking) -> None:
        """Write what an event says."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(self.statement.encode(), values, prepare=True)
            self._insert_tracking(cursor, tracking)


class MasteryView(View):
    """A score, the mean of its cell, and the change: what the read model `mastery` says of an event."""

    statement = """
        WITH given AS (
            INSERT INTO read_model.library_score
                (learner, competency, value, possible, kind, task, occurred_at, position)
            VALUES (%(learner)s, %(competency)s, %(value)s, %(possible)s, %(kind)s, %(task)s, %(at)s, %(position)s)
        ), change AS (
            INSERT INTO read_model.library_change (learner, competency, value, position)
            VALUES (%(learner)s, %(competency)s, %(value)s, %(position)s)
        )
        INSERT INTO read_model.library_mastery AS now (learner, competency, total, scores)
        VALUES (%(learner)s, %(competency)s, %(value)s, 1)
        ON CONFLICT (learner, competency) DO UPDATE SET total = now.total + excluded.total, scores = now.scores + 1
    """


class LearnerProfileView(View):
    """The learner's day."""

    statement = """
        INSERT INTO read_model.library_day AS now (learner, day, scores, position)
        VALUES (%(learner)s, %(at)s::date, 1, %(position)s)
        ON CONFLICT (learner, day) DO UPDATE SET scores = now.scores + 1, position = excluded.position
    """


class AuditTrailView(View):
    """One row an event."""

    statement = """
        INSERT INTO read_model.library_audit (position, type, learner, competency, actor, after, at)
        VALUES (%(position)s, %(type)s, %(learner)s, %(competency)s, %(actor)s, %(value)s, %(at)s)
    """


TABLES: Final = """
    CREATE TABLE read_model.library_score (learner text, competency text, value bigint, possible bigint, kind text,
        task text, occurred_at timestamptz, position bigint PRIMARY KEY);
    CREATE INDEX ON read_model.library_score (learner, competency);
    CREATE TABLE read_model.library_change (learner text, competency text, value bigint, position bigint);
    CREATE INDEX ON read_model.library_change (learner, competency);
    CREATE TABLE read_model.library_mastery (learner text, competency text, total bigint, scores int,
        PRIMARY KEY (learner, competency));
    CREATE TABLE read_model.library_day (learner text, day date, scores int, position bigint,
        PRIMARY KEY (learner, day));
    CREATE TABLE read_model.library_audit (position bigint PRIMARY KEY, type text, learner text, competency text,
        actor text, after bigint, at timestamptz);
    CREATE INDEX ON read_model.library_audit (learner, position);
    CREATE INDEX ON read_model.library_audit (actor, position);
    CREATE INDEX ON read_model.library_audit (type, position)
"""
VIEWS: Final[dict[str, type[View]]] = {
    "mastery": MasteryView,
    "learner_profile": LearnerProfileView,
    "audit_trail": AuditTrailView,
}


class Ledger(Application[str]):
    """The library's application on our log."""


class Rows(Projection[View]):
    """Writes the row of each event."""

    name = "rows"

    def process_event(self, domain_event: LedgerEvent, tracking: Tracking) -> None:
        """Write one event."""
        event = domain_event.event
        assert isinstance(event, ScoreGiven)
        values = {
            "learner": event.learner_id,
            "competency": event.competency_id,
            "value": event.value_micro,
            "possible": event.possible_micro,
            "kind": event.kind,
            "task": event.task,
            "at": domain_event.occurred_at,
            "position": tracking.notification_id,
            "type": event.type,
            "actor": domain_event.meta.actor.id,
        }
        self.view.write(values, tracking)


def library(conninfo: str, name: str, sample: int) -> float:
    """Return the events a second of the library's runner on the first events of the log, once it runs."""
    rows = type("Rows", (Rows,), {"name": f"rows_{name}"})
    environment = library_environment(conninfo) | {f"ROWS_{name.upper()}_POSTGRES_SCHEMA": "read_model"}
    with ProjectionRunner(
        application_class=Ledger, projection_class=rows, view_class=VIEWS[name], env=environment
    ) as runner:
        runner.wait(WARM_UP, timeout=60)
        start = time.perf_counter()
        runner.wait(WARM_UP + sample, timeout=120)
        return sample / (time.perf_counter() - start)


def _load(server: EmbeddedServer) -> None:
    """Rebuild nothing, so that no contender loads code while it is measured."""
    conninfo = server.conninfo("mastery_app", fresh_database(server))
    fill_log(conninfo, SCORES_A_CELL)
    for name in MODELS:
        for workers in WORKERS:
            ours(conninfo, name, workers)


def run(events: int = 200_000, sample: int = 2_000) -> dict[str, Any]:
    """Measure every projector on one log, the library's runner on its first `sample` events."""
    figures: dict[str, Any] = {"events": events, "sample": sample, **machine()}
    with bench_server() as server:
        databases = [server.conninfo("mastery_app", fresh_database(server)) for _ in WORKERS]
        for conninfo in databases:
            fill_log(conninfo, events)
        with psycopg.connect(databases[0], autocommit=True) as connection:
            connection.execute(TABLES)
        _load(server)
        taken = dict.fromkeys(WORKERS, 0.0)
        for name in MODELS:
            theirs = library(databases[0], name, sample)
            by_workers = {n: ours(conninfo, name, n) for n, conninfo in zip(WORKERS, databases, strict=True)}
            taken = {n: taken[n] + by_workers[n] for n in WORKERS}
            fastest = events / min(by_workers.values())
            figures[name] = {
                "events_per_second": {f"{n} workers": round(events / by_workers[n]) for n in WORKERS},
                "library": round(theirs),
                "times": round(fastest / theirs, 1),
            }
        figures["two_workers_times"] = round(taken[1] / taken[2], 2)
    return figures


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    print(json.dumps(run(parser.parse_args().events), indent=2))


if __name__ == "__main__":
    main()
