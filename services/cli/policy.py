"""`mastery policy`: draft, publish and roll back mastery policies, and see beforehand whom one would move."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli import policy_words
from services.cli.output import REFUSED, AsJSON, DryRun, err, examples, out, print_table, read_json, show

if TYPE_CHECKING:
    from domain.policy.document import PolicyDocument

app = typer.Typer(no_args_is_help=True, help="Mastery policies: the rules from scores to levels, as documents.")
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A policy document, JSON.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it becomes part of the ledger.")]
Framework = Annotated[str | None, typer.Option(help="The framework that it is for; without: all others.")]


def register(parent: typer.Typer) -> None:
    """Add the noun."""
    policy_words.register(app)
    parent.add_typer(app, name="policy")


@app.command("list", epilog=examples("mastery policy list", "mastery policy list --json"))
def list_policies(*, as_json: AsJSON = False) -> None:
    """Show all policies, their revisions and which are in force."""
    from services.cli.ledger import ask, open_ledger
    from services.query_api.policies import read_policies

    with open_ledger() as database:
        document = ask(database, read_policies).model_dump(mode="json", include={"in_force", "policies"})
    columns = ("policy_id", "state", "name", "revisions", "version")
    rows = (
        (one["policy_id"], one["state"], last["document"]["name"], len(one["revisions"]), last["version"][:12])
        for one in document["policies"]
        for last in one["revisions"][-1:]
    )
    show(document, as_json=as_json, render=lambda: print_table("Policies", columns, rows))


@app.command(
    "publish",
    epilog=examples(
        'mastery policy publish latest.json --reason "board decision of 2 March"',
        "mastery policy publish latest.json --dry-run --json",
    ),
)
def publish(
    file: File,
    *,
    policy_id: Annotated[str | None, typer.Option("--id", help="The policy's id; without: the file's name.")] = None,
    framework: Framework = None,
    reason: Why = "",
    dry_run: DryRun = False,
    as_json: AsJSON = False,
) -> None:
    """Draft a policy document and put it in force: levels are computed beside the live ones, then switched.

    Waits for the switch and shows who moved. With --dry-run shows who would move.
    """
    from services.cli import policy_acts
    from services.cli.catch_up import projecting, wait_until_caught_up
    from services.cli.ledger import open_ledger

    if dry_run:
        evaluate(file, framework=framework, as_json=as_json)
        return
    policy = _read(file)
    with open_ledger() as database, projecting(database):
        wait_until_caught_up(database)
        document = policy_acts.publish(database, policy, policy_id or file.stem, framework, reason)
    show(document, as_json=as_json, render=lambda: print_moves(document))


@app.command(
    "rollback",
    epilog=examples(
        'mastery policy rollback latest --reason "too many learners moved"',
        'mastery policy rollback latest --reason "an error in the cuts" --json',
    ),
)
def roll_back(policy_id: Annotated[str, typer.Argument()], *, reason: Why = "", as_json: AsJSON = False) -> None:
    """Go back to the policies that were in force before this one; the earlier levels are switched back."""
    from services.cli import policy_acts
    from services.cli.catch_up import projecting, wait_until_caught_up
    from services.cli.ledger import open_ledger

    with open_ledger() as database, projecting(database):
        wait_until_caught_up(database)
        document = policy_acts.roll_back(database, policy_id, reason)
    show(document, as_json=as_json, render=lambda: print_moves(document))


@app.command(
    "evaluate",
    epilog=examples(
        "mastery policy evaluate latest.json", "mastery policy evaluate latest.json --framework math --json"
    ),
)
def evaluate(file: File, *, framework: Framework = None, as_json: AsJSON = False) -> None:
    """Show who would move between levels if the policy in the file were in force; nothing is written."""
    from services.cli.catch_up import catch_up
    from services.cli.ledger import open_ledger
    from services.cli.what_if import what_if

    with open_ledger() as database:
        catch_up(database)
        document = what_if(database, _read(file), framework)
    show(document, as_json=as_json, render=lambda: print_moves(document))


@app.command(
    "check-vectors",
    epilog=examples("mastery policy check-vectors vectors.json", "mastery policy check-vectors vectors.json --json"),
)
def check_vectors(file: File, *, as_json: AsJSON = False) -> None:
    """Run inputs whose outcome another system has published through the kernel, and compare."""
    from domain.mastery.vectors import check

    report = check(read_json(file))
    document = {"by_algorithm": report["by_algorithm"]}
    show(document, as_json=as_json, render=lambda: _print_checks(document))
    failures: Any = report["failures"]
    for failure in failures:
        err.print(f"failed: {failure['id']} expected {failure['expected']}, got {failure['got']}")
    if failures:
        raise typer.Exit(REFUSED)


def _print_checks(document: dict[str, Any]) -> None:
    columns = ("passed", "failed", "unsupported")
    rows = ([name, *(counts[column] for column in columns)] for name, counts in document["by_algorithm"].items())
    print_table("Published outcomes", ("algorithm", *columns), rows)


def print_moves(document: dict[str, Any]) -> None:
    """Print the matrix of levels before and after."""
    matrix: dict[str, dict[str, int]] = document["matrix"]
    levels = list(dict.fromkeys([*matrix, *(level for row in matrix.values() for level in row)]))
    rows = ([before, *(matrix.get(before, {}).get(after) for after in levels)] for before in levels)
    print_table("From (rows) to (columns)", ("", *levels), rows)
    out.print(f"{document['moved']:,} of {document['cells']:,} cells moved")


def _read(file: Path) -> "PolicyDocument":
    from domain.policy.document import parse_policy

    return parse_policy(read_json(file))
