"""The event-sourcing library's own machinery runs on the ledger."""

from typing import Any

import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner

from infra.postgres.event_store import blocking_event_store
from infra.postgres.library import LedgerEvent, library_environment
from tests.infra.test_event_store import NOON, append, evidence


class Ledger(Application[str]):
    pass


class View(PostgresTrackingRecorder):
    """Keeps what it was shown: (position, stream, version, type)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seen: list[tuple[int, str, int, str]] = []


class Seen(Projection[View]):
    name = "seen"

    def process_event(self, domain_event: LedgerEvent, tracking: Tracking) -> None:
        stream, version = domain_event.originator_id, domain_event.originator_version
        self.view.seen.append((tracking.notification_id, stream, version, domain_event.event.type))
        self.view.insert_tracking(tracking)


def test_a_projection_runner_of_the_library_sees_all_events_in_order(database: str) -> None:
    with blocking_event_store(database) as store:
        store.append(append("a", 0, count=2))
        environment = library_environment(database) | {"SEEN_POSTGRES_SCHEMA": "read_model"}
        runner = ProjectionRunner(application_class=Ledger, projection_class=Seen, view_class=View, env=environment)
        with runner:
            receipt = store.append(append("b", 0))
            store.append(append("a", 2))
            runner.wait(receipt.last_position + 1, timeout=5)
            assert runner.view.seen == [
                (1, "a", 1, "evidence.submitted.v1"),
                (2, "a", 2, "evidence.submitted.v1"),
                (3, "b", 1, "evidence.submitted.v1"),
                (4, "a", 3, "evidence.submitted.v1"),
            ]


def test_what_the_library_saves_is_in_the_ledger(database: str) -> None:
    with Ledger(env=library_environment(database)) as application, blocking_event_store(database) as store:
        meta = append("a", 0).meta
        application.save(LedgerEvent("a", 1, evidence(1), NOON, meta))
        recordings = application.save(LedgerEvent("a", 2, evidence(2), NOON, meta))
        assert [recording.notification.id for recording in recordings] == [2]
        history = store.load("a")
        assert [recorded.event for recorded in history.events] == [evidence(1), evidence(2)]
        with pytest.raises(IntegrityError, match="stream a is at version 2, not 1"):
            application.save(LedgerEvent("a", 2, evidence(3), NOON, meta))
