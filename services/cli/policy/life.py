"""`mastery policy draft`, `approve`, `publish`, `rollback`, `retire`: the life of a policy, step by step or at once."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.output import AsJSON, DryRun, an_id, examples, out, print_table, read_json, show, utc

if TYPE_CHECKING:
    from domain.policy.commands import RetirePolicy, RollBackPolicy


class Reach(StrEnum):
    """`domain.policy.events.Reach`; named here too, so that help loads none of it."""

    ALL_EVIDENCE = "all_evidence"
    EVIDENCE_SINCE = "evidence_since"
    NEW_LEARNERS = "new_learners"


class HoldHarmless(StrEnum):
    """`domain.policy.events.HoldHarmless`."""

    NONE = "none"
    NEVER_LOWER = "never_lower"
    AFTER_NEXT_EVIDENCE = "after_next_evidence"
    LOWER_WITH_NOTICE = "lower_with_notice"


InReach = Annotated[Reach, typer.Option(help="Which evidence it decides on.")]
Holding = Annotated[HoldHarmless, typer.Option(help="What becomes of a level that would fall.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A policy document, JSON.")]
Id = Annotated[str, typer.Argument(callback=an_id, help="The policy's id.")]
NamedId = Annotated[str | None, typer.Option("--id", callback=an_id, help="The policy's id; without: the file's name.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it becomes part of the ledger.")]
As = Annotated[
    str | None, typer.Option("--as", callback=an_id, help="The person who decides; without: the operator's login.")
]
Authority = Annotated[str | None, typer.Option(help="What the record stands on: minutes, a signed form.")]
Framework = Annotated[str | None, typer.Option(callback=an_id, help="Only in this framework.")]
School = Annotated[str | None, typer.Option(callback=an_id, help="Only in this school.")]
Course = Annotated[str | None, typer.Option(callback=an_id, help="Only in this course.")]
Competency = Annotated[
    str | None, typer.Option(callback=an_id, help="Only for this competency and its parts; needs --framework.")
]
Lock = Annotated[list[str] | None, typer.Option(help="A stage that more specific policies may not change; repeatable.")]
Since = Annotated[str | None, typer.Option(help="The first day that counts, for --reach evidence_since.")]
From = Annotated[datetime | None, typer.Option(help="When it comes into force, in UTC; without: at once.")]
To = Annotated[datetime | None, typer.Option(help="When it is retired, in UTC.")]


def register(parent: typer.Typer) -> None:
    """Add the commands to `mastery policy`."""
    for name, command, first, second in (
        ("draft", draft, "latest.json --framework math", "latest.json --school north --lock combine --json"),
        ("approve", approve, 'latest --as a-diaz --reason "as discussed"', 'latest --reason "agreed" --json'),
        (
            "publish",
            publish,
            'latest --reason "board decision of 2 March" --effective-from 2026-08-01',
            'latest.json --reason "board decision" --approved-by a-diaz --approved-by a-okafor --json',
        ),
        ("rollback", roll_back, 'latest --reason "too many moved"', 'latest --reason "a wrong cut" --json'),
        ("retire", retire, 'latest --reason "the pilot is over"', 'latest --reason "a new rule" --json'),
    ):
        said_so = examples(f"mastery policy {name} {first}", f"mastery policy {name} {second}")
        parent.command(name, epilog=said_so)(command)


def draft(
    file: File,
    *,
    policy_id: NamedId = None,
    framework: Framework = None,
    school: School = None,
    course: Course = None,
    competency: Competency = None,
    lock: Lock = None,
    author: As = None,
    reason: Why = "",
    as_json: AsJSON = False,
) -> None:
    """Put a policy document on record, as a new policy or as its next revision; it decides nothing yet.

    What the lint finds in it is told on stderr.
    """
    from domain.kernel.parsing import parse_command
    from domain.policy.commands import DraftPolicy
    from services.cli.ledger import open_ledger
    from services.cli.output import err
    from services.cli.policy import acts
    from services.cli.policy.words import print_findings, read_shown

    scope = {"framework_id": framework, "school_id": school, "course_id": course, "competency_id": competency}
    words = {"policy_id": policy_id or file.stem, "document": read_json(file), "locked": lock or (), **scope}
    command = parse_command(DraftPolicy, {**words, "reason": said(reason)})
    with open_ledger() as database:
        drafted = acts.draft(database, command, acts.Person(author))
        shown = read_shown(database, drafted.policy_id)
    print_findings(shown["revisions"][-1]["findings"], err)
    document = drafted.model_dump(mode="json", exclude={"document", "author"}, exclude_none=True)
    text = f"policy {drafted.policy_id}: revision {drafted.revision}, version {drafted.version[:12]}"
    show(document, as_json=as_json, render=lambda: out.print(text))


def approve(
    policy_id: Id,
    *,
    revision: Annotated[int | None, typer.Option(help="The revision that is meant; without: the last.")] = None,
    person: As = None,
    authority: Authority = None,
    reason: Why = "",
    as_json: AsJSON = False,
) -> None:
    """Agree to the last revision of a policy, having seen what it does; not for those who wrote it."""
    from domain.kernel.parsing import parse_command
    from domain.policy.commands import ApprovePolicy
    from services.cli.ledger import open_ledger
    from services.cli.policy import acts

    words = {"policy_id": policy_id, "revision": revision, "reason": said(reason)}
    command, by = parse_command(ApprovePolicy, words), acts.Person(person, authority)
    with open_ledger() as database:
        receipt = acts.settle(database, command, by)
    document = {"policy_id": policy_id, "approved_by": by.actor.id, "position": receipt.last_position}
    show(document, as_json=as_json, render=lambda: out.print(f"approved by {by.actor.id}"))


def publish(
    policy: Annotated[str, typer.Argument(help="The id of an approved policy; or a policy document, JSON.")],
    *,
    policy_id: NamedId = None,
    framework: Framework = None,
    school: School = None,
    course: Course = None,
    competency: Competency = None,
    reach: InReach = Reach.ALL_EVIDENCE,
    evidence_since: Since = None,
    hold_harmless: Holding = HoldHarmless.NONE,
    effective_from: From = None,
    effective_to: To = None,
    approved_by: Annotated[list[str] | None, typer.Option(callback=an_id, help="Who approved it; repeatable.")] = None,
    person: As = None,
    reason: Why = "",
    dry_run: DryRun = False,
    as_json: AsJSON = False,
) -> None:
    """Put an approved policy in force: levels are computed beside the live ones, then switched; shows who moved.

    A file is drafted and simulated first. The approvals of the persons named are recorded. What is refused is refused
    before any of that.
    """
    from domain.kernel.parsing import parse_command
    from domain.policy.commands import DraftPolicy, PublishPolicy
    from domain.policy.events import Terms
    from services.cli.catch_up import projecting, wait_until_caught_up
    from services.cli.ledger import open_ledger
    from services.cli.policy import steps
    from services.cli.policy.acts import Person

    file = Path(policy) if Path(policy).is_file() else None
    name = policy if file is None else policy_id or file.stem
    scope = {"framework_id": framework, "school_id": school, "course_id": course, "competency_id": competency}
    words = {
        "policy_id": name,
        "terms": {"reach": reach, "evidence_since": evidence_since, "hold_harmless": hold_harmless},
        "effective_from": utc(effective_from),
        "effective_to": utc(effective_to),
        "reason": said(reason),
    }
    publication = parse_command(PublishPolicy, words)
    draft = None
    if file is not None:
        draft = parse_command(DraftPolicy, {"policy_id": name, "document": read_json(file), **scope})
    with open_ledger() as database, projecting(database):
        wait_until_caught_up(database)
        if draft is None:
            terms = None if publication.terms == Terms() else publication.terms
            publication = publication.model_copy(update={"terms": terms})
            act = steps.rehearse if dry_run else steps.publish
            document = act(database, publication, approved_by or (), Person(person))
        elif dry_run:
            document = steps.evaluate(database, draft, publication.terms or Terms())
        else:
            document = steps.publish_at_once(database, draft, publication, approved_by or (), Person(person))
    show_moves(document, as_json=as_json)


def roll_back(policy_id: Id, *, person: As = None, reason: Why = "", as_json: AsJSON = False) -> None:
    """Go back to the policies that were in force before this one; the earlier levels are switched back."""
    from domain.policy.commands import RollBackPolicy

    _end(RollBackPolicy, policy_id, person, reason, as_json=as_json)


def retire(policy_id: Id, *, person: As = None, reason: Why = "", as_json: AsJSON = False) -> None:
    """End a policy, in force or waiting for its date; what lies above it decides again."""
    from domain.policy.commands import RetirePolicy

    _end(RetirePolicy, policy_id, person, reason, as_json=as_json)


def _end(
    kind: "type[RollBackPolicy | RetirePolicy]", policy_id: str, person: str | None, reason: str, *, as_json: bool
) -> None:
    from domain.kernel.parsing import parse_command
    from services.cli.catch_up import projecting, wait_until_caught_up
    from services.cli.ledger import open_ledger
    from services.cli.policy import acts

    command = parse_command(kind, {"policy_id": policy_id, "reason": said(reason)})
    with open_ledger() as database, projecting(database):
        wait_until_caught_up(database)
        document = acts.end(database, command, acts.Person(person))
    show_moves(document, as_json=as_json)


def said(reason: str) -> dict[str, str] | None:
    """Return a reason as a command holds it."""
    return {"text": reason} if reason else None


def show_moves(document: dict[str, Any], *, as_json: bool) -> None:
    """Print what a policy moves, or from when on it will."""
    show(document, as_json=as_json, render=lambda: print_moves(document))


def print_moves(document: dict[str, Any]) -> None:
    """Print the matrix of levels before and after."""
    if "matrix" not in document:
        out.print(f"policy {document['policy_id']} comes into force on {document['effective_from']}")
        return
    if not document["cells"]:
        out.print("it decides on no cell: policies of a narrower scope stand before it (mastery policy list)")
        return
    matrix: dict[str, dict[str, int]] = document["matrix"]
    levels = list(dict.fromkeys([*matrix, *(level for row in matrix.values() for level in row)]))
    rows = ([before, *(matrix.get(before, {}).get(after) for after in levels)] for before in levels)
    print_table("From (rows) to (columns)", ("", *levels), rows)
    out.print(f"{document['moved']:,} of {document['cells']:,} cells moved")
