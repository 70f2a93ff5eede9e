"""The query API in this process, on a real database."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from domain.kernel.envelope import Actor, Role
from domain.kernel.ids import ActorId, LearnerId
from domain.kernel.permissions import Principal
from infra.http.auth import load_keys, mint_token
from infra.settings import QueryAPISettings
from services.query_api.bootstrap import build_app

Login = Callable[..., dict[str, str]]


@pytest.fixture
def settings(tmp_path: Path) -> QueryAPISettings:
    """Settings with a key of the test's own and a short wait."""
    return QueryAPISettings(jwt_key=SecretStr("k" * 32), data_dir=tmp_path, min_position_wait_s=0.3)


@pytest.fixture
def login(settings: QueryAPISettings) -> Login:
    """Make the headers of a person: role, id, and the learners linked to a guardian."""

    def headers(role: Role, actor_id: str = "someone", *learners: str) -> dict[str, str]:
        principal = Principal(Actor(id=ActorId(actor_id), role=role), frozenset(map(LearnerId, learners)))
        token = mint_token(settings, load_keys(settings, settings.data_dir), principal, 60)
        return {"Authorization": f"Bearer {token}"}

    return headers


@pytest.fixture
async def api(settings: QueryAPISettings, database: str, login: Login) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the query API, signed in as an auditor unless a request says otherwise."""
    app = build_app(settings, database)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://test", headers=login(Role.AUDITOR)
        ) as client,
    ):
        yield client
