"""Which policy rules which framework: the set in force at a position, or with one other policy in its place."""

from dataclasses import dataclass
from typing import Final

from domain.kernel.errors import Unknown
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.events import PolicyDrafted
from domain.policy.starters import DEFAULT
from services.query_api.answers import Connection, rows
from services.query_api.policies import PolicyFact, read_policy_facts, succession

TRACKED: Final = "SELECT position FROM read_model.live WHERE projector = 'mastery'"


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy as it is applied."""

    policy_id: str
    version: str
    document: PolicyDocument


BUILT_IN: Final = Rule("default", DEFAULT.version, DEFAULT)
"""What rules where nothing else does."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules by framework; None: all others."""

    rules: dict[str | None, Rule]

    def rule(self, framework_id: str | None) -> Rule:
        """Return the rule for a framework; the most specific one wins."""
        return self.rules.get(framework_id) or self.rules.get(None) or BUILT_IN


async def read_rulebook(connection: Connection, policy: str | None = None) -> Rulebook:
    """Return the rules in force in current mastery; `policy` (an id or a version) takes its place among them.

    Raises:
        Unknown: policy-unknown, if `policy` is neither.
    """
    facts = await read_policy_facts(connection)
    drafts = [fact.event for fact in facts if isinstance(fact.event, PolicyDrafted)]
    rules: dict[str | None, Rule] = {}
    for scoped in succession(await _seen(connection, facts)).policies:
        drafted = (draft for draft in drafts if (draft.policy_id, draft.version) == (scoped.policy_id, scoped.version))
        rules[scoped.framework_id] = _rule(next(drafted))
    if policy is not None:
        named = [draft for draft in drafts if policy in {draft.policy_id, draft.version}]
        if not named:
            raise Unknown("policy-unknown", f"policy {policy} is neither the id nor a version of a drafted policy")
        rules[named[-1].framework_id] = _rule(named[-1])
    return Rulebook(rules)


async def _seen(connection: Connection, facts: list[PolicyFact]) -> list[PolicyFact]:
    """Return what the mastery projector has seen."""
    tracked = await rows(connection, TRACKED, {})
    return [fact for fact in facts if tracked and fact.position <= tracked[0]["position"]]


def _rule(draft: PolicyDrafted) -> Rule:
    return Rule(draft.policy_id, draft.version, parse_policy(draft.document))
