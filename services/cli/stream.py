"""`mastery stream`: the events as they leave the ledger."""

import time
from functools import partial
from typing import Annotated, Any, Final

import typer

from services.cli.output import AsJSON, examples, out, progress_bar, show

POLL_S: Final = 0.25
app = typer.Typer(no_args_is_help=True, help="The event stream: CloudEvents in commit order, nothing personal in them.")


def register(parent: typer.Typer) -> None:
    """Add the noun."""
    parent.add_typer(app, name="stream")


@app.command(
    "tail",
    epilog=examples("mastery stream tail --from 1200", "mastery stream tail --type score.given.v1 --follow --json"),
)
def tail(
    *,
    after: Annotated[int, typer.Option("--from", min=0, help="Events after this position.")] = 0,
    type_names: Annotated[
        list[str] | None, typer.Option("--type", help="Events of this type; may be repeated.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for new events, until Ctrl-C.")] = False,
    as_json: AsJSON = False,
) -> None:
    """Print the events after a position: a line each, or with --json a CloudEvent each."""
    from infra.settings import StreamSettings, read_settings
    from services.cli.ledger import ask, open_ledger
    from services.query_api.event_stream import PAGE_MAX, After, read_events

    source, left = read_settings(StreamSettings).stream_source, limit
    wanted = After(after=after, type=type_names or [], limit=PAGE_MAX)
    with open_ledger() as database:
        while left is None or left:
            wanted = wanted.model_copy(update={"limit": min(PAGE_MAX, left or PAGE_MAX)})
            page = ask(database, partial(read_events, wanted=wanted, source=source))
            for event in page.events:
                at = event.attributes
                line = f"{int(at['sequence']):>10} {at['recordedtime']} {at['type']:<28} {at['subject']}"
                typer.echo(event.structured) if as_json else out.print(line, soft_wrap=True)
            left = None if left is None else left - len(page.events)
            wanted = wanted.model_copy(update={"after": page.next_after})
            if len(page.events) < wanted.limit:
                if not follow:
                    return
                time.sleep(POLL_S)


@app.command(
    "republish",
    epilog=examples("mastery stream republish --from 0", "mastery stream republish --from 1200 --to events.again"),
)
def republish(
    *,
    after: Annotated[int, typer.Option("--from", min=0, help="Events after this position.")],
    topic: Annotated[str | None, typer.Option("--to", help="Another topic than `events`, without the prefix.")] = None,
    as_json: AsJSON = False,
) -> None:
    """Send events to Kafka again, for a topic that was lost or for a new one; what is tracked stays."""
    from infra.settings import PublisherSettings, read_settings
    from schemas.asyncapi import EVENTS_TOPIC
    from services.cli.ledger import open_ledger
    from services.publisher.publisher import republish as publish_again

    to, settings = topic or EVENTS_TOPIC, read_settings(PublisherSettings)
    told: dict[str, Any] = {"topic": settings.kafka_topic_prefix + to, "from": after, "position": after}
    with open_ledger() as database, progress_bar("events") as report:
        for position, head in publish_again(database.app, settings, after, to):
            report(position - after, head - after)
            told["position"] = position
    show(
        told,
        as_json=as_json,
        render=lambda: out.print(f"{told['topic']} has the events up to position {told['position']}"),
    )
