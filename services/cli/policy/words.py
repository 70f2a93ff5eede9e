"""`mastery policy lint` and `mastery policy show`: what a policy says, and what its author can hardly mean."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from services.cli.output import REFUSED, AsJSON, examples, out, print_records, show
from services.cli.policy.life import Competency, Course, Framework, School

if TYPE_CHECKING:
    from infra.postgres.database import Database
    from services.query_api.policy_words import PolicyDraft, PolicyLint


class Lang(StrEnum):
    """The languages of the catalogue; named here too, so that help loads none of them."""

    ENGLISH = "en"
    SPANISH = "es"


InLanguage = Annotated[Lang, typer.Option("--lang", help="The language of the sentences.")]


def register(parent: typer.Typer) -> None:
    """Add the commands to `mastery policy`."""
    parent.command(
        "lint",
        epilog=examples("mastery policy lint latest.json", "mastery policy lint latest.json --framework math --json"),
    )(lint)
    parent.command(
        "show", epilog=examples("mastery policy show latest", "mastery policy show latest --lang es --json")
    )(show_policy)
    parent.command(
        "library", epilog=examples("mastery policy library", "mastery policy library canvas-decaying > mine.json")
    )(library)


def lint(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A policy document, JSON.")],
    *,
    framework: Framework = None,
    school: School = None,
    course: Course = None,
    competency: Competency = None,
    lang: InLanguage = Lang.ENGLISH,
    as_json: AsJSON = False,
) -> None:
    """Show what a policy document says and what is wrong with it; exit code 1 if it could not be published.

    A document that names a scale, or whose scope is narrowed, is held against the ledger.
    """
    from domain.kernel.parsing import parse_command, parse_json
    from services.query_api.policy_words import PolicyDraft

    document = parse_json(file.read_bytes())
    scope = {"framework_id": framework, "school_id": school, "course_id": course, "competency_id": competency}
    found = _lint(parse_command(PolicyDraft, {**scope, "document": document}), lang)
    told = found.model_dump(mode="json", include={"version", "publishable", "findings", "in_words"})
    show(told, as_json=as_json, render=lambda: _print_words(told))
    if not found.publishable:
        raise typer.Exit(REFUSED)


def _lint(draft: "PolicyDraft", lang: Lang) -> "PolicyLint":
    from domain.framework.catalogue import EMPTY
    from domain.policy.events import Scope
    from domain.policy.words.catalogue import Language
    from services.query_api.policy_words import lint_policy, read_lint

    language = Language(lang)
    if draft.scope == Scope() and draft.document.get("scale") is None:
        return lint_policy(draft, EMPTY, language)
    from services.cli.ledger import ask, open_ledger

    with open_ledger() as database:
        return ask(database, lambda connection: read_lint(connection, draft, language))


def library(
    name: Annotated[str | None, typer.Argument(help="A policy of the library; without: all.")] = None,
    *,
    lang: InLanguage = Lang.ENGLISH,
    as_json: AsJSON = False,
) -> None:
    """Show the policies to start from, or print one document to copy and change."""
    from domain.policy.words.catalogue import Language
    from services.query_api.policy_library import Wanted, tell_library

    told = tell_library(Wanted(name=name, lang=Language(lang))).model_dump(mode="json", include={"policies"})
    if name is not None:
        show(told["policies"][0]["document"], as_json=True, render=lambda: None)
        return
    columns = ("name", "title", "description")
    show(told, as_json=as_json, render=lambda: print_records("Library", columns, told["policies"]))


def show_policy(
    policy_id: Annotated[str, typer.Argument(help="The policy's id.")],
    *,
    lang: InLanguage = Lang.ENGLISH,
    as_json: AsJSON = False,
) -> None:
    """Show a policy as sentences that a family can follow, and its life."""
    from services.cli.ledger import open_ledger

    with open_ledger() as database:
        document = read_shown(database, policy_id, lang)
    show(document, as_json=as_json, render=lambda: _print_policy(document))


def read_shown(database: "Database", policy_id: str, lang: Lang = Lang.ENGLISH) -> dict[str, Any]:
    """Return a policy with its revisions, told in words and linted, and its life.

    Raises:
        Unknown: policy-unknown.
    """
    from domain.policy.words.catalogue import Language
    from infra.settings import PolicySettings, read_settings
    from services.cli.ledger import ask
    from services.query_api.policy_words import read_policy

    approvals_min = read_settings(PolicySettings).approvals_min
    policy = ask(database, lambda connection: read_policy(connection, policy_id, Language(lang), approvals_min))
    return policy.model_dump(mode="json", include={"policy_id", "state", "in_force", "revisions", "life"})


def _print_policy(document: dict[str, Any]) -> None:
    revision = document["revisions"][-1]
    out.print(f"{revision['document']['name']} ({document['policy_id']}, {document['state']})", style="bold")
    columns = ("revision", "state", "version", "drafted_by", "drafted_at")
    print_records("Revisions", columns, ({**one, "version": one["version"][:12]} for one in document["revisions"]))
    _print_words(revision)
    steps = (
        {**step, "by": step["on_behalf_of"] or step["by"], "version": step["version"][:12]} for step in document["life"]
    )
    print_records("Life", ("at", "type", "by", "version"), steps)


def _print_words(told: dict[str, Any]) -> None:
    for sentence in told["in_words"]:
        out.print(f"- {sentence['text']}")
    print_findings(told["findings"], out)


def print_findings(findings: Iterable[Mapping[str, Any]], console: Console) -> None:
    """Print what the lint has found."""
    for found in findings:
        value = "" if found["value"] is None else f" {found['value']}"
        console.print(f"{found['severity']} {found['place']}{value}: {found['reason']} [{found['rule']}]", markup=False)
