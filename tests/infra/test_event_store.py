"""The event store: versions, keys, order, and one outcome for each command."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest

from domain.evidence.events import EvidenceSubmitted
from domain.framework.events import ScalePublished
from domain.kernel.envelope import Actor, Meta, Role
from domain.kernel.errors import Conflict, Invalid, LedgerError, Unavailable
from domain.kernel.ids import LearnerId
from infra.postgres import event_store, exchange, link
from infra.postgres.event_store import Append, EventStore, Guard, Receipt, blocking_event_store, open_event_store

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEACHER = Meta(actor=Actor(id="t-1", role=Role.TEACHER))


def evidence(number: int | str, learner: str = "l-1") -> EvidenceSubmitted:
    return EvidenceSubmitted(evidence_id=f"e-{number}", learner_id=learner, competency_ids=("c-1",), kind="quiz")


def append(stream: str, expected: int, *, count: int = 1, key: str | None = None, body: bytes = b"") -> Append:
    events = [evidence(f"{stream}.{expected + number}") for number in range(1, count + 1)]
    return Append(stream, expected, events, NOON, TEACHER.model_copy(update={"idempotency_key": key}), body)


def place(receipt: Receipt | LedgerError) -> tuple[str, int, int, int]:
    assert isinstance(receipt, Receipt), receipt
    return receipt.stream, receipt.first_version, receipt.first_position, receipt.events_count


async def test_an_append_comes_back_as_it_was_written(store: EventStore) -> None:
    receipt = await store.append(append("a", 0, count=2))
    assert place(receipt) == ("a", 1, 1, 2)
    assert (receipt.last_version, receipt.last_position, receipt.replayed) == (2, 2, False)
    history = await store.load("a")
    assert history.version == 2
    assert [one.event for one in history.events] == [evidence("a.1"), evidence("a.2")]
    first = history.events[0]
    assert (first.position, first.version, first.occurred_at, first.meta) == (1, 1, NOON, TEACHER)
    assert first.recorded_at == receipt.recorded_at
    assert first.event_id.version == 7


async def test_an_unknown_stream_has_an_empty_history(store: EventStore) -> None:
    history = await store.load("nobody")
    assert (history.events, history.version, history.receipt_of_key) == ([], 0, None)


async def test_a_backslash_a_tab_and_a_line_end_survive(store: EventStore) -> None:
    written = evidence(1).model_copy(update={"context": 'C:\\new\ttab\nline "quoted" \\N'})
    await store.append(Append("a", 0, [written], NOON, TEACHER))
    [read] = (await store.load("a")).events
    assert read.event == written


@pytest.mark.parametrize("expected", [0, 1, 3])
async def test_an_append_at_another_version_is_a_conflict(store: EventStore, expected: int) -> None:
    await store.append(append("a", 0, count=2))
    with pytest.raises(Conflict, match=f"stream a is at version 2, not {expected}") as conflict:
        await store.append(append("a", expected))
    assert conflict.value.rule == "version-conflict"
    assert await store.head() == 2


async def test_of_many_appends_at_one_version_exactly_one_wins(store: EventStore) -> None:
    outcomes = await asyncio.gather(*(store.append(append("a", 0)) for _ in range(64)), return_exceptions=True)
    assert sum(isinstance(outcome, Receipt) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 63
    assert (await store.load("a")).version == 1


async def test_in_one_batch_the_next_version_wins_and_a_conflict_leaves_its_neighbours_alone(store: EventStore) -> None:
    first, late, second, other = await store.append_many(
        [append("a", 0, count=2), append("a", 0), append("a", 2), append("b", 0)]
    )
    assert place(first) == ("a", 1, 1, 2)
    assert str(late) == "stream a is at version 2, not 0"
    assert place(second) == ("a", 3, 3, 1)
    assert place(other) == ("b", 1, 4, 1)


def scale(stream: str, upon: int) -> Append:
    event = ScalePublished(scale_id=stream, title="S", lowest_micro=0, highest_micro=1)
    return Append(stream, 0, [event], NOON, TEACHER, guard=Guard(frozenset({ScalePublished.type}), upon))


async def test_an_append_upon_an_event_that_is_no_longer_the_last_of_its_kind_is_a_conflict(store: EventStore) -> None:
    await store.append(append("a", 0))
    assert place(await store.append(scale("s1", 0))) == ("s1", 1, 2, 1)
    with pytest.raises(Conflict, match="event 2 came after position 1") as conflict:
        await store.append(scale("s2", 1))
    assert conflict.value.rule == "version-conflict"
    await store.append(append("a", 1))
    assert place(await store.append(scale("s2", 2))) == ("s2", 1, 4, 1)


async def test_of_two_appends_upon_one_event_in_a_batch_the_first_wins(store: EventStore) -> None:
    outcomes = await store.append_many([scale("s1", 0), append("a", 0), scale("s2", 0)])
    assert [isinstance(outcome, Receipt) for outcome in outcomes] == [True, True, False]
    assert (await store.load("s2")).version == 0


def of_learner(stream: str, learner: str, upon: int) -> Append:
    guard = Guard(frozenset({EvidenceSubmitted.type}), upon, LearnerId(learner))
    return Append(stream, 0, [evidence(stream, learner)], NOON, TEACHER, guard=guard)


async def test_an_append_upon_what_a_learner_did_last_is_held_off_by_that_learner_only(store: EventStore) -> None:
    outcomes = await store.append_many(
        [of_learner("a", "l-1", 0), of_learner("b", "l-2", 0), of_learner("c", "l-1", 0)]
    )
    assert [isinstance(outcome, Receipt) for outcome in outcomes] == [True, True, False]
    with pytest.raises(Conflict, match="event 2 came after position 1"):
        await store.append(of_learner("d", "l-2", 1))
    assert place(await store.append(of_learner("d", "l-2", 2))) == ("d", 1, 3, 1)
    assert place(await store.append(scale("s1", 0))) == ("s1", 1, 4, 1)


async def test_a_repeated_key_gets_the_first_receipt(store: EventStore) -> None:
    first = await store.append(append("a", 0, key="t-1:k", body=b"\x01\xff"))
    await store.append(append("a", 1))
    again = await store.append(append("a", 0, key="t-1:k", body=b"\x01\xff"))
    assert again == first.again()
    assert again.replayed
    assert (await store.load("a", "t-1:k")).receipt_of_key == (first, b"\x01\xff")
    assert await store.head() == 2


async def test_a_repeated_key_in_the_same_batch_gets_the_first_receipt(store: EventStore) -> None:
    first, again = await store.append_many([append("a", 0, key='"k"', body=b"x"), append("b", 0, key='"k"', body=b"x")])
    assert isinstance(first, Receipt)
    assert again == first.again()


async def test_a_key_with_another_body_is_a_conflict(store: EventStore) -> None:
    await store.append(append("a", 0, key="k", body=b"x"))
    with pytest.raises(Conflict, match="key k was used with another body") as conflict:
        await store.append(append("b", 0, key="k", body=b"y"))
    assert conflict.value.rule == "key-reused"
    assert (await store.load("b")).version == 0


async def test_the_key_of_a_refused_append_stays_free(store: EventStore) -> None:
    await store.append(append("a", 0))
    with pytest.raises(Conflict):
        await store.append(append("a", 0, key="k", body=b"x"))
    assert place(await store.append(append("a", 1, key="k", body=b"x"))) == ("a", 2, 2, 1)


@pytest.mark.parametrize("name", ["", "a\tb", "a\\b", "a\0", "a" * 501])
async def test_a_name_that_no_index_takes_is_refused(store: EventStore, name: str) -> None:
    for unfit in (replace(append("a", 0), stream=name), append("a", 0, key=name)):
        with pytest.raises(Invalid):
            await store.append(unfit)


async def test_an_append_that_the_database_refuses_leaves_its_neighbours_alone(store: EventStore) -> None:
    hostile = Append("b", 0, [evidence(1).model_copy(update={"learner_id": "l\t"})], NOON, TEACHER)
    good, bad, also_good = await asyncio.gather(
        store.append(append("a", 0)), store.append(hostile), store.append(append("c", 0)), return_exceptions=True
    )
    assert isinstance(good, Receipt)
    assert isinstance(bad, psycopg.DataError)
    assert isinstance(also_good, Receipt)
    assert await store.head() == 2


async def test_the_log_is_read_in_commit_order_by_position_and_type(store: EventStore) -> None:
    scale = ScalePublished(scale_id="s", title="Levels", lowest_micro=0, highest_micro=4_000_000, levels=())
    await store.append(append("a", 0, count=2))
    await store.append(Append("scale-s", 0, [scale], NOON, TEACHER))
    await store.append(append("b", 0))

    async def positions(after: int, limit: int, types: list[str] | None = None, until: int | None = None) -> list[int]:
        return [one.position for one in await store.read(after, limit, types, until)]

    assert await positions(0, 10) == [1, 2, 3, 4]
    assert await positions(1, 2) == [2, 3]
    assert await positions(1, 10, until=3) == [2, 3]
    assert await positions(0, 10, ["evidence.submitted.v1"]) == [1, 2, 4]
    assert await positions(0, 10, ["scale.published.v1"]) == [3]
    assert await positions(0, 10, ["scale.published.v1", "evidence.submitted.v1"], until=3) == [1, 2, 3]
    assert [one.event for one in await store.read(2, 1)] == [scale]


async def test_recorded_at_never_decreases(store: EventStore) -> None:
    await asyncio.gather(*(store.append(append(f"s-{number}", 0)) for number in range(200)))
    times = [one.recorded_at for one in await store.read(0, 200)]
    assert len(times) == 200
    assert times == sorted(times)


async def test_concurrent_appends_share_transactions(store: EventStore, owner_database: str) -> None:
    await asyncio.gather(*(store.append(append(f"s-{number}", 0)) for number in range(64)))
    with psycopg.connect(owner_database) as connection:
        [transactions] = connection.execute("SELECT count(DISTINCT xmin::text) FROM ledger.event").fetchone() or (0,)
    assert transactions <= 2


async def test_a_cancelled_caller_does_not_stop_the_batch(store: EventStore) -> None:
    tasks = [asyncio.create_task(store.append(append(f"s-{number}", 0))) for number in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Receipt, asyncio.CancelledError, Receipt]
    assert await store.head() == 3


async def test_one_unreadable_stream_fails_its_own_callers_only(store: EventStore, database: str) -> None:
    await store.append(append("good", 0))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("""
            INSERT INTO ledger.event (position, recorded_at, stream, version, type, event_id, occurred_at, meta, data)
            VALUES (2, now(), 'bad', 1, 'no.such.v1', gen_random_uuid(), now(),
                    '{"actor":{"id":"t-1","role":"teacher"}}', '{}')
        """)
    good, bad = await asyncio.gather(store.load("good"), store.load("bad"), return_exceptions=True)
    assert isinstance(good, event_store.History)
    assert isinstance(bad, Invalid)
    assert bad.rule == "event-unreadable"


async def test_a_commit_whose_answer_is_lost_is_found_again(
    store: EventStore, owner_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(owner_database, autocommit=True) as connection:
        connection.execute("CREATE SEQUENCE ledger.commits; GRANT USAGE ON ledger.commits TO mastery_app")
    dies_once = "COMMIT; SELECT pg_terminate_backend(pg_backend_pid()) WHERE nextval('ledger.commits') = 1"
    monkeypatch.setattr(event_store, "COMMIT", dies_once)
    first, second = await asyncio.gather(
        store.append(append("a", 0, count=2)), store.append(append("b", 0, key="k", body=b"x"))
    )
    assert (place(first), place(second)) == (("a", 1, 1, 2), ("b", 1, 3, 1))
    assert not second.replayed
    assert await store.head() == 3


async def test_a_connection_that_dies_before_the_commit_is_no_loss(
    store: EventStore, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.append(append("a", 0))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND datname = current_database() AND usename = 'mastery_app'"
        )
    assert place(await store.append(append("a", 1))) == ("a", 2, 2, 1)
    assert (await store.load("a")).version == 2


async def test_a_program_that_hangs_with_the_lock_is_ended_and_the_others_go_on(
    store: EventStore, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "_OPTIONS", link._OPTIONS.replace("lock_timeout=10s", "lock_timeout=200ms"))
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as hanging:
        await exchange.send(hanging, "BEGIN; SELECT ledger.take_turn('{}', '{}'); COPY ledger.event FROM STDIN")
        assert place(await store.append(append("a", 0))) == ("a", 1, 1, 1)
        with pytest.raises(psycopg.OperationalError):
            await exchange.copy(hanging, [])
    assert await store.head() == 1


async def test_a_database_that_is_away_is_unavailable() -> None:
    async with open_event_store("postgresql://mastery_app@/mastery?host=/nowhere", patience_s=0.1) as store:
        with pytest.raises(Unavailable, match="the database does not answer"):
            await store.append(append("a", 0))
        with pytest.raises(Unavailable, match="the database does not answer"):
            await store.load("a")


def test_code_without_an_event_loop_uses_the_same_store(database: str) -> None:
    with blocking_event_store(database) as store:
        receipt = store.append(append("a", 0))
        [again] = store.append_many([append("a", 0)])
        assert place(receipt) == ("a", 1, 1, 1)
        assert isinstance(again, Conflict)
        assert store.load("a").version == 1
        assert [one.position for one in store.read(0, 10)] == [1]
        assert store.head() == 1
