"""A policy document as people read it: in plain words, and with what the lint finds."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Any, Final

from domain.framework.catalogue import Catalogue
from domain.kernel.ids import CompetencyId, CourseId, FrameworkId, SchoolId
from domain.policy.document import parse_policy
from domain.policy.events import Scope
from domain.policy.lint import Finding, Severity, lint, lint_scope, lint_text
from domain.policy.reach import setting_of
from domain.policy.words.catalogue import Language
from domain.policy.words.sentences import Sentence, tell
from services.query_api.answers import Answer, Asked, Connection, rows
from services.query_api.frameworks import read_catalogue
from services.query_api.policies import Policy, Revision, read_policy_life

EMPTY_PLACE: Final = """
    SELECT live.facts_generation IS NOT NULL AND NOT EXISTS (
               SELECT FROM read_model.learner_place
                WHERE generation = live.facts_generation
                      AND (%(school_id)s::text IS NULL OR school_id = %(school_id)s)
                      AND (%(course_id)s::text IS NULL OR course_id = %(course_id)s)) AS is_empty
      FROM read_model.live
     WHERE projector = 'mastery'
"""
"""Whether a place is empty, as far as is known: before the first projection nothing is."""
HELD: Final = """
    SELECT DISTINCT competency->>'competency_id' AS competency_id
      FROM ledger.event, json_array_elements(data->'competencies') AS competency
     WHERE learner_id IS NULL AND type = 'framework.published.v1'
"""
Held = AbstractSet[CompetencyId] | None
Places = AbstractSet[tuple[str | None, str | None]]
"""Schools and courses, either of which may stand alone."""


class PolicyDraft(Asked):
    """A policy document that nobody has drafted yet, and the scope that it is meant for; null: not narrowed."""

    framework_id: FrameworkId | None = None
    school_id: SchoolId | None = None
    course_id: CourseId | None = None
    competency_id: CompetencyId | None = None
    document: dict[str, Any]

    @property
    def scope(self) -> Scope:
        """Where it would decide."""
        return Scope(**self.model_dump(include=set(Scope.model_fields)))

    @property
    def place(self) -> tuple[str | None, str | None]:
        """The school and the course that it is narrowed to."""
        return self.school_id, self.course_id


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


def lint_policy(
    draft: PolicyDraft, catalogue: Catalogue, language: Language, empty: Places = frozenset(), held: Held = None
) -> PolicyLint:
    """Return what a draft says and what is found in it.

    Nobody was ever enrolled in the `empty` places; `held` are the competencies of all frameworks.
    """
    faults = lint_text(draft.document)
    if faults:
        return PolicyLint(version=None, publishable=False, findings=faults, in_words=())
    policy = parse_policy(draft.document)
    setting = setting_of(policy, catalogue, draft.framework_id, draft.competency_id)._replace(held=held)
    if draft.place in empty:
        named = zip(("school", "course"), draft.place, strict=True)
        setting = setting._replace(nobody_at=", ".join(f"{word} {one}" for word, one in named if one is not None))
    findings = lint_scope(draft.scope, catalogue) or lint(policy, setting)
    return PolicyLint(
        version=policy.version,
        publishable=all(finding.severity is Severity.WARN for finding in findings),
        findings=findings,
        in_words=tell(policy, language),
    )


async def read_lint(connection: Connection, draft: PolicyDraft, language: Language) -> PolicyLint:
    """Return what a draft says and what is found in it beside what is published and who is enrolled."""
    catalogue = await read_catalogue(connection, [draft.framework_id])
    empty, held = await _read_empty(connection, {draft.place}), await _read_held(connection, [draft])
    return lint_policy(draft, catalogue, language, empty, held)


async def _read_held(connection: Connection, drafts: Iterable[PolicyDraft]) -> Held:
    """Return the competencies of all frameworks, where a draft asks for that; None if there is no framework."""
    if not any("prerequisites" in draft.document for draft in drafts):
        return None
    return frozenset(row["competency_id"] for row in await rows(connection, HELD, {})) or None


async def _read_empty(connection: Connection, places: Places) -> Places:
    """Return the places of some where no learner was ever enrolled, as far as that is projected."""
    empty = set()
    for school, course in places - {(None, None)}:
        found = await rows(connection, EMPTY_PLACE, {"school_id": school, "course_id": course})
        if found and found[0]["is_empty"]:
            empty.add((school, course))
    return empty


async def read_policy(
    connection: Connection, policy_id: str, language: Language, approvals_min: int, *, simulations: bool = True
) -> PolicyTold:
    """Return one policy, its revisions told in a language; so many approvals make a revision approved.

    Without `simulations` its life does not tell what it would have done to learners.

    Raises:
        Unknown: policy-unknown.
    """
    policy = await read_policy_life(connection, policy_id, approvals_min, simulations=simulations)
    drafts = [_draft_of(revision) for revision in policy.revisions]
    catalogue = await read_catalogue(connection, [draft.framework_id for draft in drafts])
    empty = await _read_empty(connection, {draft.place for draft in drafts})
    held = await _read_held(connection, drafts)
    found = [lint_policy(draft, catalogue, language, empty, held) for draft in drafts]
    told = [
        RevisionTold(**dict(revision), in_words=one.in_words, findings=one.findings)
        for revision, one in zip(policy.revisions, found, strict=True)
    ]
    return PolicyTold(**{**dict(policy), "revisions": tuple(told)})


def _draft_of(revision: Revision) -> PolicyDraft:
    return PolicyDraft.model_validate(revision.model_dump(include=set(PolicyDraft.model_fields)))
