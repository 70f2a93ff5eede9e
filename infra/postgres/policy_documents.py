"""The documents of policies that were ever in force: as drafted, and with what others lock above them."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import orjson

from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.events import SWITCHES, ScopedPolicy
from domain.policy.rulings import BUILT_IN, Standing, documents_of
from infra.postgres.tuples import Connection, select

DOCUMENTS: Final = """
    SELECT DISTINCT ON (data->>'version') data->>'version', data->>'document'
      FROM ledger.event
     WHERE learner_id IS NULL AND type = 'policy.drafted.v1' AND data->>'version' = ANY(%(versions)s::text[])
"""
SETS: Final = """
    SELECT position, data->>'policies'
      FROM ledger.event
     WHERE learner_id IS NULL AND type = ANY(%(switches)s)
     ORDER BY position
"""
DRAFTS: Final = """
    SELECT position, data->>'policy_id', data->>'version', data->>'document', data->>'locked'
      FROM ledger.event
     WHERE learner_id IS NULL AND type = 'policy.drafted.v1'
     ORDER BY position
"""


class PolicySet(NamedTuple):
    """What was in force from a position on: every document that may decide on some cell, by version."""

    position: int
    documents: Mapping[str, PolicyDocument]


async def read_in_force(connection: Connection) -> list[PolicySet]:
    """Return all policy sets that were ever in force, in order; the first one has the built-in policy alone."""
    built_in: dict[str, PolicyDocument] = {BUILT_IN.version: BUILT_IN.document}
    drafts = [
        (position, policy_id, version, parse_policy(orjson.loads(document)), tuple(orjson.loads(locked or "[]")))
        for position, policy_id, version, document, locked in await select(connection, DRAFTS, {})
    ]
    found = [PolicySet(0, built_in)]
    for position, policies in await select(connection, SETS, {"switches": list(SWITCHES)}):
        standings = []
        for one in orjson.loads(policies):
            scoped = ScopedPolicy.model_validate(one)
            drafted = [draft for draft in drafts if draft[1:3] == (scoped.policy_id, scoped.version)]
            *_, document, locked = ([draft for draft in drafted if draft[0] < position] or drafted)[-1]
            standings.append(Standing(scoped, document, locked))
        found.append(PolicySet(position, built_in | documents_of(standings)))
    return found


async def read_documents(connection: Connection, versions: Iterable[str]) -> dict[str, PolicyDocument]:
    """Return policy documents by version, the built-in one too."""
    wanted = set(versions)
    rows = await select(connection, DOCUMENTS, {"versions": sorted(wanted)})
    known = {version: parse_policy(orjson.loads(document)) for version, document in rows}
    known[BUILT_IN.version] = BUILT_IN.document
    if not wanted <= known.keys():  # something was locked above
        for one in await read_in_force(connection):
            known |= {version: one.documents[version] for version in wanted & one.documents.keys()}
    return known
