"""kill -9 of the command API while 8 clients append with keys: every acknowledged event once, and no other."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest

from infra.postgres.event_store import EventStore
from infra.settings import CommandAPISettings
from tests.command_api.conftest import publish
from tests.command_api.door import Door

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
CLIENTS = 8
COMMANDS_EACH = 60
KILLS = 3
RETRY_S = 0.05
TIMEOUT_S = 60
PROGRAM = """
from infra.settings import CommandAPISettings, read_settings
from services.command_api.bootstrap import serve
serve(read_settings(CommandAPISettings))
"""


class Server:
    """The command API as a process that can be killed and started again on the same port."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=self._environment)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


async def client(door: Door, number: int, acknowledged: dict[str, int]) -> None:
    """Send each command until it is acknowledged, always with the same key."""
    for turn in range(COMMANDS_EACH):
        task = f"client-{number}-{turn}"
        body = {"learner_id": f"l-{number}", "competency_ids": ["4.NF.1"], "kind": "quiz", "task": task}
        while task not in acknowledged:
            try:
                answer = await door.post("/v1/evidence", body, idempotency_key=task)
            except httpx.TransportError:
                await asyncio.sleep(RETRY_S)
                continue
            assert answer.status_code == 201, answer.text
            acknowledged[task] = answer.json()["position"]


async def kill_often(server: Server, acknowledged: dict[str, int], chance: random.Random) -> None:
    """Kill and restart the server each time that a share of the commands is acknowledged."""
    share = CLIENTS * COMMANDS_EACH // (KILLS + 1)
    for kill in range(1, KILLS + 1):
        killed_at = kill * share + chance.randrange(-share // 4, share // 4)
        while len(acknowledged) < killed_at:  # noqa: ASYNC110 - the moment is not to be a quiet one
            await asyncio.sleep(0.001)
        server.kill()
        server.start()


async def test_every_acknowledged_event_is_recorded_once_and_no_other(
    owner_database: str, database: str, store: EventStore, tmp_path: Path
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    await publish(store)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {
        "MASTERY_DATABASE_URL": database,
        "MASTERY_DATABASE_OWNER_URL": owner_database,
        "MASTERY_DATA_DIR": str(tmp_path),
        "MASTERY_COMMAND_API_PORT": str(port),
    }
    acknowledged: dict[str, int] = {}
    server = Server(environment)
    try:
        async with (
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as http,
            asyncio.timeout(TIMEOUT_S),
        ):
            door = Door(http, CommandAPISettings(data_dir=tmp_path))
            clients = [client(door, number, acknowledged) for number in range(CLIENTS)]
            await asyncio.gather(kill_often(server, acknowledged, random.Random(seed)), *clients)
    finally:
        server.kill()
    found = await store.read(3, 10_000)
    times = Counter(one.event.model_dump()["task"] for one in found)
    recorded = {one.event.model_dump()["task"]: one.position for one in found}
    assert set(times.values()) == {1}
    assert recorded == acknowledged
