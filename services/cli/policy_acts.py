"""Publishing and rolling back a policy from the command line, and what it moved."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from functools import reduce
from typing import Any, Final, cast

from domain.kernel.envelope import Meta, Reason
from domain.kernel.errors import Refused, Unavailable
from domain.kernel.ids import PolicyId, PolicyVersion
from domain.kernel.parsing import parse_command
from domain.policy.decider import (
    INITIAL,
    DraftPolicy,
    PolicyCommand,
    PublishPolicy,
    RollBackPolicy,
    decide,
    evolve,
)
from domain.policy.document import PolicyDocument
from domain.policy.events import PolicyActivated, PolicyEvent
from infra.identity import utc_now
from infra.postgres.database import Database
from infra.postgres.event_store import Append, EventStore, Receipt, open_event_store
from services.cli.catch_up import POLL_S, wait_until_caught_up
from services.cli.ledger import ask, operator
from services.cli.output import err
from services.command_api.published import Published
from services.query_api.answers import Connection, rows

IN_FORCE_TIMEOUT_S: Final = 600
"""How long the levels of a whole district may take to be built."""
ACTIVATION: Final = """
    SELECT position
      FROM ledger.event
     WHERE learner_id IS NULL AND type = %(type)s AND position > %(after)s AND stream = %(stream)s
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


def publish(
    database: Database, policy: PolicyDocument, policy_id: str, framework_id: str | None, reason: str
) -> dict[str, Any]:
    """Draft and publish a policy; return what it moved once it is in force. The projectors run meanwhile.

    Raises:
        Invalid: malformed.
        Refused: as `domain.policy.decider.decide`.
        Unavailable: it does not come into force.
    """
    draft = {"policy_id": policy_id, "framework_id": framework_id, "document": json.loads(policy.canonical_json)}
    try:
        _append(database, parse_command(DraftPolicy, draft), reason)
    except Refused as refusal:
        if refusal.rule != "policy-unchanged":
            raise
        err.print(f"{refusal}: no new revision")
    started = time.perf_counter()
    receipt = _append(
        database, PublishPolicy(policy_id=PolicyId(policy_id), version=PolicyVersion(policy.version)), reason
    )
    return {"policy_id": policy_id, "version": policy.version} | _wait_and_tell(
        database, receipt, PolicyActivated.type, started
    )


def roll_back(database: Database, policy_id: str, reason: str) -> dict[str, Any]:
    """Roll a policy back; return what it moved once the earlier levels are live. The projectors run meanwhile.

    Raises:
        Unknown: policy-unknown.
        Refused: nothing-to-roll-back.
    """
    started = time.perf_counter()
    receipt = _append(database, parse_command(RollBackPolicy, {"policy_id": policy_id}), reason)
    return {"policy_id": policy_id} | _wait_and_tell(database, receipt, None, started)


def _append(database: Database, command: PolicyCommand, reason: str) -> Receipt:
    async def act() -> Receipt:
        async with open_event_store(database.app) as store:
            return await _settle(store, command, Meta(actor=operator(), reason=Reason(text=reason) if reason else None))

    return asyncio.run(act())


async def _settle(store: EventStore, command: PolicyCommand, meta: Meta) -> Receipt:
    stream = f"policy-{command.policy_id}"
    history = await store.load(stream)
    facts = await Published(store).facts(at_once=True)
    past = cast("Sequence[PolicyEvent]", [recorded.event for recorded in history.events])
    events = decide(reduce(evolve, past, INITIAL), command, facts.catalogue, facts.succession)
    return await store.append(Append(stream, history.version, events, utc_now(), meta))


def _wait_and_tell(database: Database, receipt: Receipt, awaited: str | None, started: float) -> dict[str, Any]:
    position = receipt.last_position
    if awaited is not None:
        position = ask(database, lambda connection: _find(connection, receipt, awaited))
    wait_until_caught_up(database)
    seconds = round(time.perf_counter() - started, 3)
    moved = ask(database, lambda connection: read_moves(connection, position))
    return {"position": position, **moved, "seconds": seconds}


async def _find(connection: Connection, receipt: Receipt, type_name: str) -> int:
    """Return the position of the event of this type that follows in the stream, once it is there."""
    given_up_at = time.monotonic() + IN_FORCE_TIMEOUT_S
    values = {"type": type_name, "after": receipt.last_position, "stream": receipt.stream}
    while time.monotonic() < given_up_at:
        for row in await rows(connection, ACTIVATION, values):
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
