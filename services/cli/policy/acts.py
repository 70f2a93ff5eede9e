"""The life of a policy from the command line: what the operator records, and what it moved."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from functools import reduce
from typing import Any, Final, NamedTuple, cast

from domain.kernel.envelope import Actor, Authority, Meta, Reason, Role
from domain.kernel.errors import Refused, Unavailable, Unknown
from domain.kernel.ids import ActorId, PolicyId, SimulationId
from domain.policy.commands import (
    ApprovePolicy,
    Circumstances,
    DraftPolicy,
    PolicyCommand,
    PublishPolicy,
    RecordSimulation,
    RetirePolicy,
    RollBackPolicy,
)
from domain.policy.decider import INITIAL, Drafted, Policy, decide, evolve, stream_of
from domain.policy.events import (
    PolicyActivated,
    PolicyDrafted,
    PolicyEvent,
    PolicyPublished,
    ReplayCancelled,
    ReplayRefused,
    Terms,
)
from infra.identity import utc_now
from infra.postgres.database import Database
from infra.postgres.event_store import Append, EventStore, Receipt, open_event_store
from infra.settings import PolicySettings, read_settings
from services.cli.catch_up import POLL_S, wait_until_caught_up
from services.cli.ledger import ask, operator
from services.cli.output import err
from services.command_api.published import Facts, Published
from services.query_api.answers import Connection, rows

IN_FORCE_TIMEOUT_S: Final = 600
"""How long the levels of a whole district may take to be built."""
ACTIVATION: Final = """
    SELECT position, type
      FROM ledger.event
     WHERE learner_id IS NULL AND type = ANY(%(types)s) AND position > %(after)s AND stream = %(stream)s
     ORDER BY position
     LIMIT 1
"""
MOVES: Final = """
    WITH live AS (SELECT generation, facts_generation FROM read_model.live WHERE projector = 'mastery'),
    moved AS (
        SELECT coalesce(before_level, 'none') AS before, coalesce(after_level, 'none') AS after, count(*) AS cells
          FROM read_model.mastery_change
         WHERE generation = (SELECT facts_generation FROM live) AND cause = 'policy'
               AND cause_position = %(position)s AND before_level IS DISTINCT FROM after_level
         GROUP BY 1, 2
    ), now AS (
        SELECT coalesce(effective_level, 'none') AS level, count(*) AS cells, avg(value_micro) AS height
          FROM read_model.current_mastery
         WHERE generation = (SELECT generation FROM live)
         GROUP BY 1
    )
    SELECT before, after, matrix.cells FROM (
        SELECT before, after, cells FROM moved
        UNION ALL
        SELECT level, level, cells - coalesce((SELECT sum(moved.cells) FROM moved WHERE after = level), 0)::bigint
          FROM now
    ) AS matrix LEFT JOIN now AS low ON low.level = before LEFT JOIN now AS high ON high.level = after
     WHERE matrix.cells > 0
     ORDER BY low.height NULLS FIRST, before, high.height NULLS FIRST, after
"""


class Person(NamedTuple):
    """Whoever decides on a policy, and what entitles the operator to record it where it is somebody else."""

    name: str | None = None
    authority: str | None = None

    @property
    def actor(self) -> Actor:
        """The person: the operator, unless another is named."""
        return operator() if self.name is None else Actor(id=ActorId(self.name), role=Role.ADMINISTRATOR)

    def meta(self, reason: Reason | None) -> Meta:
        """Return the envelope: the operator records what the person decides."""
        if self.name is None:
            return Meta(actor=operator(), reason=reason)
        authority = Authority(basis="recorded by the operator", ref=self.authority)
        return Meta(actor=operator(), on_behalf_of=self.actor.id, authority=authority, reason=reason)


OPERATOR: Final = Person()


def draft(database: Database, command: DraftPolicy, person: Person = OPERATOR) -> PolicyDrafted:
    """Put a document on record, unless the last revision reads so already; return the last revision.

    Raises:
        Invalid, Refused: as `domain.policy.decider.decide`.
    """
    try:
        settle(database, command, person)
    except Refused as refusal:
        if refusal.rule != "policy-unchanged":
            raise
        err.print(f"{refusal}: no new revision")
    return last_draft(database, command.policy_id)


def last_draft(database: Database, policy_id: PolicyId) -> PolicyDrafted:
    """Return the last revision of a policy.

    Raises:
        Unknown: policy-unknown.
    """

    async def read() -> PolicyDrafted:
        async with open_event_store(database.app) as store:
            events = [recorded.event for recorded in (await store.load(stream_of(policy_id))).events]
        drafts = [event for event in events if isinstance(event, PolicyDrafted)]
        if not drafts:
            raise Unknown("policy-unknown", f"policy {policy_id} is not drafted")
        return drafts[-1]

    return asyncio.run(read())


def publish(database: Database, command: PublishPolicy, person: Person = OPERATOR) -> dict[str, Any]:
    """Publish a policy that is approved; return what it moved once it is in force. The projectors run meanwhile.

    A policy with a date in the future is left to wait for it.

    Raises:
        Invalid, Refused: as `domain.policy.decider.decide`.
        Unavailable: it does not come into force.
    """
    started = time.perf_counter()
    receipt = settle(database, command, person)
    told = {"policy_id": command.policy_id, "version": last_draft(database, command.policy_id).version}
    if command.effective_from is not None and command.effective_from > utc_now():
        return {**told, "position": receipt.last_position, "effective_from": command.effective_from}
    return told | _wait_and_tell(database, receipt, PolicyActivated.type, started)


def end(database: Database, command: RollBackPolicy | RetirePolicy, person: Person = OPERATOR) -> dict[str, Any]:
    """Roll a policy back, or retire it; return what it moved once the other levels are live.

    Raises:
        Invalid: reason-required.
        Unknown: policy-unknown.
        Refused: nothing-to-roll-back, policy-not-in-force.
    """
    started = time.perf_counter()
    receipt = settle(database, command, person)
    return {"policy_id": command.policy_id} | _wait_and_tell(database, receipt, None, started)


def settle(database: Database, command: PolicyCommand, person: Person = OPERATOR) -> Receipt:
    """Decide on a command about a policy and append what happens.

    Raises:
        Invalid, Refused, Unknown: as `domain.policy.decider.decide`.
    """

    async def append() -> Receipt:
        async with open_event_store(database.app) as store:
            known, stream = await _know(store, command.policy_id), stream_of(command.policy_id)
            events, meta = known.decide(command, person), person.meta(command.reason)
            return await store.append(Append(stream, known.version, events, utc_now(), meta))

    return asyncio.run(append())


def foresee(
    database: Database,
    publication: PublishPolicy,
    approvers: Sequence[str] = (),
    draft: DraftPolicy | None = None,
    person: Person = OPERATOR,
) -> PolicyPublished:
    """Return what a publication would put on record; nothing is written.

    The approvals of some people are taken as given before it. So is a simulation of the document, if there is one.

    Raises:
        Invalid, Refused, Unknown: as `domain.policy.decider.decide`.
    """

    async def foreseen() -> PolicyPublished:
        async with open_event_store(database.app) as store:
            known = await _know(store, publication.policy_id)
        if draft is not None:
            known = known.simulated(draft, publication.terms or Terms(), person)
        known.after(publication, person, unless="policy-not-approved")
        approval = ApprovePolicy(policy_id=publication.policy_id, reason=publication.reason)
        for name in approvers:
            known = known.after(approval, Person(name), unless="approval-given")
        [published] = [event for event in known.decide(publication, person) if isinstance(event, PolicyPublished)]
        return published

    return asyncio.run(foreseen())


class _Known(NamedTuple):
    """What a decision about a policy depends on; `version` is that of the policy's stream."""

    version: int
    state: Policy
    facts: Facts
    position: int

    def decide(self, command: PolicyCommand, person: Person) -> Sequence[PolicyEvent]:
        """Return the events that a command comes to."""
        facts, limits = self.facts, read_settings(PolicySettings).policy_limits
        about = (facts.catalogue, facts.succession, person.actor, utc_now(), self.position, limits, facts.switched_at)
        return decide(self.state, command, Circumstances(*about))

    def after(self, command: PolicyCommand, person: Person, unless: str | None = None) -> "_Known":
        """Return this as if a command had been settled; a refusal by the rule `unless` changes nothing."""
        try:
            events = self.decide(command, person)
        except Refused as refusal:
            if refusal.rule != unless:
                raise
            return self
        return self._replace(state=reduce(evolve, events, self.state))

    def simulated(self, draft: DraftPolicy, terms: Terms, person: Person) -> "_Known":
        """Return this as if a document had been drafted and simulated now."""
        known = self.after(draft, person, unless="policy-unchanged")
        assert isinstance(known.state, Drafted)
        record = RecordSimulation(
            policy_id=draft.policy_id,
            revision=known.state.last.revision,
            simulation_id=SimulationId("foreseen"),
            at_position=self.position,
            terms=terms,
            digest="",
            cells=0,
            moved=0,
            matrix={},
        )
        return known.after(record, person)


async def _know(store: EventStore, policy_id: PolicyId) -> _Known:
    history, facts = await store.load(stream_of(policy_id)), await Published(store).facts(at_once=True)
    past = cast("Sequence[PolicyEvent]", [recorded.event for recorded in history.events])
    return _Known(history.version, reduce(evolve, past, INITIAL), facts, await store.head())


def _wait_and_tell(database: Database, receipt: Receipt, awaited: str | None, started: float) -> dict[str, Any]:
    position = receipt.last_position
    if awaited is not None:
        position = ask(database, lambda connection: _find(connection, receipt, awaited))
    wait_until_caught_up(database)
    seconds = round(time.perf_counter() - started, 3)
    moved = ask(database, lambda connection: read_moves(connection, position))
    return {"position": position, **moved, "seconds": seconds}


async def _find(connection: Connection, receipt: Receipt, type_name: str) -> int:
    """Return the position of the event of this type that follows in the stream, once it is there.

    Raises:
        Refused: replay-ended, if the publication came to nothing.
        Unavailable: it takes too long.
    """
    given_up_at = time.monotonic() + IN_FORCE_TIMEOUT_S
    types = [type_name, ReplayRefused.type, ReplayCancelled.type]
    values = {"types": types, "after": receipt.last_position, "stream": receipt.stream}
    while time.monotonic() < given_up_at:
        for row in await rows(connection, ACTIVATION, values):
            if row["type"] != type_name:
                fault = f"the publication came to nothing: {row['type']}"
                raise Refused("replay-ended", fault, position=row["position"])
            return cast("int", row["position"])
        await asyncio.sleep(POLL_S)
    raise Unavailable("unavailable", "policy has not come into force", position=receipt.last_position)


async def read_moves(connection: Connection, position: int) -> dict[str, Any]:
    """Return how many cells the switch at a position moved, from which level to which."""
    matrix: dict[str, dict[str, int]] = defaultdict(dict)
    for row in await rows(connection, MOVES, {"position": position}):
        matrix[row["before"]][row["after"]] = row["cells"]
    return count_moves(matrix)


def count_moves(matrix: dict[str, dict[str, int]]) -> dict[str, Any]:
    """Return a matrix of levels before and after with its sums."""
    cells = sum(sum(row.values()) for row in matrix.values())
    stayed = sum(row.get(before, 0) for before, row in matrix.items())
    return {"moved": cells - stayed, "cells": cells, "matrix": dict(matrix)}
