"""The command API in this process, on a fresh database with a published framework."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from infra.identity import utc_now
from infra.postgres.event_store import Append, EventStore
from infra.settings import CommandAPISettings
from services.command_api.bootstrap import build_app
from tests.command_api.door import Door
from tests.sample import FRAMEWORK, META, POINTS, SCALE


async def publish(store: EventStore) -> None:
    """Publish the sample's scales and framework."""
    for stream, event in (("scale-four-point", SCALE), ("scale-points-20", POINTS), ("framework-math-4", FRAMEWORK)):
        await store.append(Append(stream, 0, [event], utc_now(), META))


@pytest.fixture
async def door(database: str, store: EventStore, tmp_path: Path) -> AsyncIterator[Door]:
    """A client of the API whose ledger holds the sample's framework: three events."""
    await publish(store)
    settings = CommandAPISettings(data_dir=tmp_path, batch_line_bytes_max=1024, batch_lines_max=3)
    app = build_app(settings, database)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://api") as client,
    ):
        yield Door(client, settings)
