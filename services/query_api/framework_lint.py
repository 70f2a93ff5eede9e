"""What the lint finds in the targets of a framework that nobody has published yet; nothing is written."""

from pydantic import Field

from domain.framework.events import Competency
from domain.framework.lint import TargetFinding, lint_targets
from services.query_api.answers import Answer, Asked, Connection


class FrameworkDraft(Asked):
    """The competencies of a framework, as a publication would bring them."""

    competencies: tuple[Competency, ...] = Field(min_length=1)


class FrameworkLint(Answer):
    """What is found, by competency; `explicit` says whether nothing is."""

    explicit: bool
    findings: tuple[TargetFinding, ...]


async def read_framework_lint(_connection: Connection, draft: FrameworkDraft) -> FrameworkLint:
    """Return what the lint finds in a draft."""
    findings = lint_targets(draft.competencies)
    return FrameworkLint(explicit=not findings, findings=findings)
