"""`mastery webhooks`: events sent to addresses that registered for them."""

import typer

from services.cli.output import examples

app = typer.Typer(no_args_is_help=True, help="Webhooks: signed events, sent to addresses that registered for them.")


def register(parent: typer.Typer) -> None:
    """Add the noun."""
    parent.add_typer(app, name="webhooks")


@app.callback()
def webhooks() -> None:
    """Keep a noun of one verb a noun."""


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
