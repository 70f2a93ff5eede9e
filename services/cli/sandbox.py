"""The play of `mastery demo`: fill a ledger with the sandbox district, explain a level, switch the policy."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from domain.kernel.envelope import Reason
from domain.kernel.errors import Misconfigured
from domain.kernel.ids import PolicyId
from domain.policy.commands import DraftPolicy, PublishPolicy
from domain.policy.document import PolicyDocument
from infra.logs import configure_logs
from infra.postgres.database import Database
from infra.postgres.embedded import embedded_server
from infra.postgres.event_store import open_event_store
from infra.postgres.migrate import migrate
from infra.settings import DatabaseSettings, read_settings
from services.cli.catch_up import projecting, wait_until_caught_up
from services.cli.ledger import ask, open_ledger
from services.cli.output import progress_bar
from services.cli.policy import steps
from services.cli.policy.acts import Person
from services.cli.status import read_status
from services.demo.district import fill, generate
from services.demo.framework import FRAMEWORK
from services.demo.official import give_acts
from services.demo.policies import APPROVERS, AUTHOR, MEAN_OF_ALL, RECENT_AND_VARIED
from services.demo.story import COMPETENCY, CORRECTED_SCORE, LEARNER
from services.query_api.answers import PAGE_MAX
from services.query_api.explain_mastery import CellView, MasteryExplained, read_explanation
from services.query_api.reviews import ReviewList, ReviewSearch, read_reviews
from services.query_api.score_chain import ScoreChain, read_chain

EVENTS_ABOUT: Final = 60_000
POLICY: Final = PolicyId("district")


class Play(NamedTuple):
    """What the demo shows: the level before and after the switch, the chain of a score, who moved, official acts."""

    before: MasteryExplained
    chain: ScoreChain
    moves: dict[str, Any]
    after: MasteryExplained
    acts: int
    reviews: ReviewList
    status: dict[str, Any]


@contextmanager
def open_sandbox(*, keep: bool) -> Iterator[Database]:
    """Use an empty ledger: the configured one to keep the district, else one that is deleted afterwards.

    Raises:
        Misconfigured: the ledger to keep the district in has events.
    """
    if keep:
        with open_ledger() as database:
            yield database
        return
    settings = read_settings(DatabaseSettings)
    configure_logs(settings.log_format, "warning")
    folder = settings.data_dir / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with embedded_server(folder, {"fsync": "off"}) as server:
            migrate(server.conninfo("mastery_owner"))
            yield Database(server.conninfo("mastery_app"), server.conninfo("mastery_owner"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def play(database: Database, seed: int) -> Play:
    """Fill the ledger, project it under the first policy, switch to the second one.

    Raises:
        Misconfigured: the ledger has events.
    """
    asyncio.run(_fill(database, seed))
    with projecting(database):
        wait_until_caught_up(database)
        _switch(database, MEAN_OF_ALL, "the rule of the last years")
        before, chain = (
            ask(database, _explain),
            ask(database, lambda connection: read_chain(connection, CORRECTED_SCORE)),
        )
        wait_until_caught_up(database)
        acts = asyncio.run(give_acts(database.app, seed))
        moves = _switch(database, RECENT_AND_VARIED, "board decision of 2 March")
        wait_until_caught_up(database)
        return Play(before, chain, moves, ask(database, _explain), acts, ask(database, _reviews), read_status(database))


def _switch(database: Database, policy: PolicyDocument, reason: str) -> dict[str, Any]:
    """Take a policy through its life: one person writes it, two others approve it, the first has it published."""
    document = json.loads(policy.canonical_json)
    draft = DraftPolicy(policy_id=POLICY, framework_id=FRAMEWORK, document=document)
    publication = PublishPolicy(policy_id=POLICY, reason=Reason(text=reason))
    return steps.publish_at_once(database, draft, publication, APPROVERS, Person(AUTHOR))


async def _fill(database: Database, seed: int) -> None:
    async with open_event_store(database.app) as store:
        head = await store.head()
        if head:
            raise Misconfigured("configuration", "ledger for the demo is not empty", events=head)
        with progress_bar("making the district") as advance:
            await fill(store, generate(seed), lambda events: advance(events, max(events, EVENTS_ABOUT)))


async def _explain(connection: Any) -> MasteryExplained:
    return await read_explanation(connection, LEARNER, CellView(competency=COMPETENCY))


async def _reviews(connection: Any) -> ReviewList:
    return await read_reviews(connection, ReviewSearch(limit=PAGE_MAX))
