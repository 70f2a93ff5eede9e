"""A client of the command API that sends as whoever acts."""

from dataclasses import dataclass

import httpx

from domain.kernel.envelope import Actor
from domain.kernel.ids import LearnerId
from domain.kernel.permissions import Principal
from infra.http.auth import load_keys, mint_token
from infra.settings import CommandAPISettings
from tests.sample import TEACHER


@dataclass(frozen=True)
class Door:
    """A client, and the settings of the API that it talks to."""

    client: httpx.AsyncClient
    settings: CommandAPISettings

    def token(self, actor: Actor, *learners: str) -> str:
        """Return a token of an actor with linked learners."""
        principal = Principal(actor, frozenset(LearnerId(learner) for learner in learners))
        return mint_token(self.settings, load_keys(self.settings, self.settings.data_dir), principal, 60)

    async def post(
        self, path: str, body: object = None, actor: Actor = TEACHER, learner: str | None = None, **headers: str
    ) -> httpx.Response:
        """Send a command, by a guardian with its learner; headers are named with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"Bearer {self.token(actor, *([learner] if learner else []))}"
        if isinstance(body, str):
            return await self.client.post(path, content=body, headers=sent)
        return await self.client.post(path, json={} if body is None else body, headers=sent)
