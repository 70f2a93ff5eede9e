"""Which policy decides on which framework: the set in force at a position, or with one other policy in its place."""

from typing import Final

from domain.kernel.errors import Unknown
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.events import PolicyDrafted
from domain.policy.rulings import Ruling, Rulings, rulings_of
from services.query_api.answers import Connection, rows
from services.query_api.policies import PolicyFact, read_policy_facts, succession

TRACKED: Final = "SELECT position FROM read_model.live WHERE projector = 'mastery'"


async def read_rulings(connection: Connection, policy: str | None = None) -> Rulings:
    """Return the rulings in force in current mastery; `policy` (an id or a version) takes its place among them.

    Raises:
        Unknown: policy-unknown, if `policy` is neither.
    """
    facts = await read_policy_facts(connection)
    drafts = [fact.event for fact in facts if isinstance(fact.event, PolicyDrafted)]
    in_force = succession(await _seen(connection, facts)).policies
    versions = {one.version for one in in_force}
    documents: dict[str, PolicyDocument] = {
        draft.version: parse_policy(draft.document) for draft in drafts if draft.version in versions
    }
    rulings = rulings_of(in_force, documents)
    if policy is None:
        return rulings
    named = [draft for draft in drafts if policy in {draft.policy_id, draft.version}]
    if not named:
        raise Unknown("policy-unknown", f"policy {policy} is neither the id nor a version of a drafted policy")
    last = named[-1]
    return rulings.put(last.framework_id, Ruling(last.policy_id, last.version, parse_policy(last.document)))


async def _seen(connection: Connection, facts: list[PolicyFact]) -> list[PolicyFact]:
    """Return what the mastery projector has seen."""
    tracked = await rows(connection, TRACKED, {})
    return [fact for fact in facts if tracked and fact.position <= tracked[0]["position"]]
