"""A policy document as people read it: in plain words, and with what the lint finds."""

from typing import Any

from domain.framework.catalogue import Catalogue
from domain.kernel.ids import FrameworkId
from domain.policy.document import parse_policy
from domain.policy.lint import Finding, Severity, lint, lint_text
from domain.policy.reach import setting_of
from domain.policy.words.catalogue import Language
from domain.policy.words.sentences import Sentence, tell
from services.query_api.answers import Answer, Asked, Connection
from services.query_api.frameworks import read_catalogue
from services.query_api.policies import Policy, Revision, read_policy_life


class PolicyDraft(Asked):
    """A policy document that nobody has drafted yet, and the framework that it is meant for; null: all others."""

    framework_id: FrameworkId | None = None
    document: dict[str, Any]


class Told(Asked):
    """The language of the sentences."""

    lang: Language = Language.ENGLISH


class PolicyLint(Answer):
    """What the lint finds in a document, and what the document says; `version` is null if it is no policy."""

    version: str | None
    publishable: bool
    findings: tuple[Finding, ...]
    in_words: tuple[Sentence, ...]


class RevisionTold(Revision):
    """A revision with its sentences and findings."""

    in_words: tuple[Sentence, ...]
    findings: tuple[Finding, ...]


class PolicyTold(Answer, Policy):
    """A policy whose revisions are told in words."""

    revisions: tuple[RevisionTold, ...]


def lint_policy(draft: PolicyDraft, catalogue: Catalogue, language: Language) -> PolicyLint:
    """Return what a draft says and what is found in it."""
    faults = lint_text(draft.document)
    if faults:
        return PolicyLint(version=None, publishable=False, findings=faults, in_words=())
    policy = parse_policy(draft.document)
    findings = lint(policy, setting_of(policy, catalogue, draft.framework_id))
    return PolicyLint(
        version=policy.version,
        publishable=all(finding.severity is Severity.WARN for finding in findings),
        findings=findings,
        in_words=tell(policy, language),
    )


async def read_lint(connection: Connection, draft: PolicyDraft, language: Language) -> PolicyLint:
    """Return what a draft says and what is found in it beside the frameworks and scales that are published."""
    return lint_policy(draft, await read_catalogue(connection, [draft.framework_id]), language)


async def read_policy(connection: Connection, policy_id: str, language: Language, approvals_min: int) -> PolicyTold:
    """Return one policy, its revisions told in a language; so many approvals make a revision approved.

    Raises:
        Unknown: policy-unknown.
    """
    policy = await read_policy_life(connection, policy_id, approvals_min)
    catalogue = await read_catalogue(connection, [revision.framework_id for revision in policy.revisions])
    told = [_told(revision, catalogue, language) for revision in policy.revisions]
    return PolicyTold(**{**dict(policy), "revisions": tuple(told)})


def _told(revision: Revision, catalogue: Catalogue, language: Language) -> RevisionTold:
    scope = FrameworkId(revision.framework_id) if revision.framework_id else None
    found = lint_policy(PolicyDraft(framework_id=scope, document=revision.document), catalogue, language)
    return RevisionTold(**dict(revision), in_words=found.in_words, findings=found.findings)
