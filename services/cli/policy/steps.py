"""The steps of a publication in one go: draft, simulate, approve, publish; or what they would move."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from domain.kernel.errors import Refused
from domain.kernel.ids import PolicyVersion
from domain.policy.commands import ApprovePolicy, DraftPolicy, PublishPolicy
from domain.policy.document import parse_policy
from domain.policy.events import Scope, ScopedPolicy, Terms
from infra.postgres.database import Database
from services.cli.output import err
from services.cli.policy import acts
from services.cli.policy.acts import OPERATOR, Person
from services.cli.policy.engines import Engine
from services.cli.policy.simulating import Trial, try_out
from services.projectors.what_if import Draft

NEXT: Final[Mapping[str, str]] = {
    "policy-not-simulated": "mastery policy simulate {policy_id}",
    "simulation-too-old": "mastery policy simulate {policy_id}",
    "policy-not-approved": 'mastery policy approve {policy_id} --as NAME --reason "..."',
}
"""What to do when a publication is refused by a rule."""
NEXT_OF_FILE: Final[Mapping[str, str]] = {
    "policy-not-approved": "name those who approved it, --approved-by NAME, or take it step by step: draft, simulate",
}
"""The same, where a document is published in one go: nothing of it is on record yet."""


def evaluate(database: Database, draft: DraftPolicy, terms: Terms, engine: Engine = Engine.HERE) -> dict[str, Any]:
    """Return whom a document would move if it were in force; nothing is written.

    Raises:
        Invalid: policy-invalid.
        Misconfigured: configuration, if the engine is not installed.
    """
    policy = parse_policy(draft.document)
    scope = draft.model_dump(include=set(Scope.model_fields))
    added = ScopedPolicy(policy_id=draft.policy_id, version=PolicyVersion(policy.version), terms=terms, **scope)
    return _tried(database, Draft(added, policy), engine)


def publish_at_once(
    database: Database,
    draft: DraftPolicy,
    publication: PublishPolicy,
    approvers: Sequence[str] = (),
    author: Person = OPERATOR,
) -> dict[str, Any]:
    """Draft a document, simulate it, record who approved it, and publish it; return whom it moved.

    What would be refused at the end is refused at the beginning, before anything is on record.

    Raises:
        Invalid, Refused: as `domain.policy.decider.decide`.
        Unavailable: it does not come into force.
    """
    with _saying_what_is_next(publication, NEXT_OF_FILE):
        acts.foresee(database, publication, approvers, draft, author)
    drafted = acts.draft(database, draft, author)
    try_out(database, Trial(Draft.of(drafted, publication.terms or Terms()), drafted.revision), author.meta(None))
    return publish(database, publication, approvers, author)


def publish(
    database: Database, publication: PublishPolicy, approvers: Sequence[str] = (), person: Person = OPERATOR
) -> dict[str, Any]:
    """Record who approved a policy, and publish it; a refusal comes before all that and says what to do next.

    Raises:
        Invalid, Refused: as `domain.policy.decider.decide`.
        Unavailable: it does not come into force.
    """
    with _saying_what_is_next(publication):
        acts.foresee(database, publication, approvers, person=person)
        for name in approvers:
            _approve(database, publication, name)
        return acts.publish(database, publication, person)


def _approve(database: Database, publication: PublishPolicy, name: str) -> None:
    """Record that somebody approved the last revision, unless that is on record."""
    approval = ApprovePolicy(policy_id=publication.policy_id, reason=publication.reason)
    try:
        acts.settle(database, approval, Person(name))
    except Refused as refusal:
        if refusal.rule != "approval-given":
            raise


def rehearse(
    database: Database, publication: PublishPolicy, approvers: Sequence[str] = (), person: Person = OPERATOR
) -> dict[str, Any]:
    """Check that a policy could be published now; return whom it would move. Nothing is written.

    Raises:
        Invalid, Refused: as `domain.policy.decider.decide`.
    """
    with _saying_what_is_next(publication):
        published = acts.foresee(database, publication, approvers, person=person)
    drafted = acts.last_draft(database, publication.policy_id)
    return _tried(database, Draft.of(drafted, published.terms))


@contextmanager
def _saying_what_is_next(publication: PublishPolicy, hints: Mapping[str, str] = NEXT) -> Iterator[None]:
    try:
        yield
    except Refused as refusal:
        if refusal.rule in hints:
            err.print(f"next: {hints[refusal.rule].format(policy_id=publication.policy_id)}", soft_wrap=True)
        raise


def _tried(database: Database, draft: Draft, engine: Engine = Engine.HERE) -> dict[str, Any]:
    told = try_out(database, Trial(draft), OPERATOR.meta(None), engine=engine).told()
    return {name: told[name] for name in ("version", "moved", "cells", "matrix", "position", "digest")}
