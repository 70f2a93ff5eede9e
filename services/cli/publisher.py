"""`mastery publisher`: the event stream to Kafka."""

import typer

from services.cli.output import examples

app = typer.Typer(no_args_is_help=True, help="The publisher, which keeps Kafka topics up to date with the ledger.")


def register(parent: typer.Typer) -> None:
    """Add the noun."""
    parent.add_typer(app, name="publisher")


@app.callback()
def publisher() -> None:
    """Keep a noun of one verb a noun."""


@app.command(
    "run",
    epilog=examples(
        "MASTERY_KAFKA_SERVERS=127.0.0.1:9092 mastery publisher run",
        "MASTERY_LOG_FORMAT=json MASTERY_KAFKA_SERVERS=k1:9092,k2:9092 mastery publisher run",
    ),
)
def run() -> None:
    """Publish events, changes of mastery and parked events until Ctrl-C; a second publisher stands by."""
    from infra.settings import PublisherSettings, read_settings
    from services.cli.ledger import open_ledger
    from services.publisher.publisher import main

    settings = read_settings(PublisherSettings)
    settings.servers  # noqa: B018 - where no broker is named, say so before the database starts
    with open_ledger(log_level="info") as database:
        main(database.app, settings)
