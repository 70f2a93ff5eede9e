"""Generations: made beside the live one, compared, switched, rolled back, pruned; and what the status says."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from domain.kernel.errors import Conflict, Refused, Unknown
from infra.postgres.event_store import BlockingEventStore
from services.projectors import generations, ledger
from services.projectors.filler import Batch, Filler
from services.projectors.models import MODELS, make
from services.projectors.rebuilding.rebuild import Switched, rebuild, roll_back
from services.projectors.runner import catch_up
from tests.projectors.fold import HIGHEST
from tests.projectors.history import Log, drafted, given, published

Connection = psycopg.Connection[Any]
WAITING = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation IS NOT NULL)"


def rebuild_on(database: str, report: Callable[[Batch], None]) -> Switched:
    with ledger.connect(database) as opened:
        return rebuild(opened, "audit_trail", report=report)


@pytest.mark.parametrize("name", MODELS)
def test_a_rebuilt_generation_holds_what_the_live_one_held(
    name: str, connection: Connection, blocking: BlockingEventStore, log: Log
) -> None:
    blocking.append(log.append("evidence-1", given("s1", 2)))
    first = rebuild(connection, name)
    blocking.append(log.append("evidence-2", given("s2", 4)))
    again = rebuild(connection, name)
    assert (first.digest, again.position) == (None, 2)
    assert again.digest is not None
    assert generations.live(connection, name).generation == again.generation


def test_a_rebuild_that_differs_is_refused_until_it_is_accepted(
    connection: Connection, blocking: BlockingEventStore, log: Log
) -> None:
    blocking.append(log.append("evidence-1", given("s1", 2)))
    rebuild(connection, "mastery")
    connection.execute("UPDATE read_model.current_mastery SET effective_level = 'advanced'")
    with pytest.raises(Refused, match="differs from the live one") as refused:
        rebuild(connection, "mastery")
    assert refused.value.rule == "rebuild-differs"
    switched = rebuild(connection, "mastery", accept_difference=True)
    live = "SELECT effective_level FROM read_model.current_mastery WHERE generation = %s"
    assert connection.execute(live, (switched.generation,)).fetchall() == [("developing",)]


def test_the_live_generation_goes_on_while_another_one_is_compared_with_it(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    blocking.append(log.append("evidence-1", given("s1", 2)))
    first = rebuild(connection, "audit_trail")
    with ThreadPoolExecutor(1) as beside, psycopg.connect(database) as holder:
        built = threading.Event()

        def report(batch: Batch) -> None:
            if not batch.events and not built.is_set():
                holder.execute(f"LOCK TABLE {generations.partition('audit_event', first.generation + 1)}")
                built.set()

        rebuilding = beside.submit(rebuild_on, database, report)
        assert built.wait(30)
        while connection.execute(WAITING).fetchone() != (True,):
            time.sleep(0.01)
        blocking.append(log.append("evidence-2", given("s2", 4)))
        connection.execute("SET lock_timeout = '5s'")
        assert Filler(connection, "audit_trail").step().position == 2
        holder.rollback()
        switched = rebuilding.result(30)
    assert (switched.generation, switched.position) == (first.generation + 1, 2)
    assert switched.digest is not None


def test_a_rollback_brings_the_earlier_generation_back_caught_up(
    connection: Connection, blocking: BlockingEventStore, log: Log
) -> None:
    blocking.append(log.append("evidence-1", given("s1", 2)))
    first = rebuild(connection, "mastery")
    second = rebuild(connection, "mastery")
    blocking.append(log.append("evidence-2", given("s2", 4)))
    back = roll_back(connection, "mastery")
    assert (back.generation, back.position) == (first.generation, 2)
    model = make("mastery")
    digest = generations.digest(connection, model, generations.live(connection, "mastery").place)
    assert roll_back(connection, "mastery").generation == second.generation
    assert generations.digest(connection, model, generations.live(connection, "mastery").place) == digest


def test_a_rebuild_says_where_it_was_compared_and_events_of_later_are_in_the_switched_one(
    connection: Connection, blocking: BlockingEventStore, log: Log
) -> None:
    blocking.append(log.append("evidence-1", given("s1", 2)))
    rebuild(connection, "mastery")
    late = [log.append("evidence-2", given("s2", 4))]

    def one_more(batch: Batch) -> None:
        if late and batch.position == 1 and generations.begun(connection, "mastery"):
            blocking.append(late.pop())

    switched = rebuild(connection, "mastery", report=one_more)
    assert switched.digest is not None
    assert switched.compared_at is not None
    assert 1 <= switched.compared_at <= switched.position == 2


def test_nobody_goes_back_while_another_process_rebuilds(connection: Connection, database: str) -> None:
    rebuild(connection, "audit_trail")
    rebuild(connection, "audit_trail")

    def go_back(_: Batch) -> None:
        with ledger.connect(database) as other, pytest.raises(Conflict, match="is being rebuilt already"):
            roll_back(other, "audit_trail")

    rebuild(connection, "audit_trail", report=go_back)


def test_what_was_pruned_can_not_be_rolled_back_to(connection: Connection) -> None:
    first = rebuild(connection, "audit_trail")
    rebuild(connection, "audit_trail")
    assert generations.prune(connection, make("audit_trail")) == [first.generation]
    with pytest.raises(Refused, match="no earlier generation of audit_trail is kept"):
        roll_back(connection, "audit_trail")


def test_catching_up_puts_published_policies_in_force_too(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log
) -> None:
    blocking.append(log.append("evidence-1", given("s1", 2), given("s2", 4)))
    blocking.append(log.append("policy-p1", drafted("p1", HIGHEST), published("p1", HIGHEST)))
    assert catch_up(database, "mastery") == 5
    row = connection.execute("SELECT policy_id, level FROM read_model.current_mastery ORDER BY generation DESC LIMIT 1")
    assert row.fetchone() == ("p1", "advanced")


def test_a_projector_that_nobody_knows_is_refused(connection: Connection) -> None:
    with pytest.raises(Unknown, match="projector gradebook is not one of mastery, learner_profile, audit_trail"):
        rebuild(connection, "gradebook")
