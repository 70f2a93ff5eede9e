"""`mastery webhooks`: events sent to addresses that registered for them."""

from typing import Annotated, Any, Final

import typer

from services.cli.output import AsJSON, an_id, examples, out, print_records, show

app = typer.Typer(no_args_is_help=True, help="Webhooks: signed events, sent to addresses that registered for them.")
Id = Annotated[str, typer.Argument(callback=an_id, help="The webhook's id.")]
Overlap = Annotated[int, typer.Option(help="How many hours the secret before signs too; 0 where others know it.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it becomes part of the ledger.")]
COLUMNS: Final = ("webhook_id", "url", "state", "position", "head", "attempts", "fault")


def register(parent: typer.Typer) -> None:
    """Add the noun."""
    parent.add_typer(app, name="webhooks")


@app.command(
    "run",
    epilog=examples("mastery webhooks run", "MASTERY_WEBHOOK_PRIVATE_TARGETS=true mastery webhooks run"),
)
def run() -> None:
    """Deliver events to webhooks until Ctrl-C; a second courier stands by."""
    from infra.settings import WebhookSettings, read_settings
    from services.cli.ledger import open_ledger
    from services.webhooks.courier import main

    settings = read_settings(WebhookSettings)
    with open_ledger(log_level="info") as database:
        main(database.app, settings)


@app.command("list", epilog=examples("mastery webhooks list", "mastery webhooks list --json"))
def list_webhooks(*, as_json: AsJSON = False) -> None:
    """Show the webhooks, how far each is served, and why one is not."""
    from services.cli.ledger import ask, open_ledger
    from services.query_api.webhooks import read_webhooks

    with open_ledger() as database:
        document = ask(database, read_webhooks).model_dump(mode="json")
    show(document, as_json=as_json, render=lambda: print_records("Webhooks", COLUMNS, document["webhooks"]))


@app.command("secret", epilog=examples("mastery webhooks secret w1", "mastery webhooks secret w1 --json"))
def secret(webhook_id: Id, *, as_json: AsJSON = False) -> None:
    """Show what a webhook's messages are signed with, for its receiver."""
    from services.cli.ledger import open_ledger

    with open_ledger() as database:
        document = _secret(database, webhook_id)
    show(document, as_json=as_json, render=lambda: _print_secret(document))


@app.command(
    "rotate-secret",
    epilog=examples(
        'mastery webhooks rotate-secret w1 --reason "keys are renewed each year"',
        'mastery webhooks rotate-secret w1 --overlap-hours 0 --reason "it was in a log" --json',
    ),
)
def rotate_secret(webhook_id: Id, *, overlap_hours: Overlap = 24, reason: Why, as_json: AsJSON = False) -> None:
    """Sign with a new secret, and for some hours with the one before too."""
    from functools import reduce
    from typing import cast

    from domain.kernel.parsing import parse_command
    from domain.webhook.decider import INITIAL, RotateWebhookSecret, decide, evolve, stream_of
    from domain.webhook.events import WebhookEvent
    from infra.postgres.event_store import blocking_event_store
    from services.cli.ledger import append, open_ledger

    told = {"webhook_id": webhook_id, "overlap_hours": overlap_hours, "reason": {"text": reason}}
    command = parse_command(RotateWebhookSecret, told)
    stream = stream_of(command.webhook_id)
    with open_ledger() as database:
        with blocking_event_store(database.app) as store:
            past = [cast("WebhookEvent", recorded.event) for recorded in store.load(stream).events]
        append(database, stream, decide(reduce(evolve, past, INITIAL), command), reason)
        document = _secret(database, webhook_id)
    show(document, as_json=as_json, render=lambda: _print_secret(document))


def _secret(database: Any, webhook_id: str) -> dict[str, Any]:
    from infra.http.signature import secrets_of
    from infra.settings import WebhookSettings, read_settings
    from services.cli.ledger import ask
    from services.query_api.webhooks import read_secret

    settings = read_settings(WebhookSettings)
    secret_of = secrets_of(settings, settings.data_dir)
    found = ask(database, lambda connection: read_secret(connection, webhook_id, secret_of))
    return found.model_dump(mode="json")


def _print_secret(document: dict[str, Any]) -> None:
    out.print(document["secret"])
    if document["previous"]:
        out.print(f"until {document['previous_until']} also {document['previous']}")
