"""The public interface: both APIs over HTTP, with projectors running behind them."""

from collections.abc import Mapping
from typing import Any

import httpx
from anyio import fail_after, sleep

from domain.kernel.envelope import Actor
from domain.kernel.ids import LearnerId
from domain.kernel.permissions import Principal
from infra.http.auth import load_keys, mint_token
from infra.settings import QueryAPISettings
from tests.sample import ADMINISTRATOR, BOARD, GUARDIAN, TEACHER


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

    async def simulate(self, policy_id: str, **terms: str) -> None:
        """Have the last revision of a policy simulated, and wait for it."""
        (asked,) = await self.do(f"policies/{policy_id}/simulations", terms=terms)
        with fail_after(30):
            simulation_id = asked["data"]["simulation_id"]
            while (await self.ask(f"policies/{policy_id}"))["simulation_id"] != simulation_id:  # noqa: ASYNC110 - as below
                await sleep(0.05)

    async def approve(self, policy_id: str, *people: Actor) -> None:
        """Have the last revision of a policy approved."""
        for person in people:
            await self.do(f"policies/{policy_id}/approvals", person, reason={"text": "as simulated"})

    async def put_in_force(self, policy_id: str, document: Mapping[str, Any], **scope: Any) -> None:
        """Take a policy through its life until its levels are live: drafted, simulated, approved, published."""
        await self.do("policies", policy_id=policy_id, document=document, **scope)
        await self.simulate(policy_id)
        await self.approve(policy_id, *BOARD)
        await self.do(f"policies/{policy_id}/publication", ADMINISTRATOR, reason={"text": "board decision"})
        await self.wait_for(policy_id, "in-force")

    async def wait_for(self, policy_id: str, state: str) -> None:
        """Wait until a policy has come to a state of its life, and its levels are live."""
        with fail_after(30):
            while (await self.ask(f"policies/{policy_id}"))["state"] != state:  # noqa: ASYNC110 - a projector moves
                await sleep(0.05)
        self.position = (await self.ask("projections"))["position"]
