"""`mastery audit`: search the audit trail."""

from datetime import datetime
from typing import Annotated, Any

import typer

from services.cli.output import AsJSON, an_id, examples, out, print_table, show, utc

app = typer.Typer(no_args_is_help=True, help="The audit trail: who did what, when, why, before and after.")


def register(parent: typer.Typer) -> None:
    """Add the noun."""
    parent.add_typer(app, name="audit")


@app.command(
    "search",
    epilog=examples("mastery audit search --learner l1", "mastery audit search --type score.corrected.v1 --json"),
)
def search(
    *,
    learner: Annotated[str | None, typer.Option(callback=an_id, help="Events about this learner.")] = None,
    actor: Annotated[str | None, typer.Option(callback=an_id, help="Acts of this person or program.")] = None,
    type_name: Annotated[str | None, typer.Option("--type", help="Events of this type.")] = None,
    competency: Annotated[str | None, typer.Option(callback=an_id, help="Events about this competency.")] = None,
    reason: Annotated[str | None, typer.Option(help="Acts with this reason code.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Recorded at or after this time (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Recorded before this time (UTC).")] = None,
    after: Annotated[str | None, typer.Option(help="Go on after this cursor.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Most entries to show.")] = 20,
    as_json: AsJSON = False,
) -> None:
    """Show the newest events that have all that is asked for."""
    from services.cli.catch_up import catch_up
    from services.cli.ledger import ask, open_ledger
    from services.query_api.trail import Search, read_trail

    wanted = Search.model_validate(
        {
            "learner": learner,
            "actor": actor,
            "type": type_name,
            "competency": competency,
            "reason": reason,
            "from": utc(since),
            "to": utc(until),
            "after": after,
            "limit": limit,
        }
    )
    with open_ledger() as database:
        catch_up(database)
        page = ask(database, lambda connection: read_trail(connection, wanted))
    document = page.model_dump(mode="json", include={"entries", "next"})
    show(document, as_json=as_json, render=lambda: print_entries(document))


def print_entries(document: dict[str, Any]) -> None:
    """Print a page of the trail for people."""
    print_table(
        "Audit trail",
        ("position", "recorded", "who", "what", "learner", "change", "why"),
        (
            (
                str(entry["position"]),
                entry["recorded_at"][:10],
                entry["actor_id"],
                entry["type"],
                entry["learner_id"],
                " -> ".join(value for value in (entry["before"], entry["after"]) if value is not None),
                entry["reason_text"] or entry["reason_code"],
            )
            for entry in document["entries"]
        ),
    )
    if document.get("next"):
        out.print(f"more: --after {document['next']}")
