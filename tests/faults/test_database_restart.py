"""PostgreSQL crashes and comes back while eight clients append: nothing acknowledged is lost, all resume."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.postgres.embedded import EmbeddedServer, embedded_server
from infra.postgres.event_store import EventStore, Receipt, open_event_store
from infra.postgres.migrate import migrate
from tests.infra.test_event_store import append

pytestmark = pytest.mark.anyio

CLIENTS = 8
CRASHES = 3
LOAD_S = 0.7


@pytest.fixture
def own_server() -> Iterator[EmbeddedServer]:
    """A server with production's settings that this test may crash."""
    folder = Path(tempfile.mkdtemp(prefix="mastery-crash-"))
    with embedded_server(folder) as server:
        migrate(server.conninfo("mastery_owner"))
        yield server
    shutil.rmtree(folder)


async def client(store: EventStore, number: int, receipts: list[Receipt], over: asyncio.Event) -> None:
    """Append without pause; each append has to be acknowledged, however the server behaves."""
    count = 0
    while not over.is_set():
        count += 1
        receipts.append(await store.append(append(f"c{number}-{count}", 0, count=2, key=f"c{number}:{count}")))


async def test_a_crash_under_load_loses_and_doubles_nothing(own_server: EmbeddedServer) -> None:
    receipts: list[Receipt] = []
    over = asyncio.Event()
    async with open_event_store(own_server.conninfo()) as store:
        clients = [asyncio.create_task(client(store, number, receipts, over)) for number in range(CLIENTS)]
        after_each_crash = []
        for _ in range(CRASHES):
            await asyncio.sleep(LOAD_S)
            await asyncio.to_thread(own_server.stop, "immediate")
            await asyncio.to_thread(own_server.start)
            after_each_crash.append(len(receipts))
        await asyncio.sleep(LOAD_S)
        over.set()
        await asyncio.gather(*clients)
        recorded = await store.read(0, 10**6)

    assert 0 < after_each_crash[0] < after_each_crash[1] < after_each_crash[2] < len(receipts)
    places = {(one.position, one.stream, one.version) for one in recorded}
    acknowledged = {
        (receipt.first_position + offset, receipt.stream, receipt.first_version + offset)
        for receipt in receipts
        for offset in range(receipt.events_count)
    }
    assert acknowledged == places
    assert len(recorded) == len(places) == 2 * len(receipts)
    assert not any(receipt.replayed for receipt in receipts)
