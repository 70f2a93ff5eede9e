"""The public interface: both APIs over HTTP, with projectors running behind them."""

from typing import Any

import httpx

from domain.kernel.envelope import Actor
from domain.kernel.ids import LearnerId
from domain.kernel.permissions import Principal
from infra.http.auth import load_keys, mint_token
from infra.settings import QueryAPISettings
from tests.sample import GUARDIAN, TEACHER


class Public:
    """People at the two APIs; each question waits for what was recorded before it."""

    def __init__(self, commands: httpx.AsyncClient, questions: httpx.AsyncClient, settings: QueryAPISettings) -> None:
        self.commands = commands
        self.questions = questions
        self.settings = settings
        self.position = 0

    def sign_in(self, actor: Actor) -> dict[str, str]:
        """Return the headers of an actor; the guardian is linked to learner l-91."""
        learners = frozenset({LearnerId("l-91")}) if actor == GUARDIAN else frozenset[LearnerId]()
        keys = load_keys(self.settings, self.settings.data_dir)
        return {"Authorization": f"Bearer {mint_token(self.settings, keys, Principal(actor, learners), 60)}"}

    async def try_to(self, path: str, actor: Actor = TEACHER, **body: Any) -> httpx.Response:
        """Send a command that may be refused."""
        return await self.commands.post(f"/v1/{path}", json=body, headers=self.sign_in(actor))

    async def do(self, path: str, actor: Actor = TEACHER, **body: Any) -> list[dict[str, Any]]:
        """Send a command that has to succeed; return the events that it made happen."""
        answer = await self.try_to(path, actor, **body)
        assert answer.status_code == 201, answer.text
        self.position = answer.json()["position"]
        events: list[dict[str, Any]] = answer.json()["events"]
        return events

    async def ask(self, path: str, actor: Actor = TEACHER, **query: Any) -> dict[str, Any]:
        """Ask a question that has to be answered, with everything seen that was done before."""
        headers = self.sign_in(actor) | {"Min-Position": str(self.position)}
        answer = await self.questions.get(f"/v1/{path}", params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        assert not answer.json()["stale"], answer.text
        found: dict[str, Any] = answer.json()
        return found
