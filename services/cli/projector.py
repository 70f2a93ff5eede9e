"""`mastery projector`: run the projectors one by one, look after parked learners, rebuild read models."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final, Literal

import typer

from services.cli.output import AsJSON, DryRun, examples, out, print_records, progress_bar, show

app = typer.Typer(no_args_is_help=True, help="The projectors, which fill the read models from the ledger.")
Name = Annotated[str, typer.Argument(help="mastery, learner_profile or audit_trail.")]
Position = Annotated[int, typer.Argument(help="Position of the parked event.")]
WORKERS_MAX: Final = 64
LISTED: Final = ("name", "generation", "position", "lag_events", "parked")


def register(parent: typer.Typer) -> None:
    """Add the noun."""
    parent.add_typer(app, name="projector")


@contextmanager
def _connection() -> Iterator[Any]:
    from services.cli.ledger import open_ledger
    from services.projectors.ledger import connect

    with open_ledger() as database, connect(database.app) as connection:
        yield connection


@app.command(
    "run",
    epilog=examples(
        "mastery projector run mastery",
        "MASTERY_KAFKA_SERVERS=127.0.0.1:9092 mastery projector run audit_trail --from kafka",
    ),
)
def run(
    name: Name,
    *,
    source: Annotated[
        Literal["log", "kafka"],
        typer.Option("--from", help="What it follows. Any number of workers share the topic of all events in Kafka."),
    ] = "log",
) -> None:
    """Keep one read model up to date until Ctrl-C; a second runner of the same name stands by.

    From Kafka it works beside others of the same name, each with some of the learners; runners from the log wait.
    """
    from infra.settings import PublisherSettings, read_settings
    from services.cli.ledger import open_ledger
    from services.projectors.lanes.topic import following
    from services.projectors.runner import LOG, main

    follows = LOG if source == "log" else following(read_settings(PublisherSettings))
    with open_ledger(log_level="info") as database:
        main(database.app, name, database.cells, follows)


@app.command("list", epilog=examples("mastery projector list", "mastery projector list --json"))
def list_projectors(*, as_json: AsJSON = False) -> None:
    """Show where the projectors are, and every generation of their read models."""
    from services.cli.ledger import ask, open_ledger
    from services.query_api.projections import read_projections

    with open_ledger() as database:
        document = ask(database, read_projections).model_dump(mode="json", include={"position", "projectors"})

    def render() -> None:
        print_records("Projectors", LISTED, document["projectors"])
        columns = ("generation", "state", "position", "events_per_second", "seconds_left", "started_at")
        for one in document["projectors"]:
            print_records(f"Generations of {one['name']}", columns, one["generations"])

    show(document, as_json=as_json, render=render)


@app.command("parked", epilog=examples("mastery projector parked", "mastery projector parked mastery --json"))
def parked(
    name: Annotated[str | None, typer.Argument(help="Only this projector.")] = None, *, as_json: AsJSON = False
) -> None:
    """Show the events that a projector could not digest, and how many events wait behind each."""
    from services.projectors import parking

    with _connection() as connection:
        document = [one._asdict() for one in parking.parked(connection, name)]
    columns = ("projector", "position", "type", "learner_id", "waiting", "since", "why")
    show(document, as_json=as_json, render=lambda: print_records("Parked", columns, document))


@app.command(
    "retry", epilog=examples("mastery projector retry mastery 4711", "mastery projector retry audit_trail 4711 --json")
)
def retry(name: Name, position: Position, *, as_json: AsJSON = False) -> None:
    """Try a parked event again, and what waited behind it."""
    from services.projectors import parking

    with _connection() as connection:
        behind = parking.retry(connection, name, position)
    document = {"projector": name, "position": position, "parked_behind": behind._asdict() if behind else None}
    said = f"parked at {behind.position}: {behind.why}" if behind else "up to date again"
    show(document, as_json=as_json, render=lambda: out.print(said))


@app.command(
    "skip",
    epilog=examples(
        'mastery projector skip mastery 4711 --reason "written by a faulty import"',
        'mastery projector skip mastery 4711 --reason "test data" --json',
    ),
)
def skip(
    name: Name,
    position: Position,
    reason: Annotated[str, typer.Option(help="Why; it becomes part of the ledger.")],
    *,
    dry_run: DryRun = False,
    as_json: AsJSON = False,
) -> None:
    """Make a projector go on without a parked event. The skip is an event itself, with your name and reason."""
    from services.cli.ledger import append, open_ledger
    from services.projectors import parking
    from services.projectors.ledger import connect

    with open_ledger() as database, connect(database.app) as connection:
        event = parking.skip_event(connection, name, position)
        receipt = None if dry_run else append(database, f"operations-{name}", [event], reason)
    document = {"skipped": event.model_dump(mode="json"), "position": receipt and receipt.first_position}
    show(document, as_json=as_json, render=lambda: out.print(f"event {position} is skipped by {name}"))


@app.command(
    "rebuild",
    epilog=examples(
        "mastery projector rebuild mastery --workers 2", "mastery projector rebuild audit_trail --accept-difference"
    ),
)
def rebuild(
    name: Name,
    *,
    workers: Annotated[
        int, typer.Option(min=1, max=WORKERS_MAX, help="Processes that share the learners among them.")
    ] = 1,
    accept_difference: Annotated[
        bool, typer.Option(help="Switch although the new generation holds something else than the live one.")
    ] = False,
    as_json: AsJSON = False,
) -> None:
    """Build the next generation from the first event beside the live one, compare their digests, switch.

    The live one answers meanwhile. A rebuild that was killed goes on at the next call.
    """
    from services.projectors.rebuilding import forks

    if workers > 1:
        forks.get_ready()
    from services.projectors.rebuilding import rebuild as builder

    with _connection() as connection, progress_bar(f"rebuilding {name}") as advance:
        switched = builder.rebuild(
            connection,
            name,
            workers=workers,
            accept_difference=accept_difference,
            report=lambda batch: advance(batch.position, batch.head),
        )
    document = switched._asdict()
    show(document, as_json=as_json, render=lambda: _print_switched(name, document))


@app.command(
    "rollback", epilog=examples("mastery projector rollback mastery", "mastery projector rollback audit_trail --json")
)
def roll_back(name: Name, *, as_json: AsJSON = False) -> None:
    """Make the generation before the last rebuild live again."""
    from services.projectors.rebuilding import rebuild as builder

    with _connection() as connection:
        document = builder.roll_back(connection, name)._asdict()
    show(document, as_json=as_json, render=lambda: _print_switched(name, document))


@app.command("prune", epilog=examples("mastery projector prune mastery", "mastery projector prune audit_trail --json"))
def prune(name: Name, *, as_json: AsJSON = False) -> None:
    """Delete the generations that are kept for a rollback.

    Of `mastery` also their cell shards, and whom old what-ifs would have moved: what an approval or a publication rests
    on is kept, and the last what-if of each policy.
    """
    from services.cli.ledger import open_ledger
    from services.projectors import generations, pruning
    from services.projectors.ledger import connect
    from services.projectors.mastery import NAME
    from services.projectors.models import make

    with open_ledger() as database, connect(database.app) as connection:
        document: dict[str, Any] = {"projector": name, "pruned": generations.prune(connection, make(name))}
        if name == NAME:
            document |= pruning.prune(connection, database.cells)._asdict()
    said = f"{len(document['pruned'])} generations of {name} are deleted"
    if "simulations" in document:
        said += f", the movers of {len(document['simulations'])} what-ifs and {len(document['shards'])} sets of shards"
    show(document, as_json=as_json, render=lambda: out.print(said))


def _print_switched(name: str, document: dict[str, Any]) -> None:
    out.print(f"{name}: generation {document['generation']} is live from position {document['position']:,}")
