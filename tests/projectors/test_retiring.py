"""A policy that was published until a date: it ends by an event when the date has come."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from domain.policy.events import PolicyPublished
from infra.postgres.event_store import BlockingEventStore
from services.projectors.publishing.retiring import retire_next
from tests.projectors.fold import HIGHEST, LATEST_OF_TWO
from tests.projectors.history import Log, activated, drafted, published, scoped

PAST, FUTURE = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))


def until(policy: str, effective_to: datetime | None, framework: str | None = None) -> PolicyPublished:
    return published(policy, HIGHEST, framework).model_copy(update={"effective_to": effective_to})


def test_a_policy_whose_time_is_over_is_retired_once(
    database: str, connection: psycopg.Connection[Any], blocking: BlockingEventStore, log: Log
) -> None:
    other, over = scoped("p2", LATEST_OF_TWO, "f1"), scoped("p1", HIGHEST)
    blocking.append(log.append("policy-p2", drafted("p2", LATEST_OF_TWO, "f1"), activated([other])))
    blocking.append(log.append("policy-p1", drafted("p1", HIGHEST), until("p1", PAST), activated([other, over])))
    assert retire_next(connection, database)
    assert not retire_next(connection, database)
    (retired,) = blocking.read(5, 10)
    assert (retired.event.type, retired.event.policies) == ("policy.retired.v1", (other,))  # type: ignore[attr-defined]
    assert retired.meta.actor.role == "system"
    assert retired.meta.reason is not None
    assert retired.meta.reason.code == "effective-to"


def test_a_policy_is_not_retired_before_its_time_nor_when_its_version_was_published_anew(
    database: str, connection: psycopg.Connection[Any], blocking: BlockingEventStore, log: Log
) -> None:
    p1, p2 = scoped("p1", HIGHEST), scoped("p2", HIGHEST, "f1")
    blocking.append(log.append("policy-p1", drafted("p1", HIGHEST), until("p1", FUTURE), activated([p1])))
    renewed = (until("p2", PAST, "f1"), activated([p1, p2]), until("p2", None, "f1"), activated([p1, p2]))
    blocking.append(log.append("policy-p2", drafted("p2", HIGHEST, "f1"), *renewed))
    assert not retire_next(connection, database)


def test_a_publication_that_waits_outlives_the_retirement_of_the_version_before_it(
    database: str, connection: psycopg.Connection[Any], blocking: BlockingEventStore, log: Log
) -> None:
    waiting = published("p1", LATEST_OF_TWO).model_copy(update={"effective_from": FUTURE})
    events = (drafted("p1", HIGHEST), until("p1", PAST), activated([scoped("p1", HIGHEST)]), waiting)
    blocking.append(log.append("policy-p1", *events))
    assert retire_next(connection, database)
    assert blocking.read(4, 1)[0].event.awaits is True  # type: ignore[attr-defined]
