"""A ledger with a framework, both APIs in this process, and the three projectors."""

import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest
from pydantic import SecretStr

from infra.postgres.event_store import EventStore
from infra.settings import CommandAPISettings, QueryAPISettings
from services.command_api.bootstrap import build_app as build_command_api
from services.projectors.models import MODELS
from services.projectors.runner import run
from services.query_api.bootstrap import build_app as build_query_api
from tests.command_api.conftest import publish
from tests.journeys.public import Public

PROJECTOR: Final = "import sys; from services.projectors.runner import main; main(*sys.argv[1:])"


@pytest.fixture
def projectors(database: str) -> Iterator[None]:
    """The three projectors at work, each in a thread of this process."""
    stop = threading.Event()
    threads = [threading.Thread(target=run, args=(database, name, stop)) for name in MODELS]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join(10)


@pytest.fixture
def processes(database: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The three projectors at work, each in a process of its own."""
    running = [
        subprocess.Popen([sys.executable, "-c", PROJECTOR, database, name], stdout=subprocess.DEVNULL)
        for name in MODELS
    ]
    yield running
    for process in running:
        process.terminate()
    for process in running:
        assert process.wait(10) == 0


@pytest.fixture
async def apis(database: str, store: EventStore, tmp_path: Path) -> AsyncIterator[Public]:
    """Both APIs; the sample's framework is published."""
    await publish(store)
    key = SecretStr("k" * 32)
    settings = QueryAPISettings(jwt_key=key, data_dir=tmp_path, min_position_wait_s=30)
    commands = build_command_api(CommandAPISettings(jwt_key=key, data_dir=tmp_path), database)
    questions = build_query_api(settings, database)
    async with (
        commands.router.lifespan_context(commands),
        questions.router.lifespan_context(questions),
        httpx.AsyncClient(transport=httpx.ASGITransport(commands), base_url="http://commands") as command_client,
        httpx.AsyncClient(transport=httpx.ASGITransport(questions), base_url="http://questions") as question_client,
    ):
        yield Public(command_client, question_client, settings)


@pytest.fixture
def public(apis: Public, projectors: None) -> Public:
    """Both APIs with projectors behind them."""
    return apis
