"""`mastery policy`: mastery policies, their life, and beforehand whom one would move."""

from typing import Any

import typer

from services.cli.output import REFUSED, AsJSON, err, examples, print_table, read_json, show
from services.cli.policy import effective, life, simulate, words
from services.cli.policy.engines import Engine, OnEngine
from services.cli.policy.life import Competency, Course, File, Framework, School, show_moves

app = typer.Typer(no_args_is_help=True, help="Mastery policies: the rules from scores to levels, as documents.")


def register(parent: typer.Typer) -> None:
    """Add the noun."""
    life.register(app)
    simulate.register(app)
    words.register(app)
    effective.register(app)
    parent.add_typer(app, name="policy")


@app.command("list", epilog=examples("mastery policy list", "mastery policy list --json"))
def list_policies(*, as_json: AsJSON = False) -> None:
    """Show all policies, their revisions and which are in force."""
    from infra.settings import PolicySettings, read_settings
    from services.cli.ledger import ask, open_ledger
    from services.query_api.policies import read_policies

    approvals_min = read_settings(PolicySettings).approvals_min
    with open_ledger() as database:
        found = ask(database, lambda connection: read_policies(connection, approvals_min))
    document = found.model_dump(mode="json", include={"in_force", "policies"})
    columns = ("policy_id", "state", "name", "revisions", "version", "its state")
    rows = (
        (
            one["policy_id"],
            one["state"],
            last["document"]["name"],
            len(one["revisions"]),
            last["version"][:12],
            last["state"],
        )
        for one in document["policies"]
        for last in one["revisions"][-1:]
    )
    show(document, as_json=as_json, render=lambda: print_table("Policies", columns, rows))


@app.command(
    "evaluate",
    epilog=examples(
        "mastery policy evaluate latest.json", "mastery policy evaluate latest.json --framework math --json"
    ),
)
def evaluate(
    file: File,
    *,
    framework: Framework = None,
    school: School = None,
    course: Course = None,
    competency: Competency = None,
    engine: OnEngine = Engine.HERE,
    as_json: AsJSON = False,
) -> None:
    """Show who would move between levels if the policy in the file were in force; nothing is written."""
    from domain.kernel.parsing import parse_command
    from domain.policy.commands import DraftPolicy
    from domain.policy.events import Terms
    from services.cli.catch_up import catch_up
    from services.cli.ledger import open_ledger
    from services.cli.policy import steps

    scope = {"framework_id": framework, "school_id": school, "course_id": course, "competency_id": competency}
    draft = parse_command(DraftPolicy, {"policy_id": "draft", "document": read_json(file), **scope})
    with open_ledger() as database:
        catch_up(database)
        document = steps.evaluate(database, draft, Terms(), engine)
    show_moves(document, as_json=as_json)


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
