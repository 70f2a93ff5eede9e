"""`mastery replay`: watch the levels of a publication being made; pause, resume, cancel that."""

import time
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.output import AsJSON, an_id, err, examples, out, print_records, progress_bar, show

if TYPE_CHECKING:
    from domain.policy.replay import ReplayCommand
    from services.query_api.replays import Replay

app = typer.Typer(no_args_is_help=True, help="Replays: the making of the levels of publications.")
Id = Annotated[str, typer.Argument(callback=an_id, help="The policy's id.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it becomes part of the ledger.")]
COLUMNS: Final = ("replay_id", "policy_id", "state", "cells_done", "cells", "cells_per_second", "seconds_left", "fault")
POLL_S: Final = 0.2


def register(parent: typer.Typer) -> None:
    """Add the noun."""
    parent.add_typer(app, name="replay")


@app.command("list", epilog=examples("mastery replay list", "mastery replay list --json"))
def list_replays(*, as_json: AsJSON = False) -> None:
    """Show every replay: what it is at or how it ended."""
    from services.cli.ledger import ask, open_ledger
    from services.query_api.replays import read_replays

    with open_ledger() as database:
        document = ask(database, read_replays).model_dump(mode="json", include={"replays"})
    show(document, as_json=as_json, render=lambda: print_records("Replays", COLUMNS, document["replays"]))


@app.command("watch", epilog=examples("mastery replay watch latest", "mastery replay watch latest --json"))
def watch(policy_id: Id, *, as_json: AsJSON = False) -> None:
    """Show how far the last replay of a policy is, until it ends, is paused or waits for its time."""
    from services.cli.ledger import open_ledger

    with open_ledger() as database, progress_bar(f"levels of {policy_id}") as advance:
        replay = _last(database, policy_id)
        while replay.finished_at is None and replay.state not in {"paused", "waiting"}:
            advance(replay.cells_done, replay.cells)
            time.sleep(POLL_S)
            replay = _last(database, policy_id)
    document = replay.model_dump(mode="json")
    show(document, as_json=as_json, render=lambda: print_records(f"Replay of {policy_id}", COLUMNS, [document]))


def _last(database: Any, policy_id: str) -> "Replay":
    from domain.kernel.errors import Unknown
    from services.cli.ledger import ask
    from services.query_api.replays import read_replays

    for replay in reversed(ask(database, read_replays).replays):
        if replay.policy_id == policy_id:
            return replay
    raise Unknown("not-found", f"policy {policy_id} has no replay")


@app.command(
    "pause",
    epilog=examples(
        'mastery replay pause latest --reason "exams week"', 'mastery replay pause latest --reason "load" --json'
    ),
)
def pause(policy_id: Id, *, reason: Why, as_json: AsJSON = False) -> None:
    """Have no more levels of a publication made for now; what is made stays."""
    from domain.policy.replay import PauseReplay

    _act(PauseReplay, policy_id, reason, as_json=as_json, said="paused")


@app.command(
    "resume",
    epilog=examples(
        'mastery replay resume latest --reason "exams are over"', 'mastery replay resume latest --reason "go" --json'
    ),
)
def resume(policy_id: Id, *, reason: Why, as_json: AsJSON = False) -> None:
    """Have the levels of a paused publication made further."""
    from domain.policy.replay import ResumeReplay

    _act(ResumeReplay, policy_id, reason, as_json=as_json, said="goes on")


@app.command(
    "cancel",
    epilog=examples(
        'mastery replay cancel latest --reason "the board looks again"',
        'mastery replay cancel latest --reason "x" --json',
    ),
)
def cancel(policy_id: Id, *, reason: Why, as_json: AsJSON = False) -> None:
    """Have a publication that is not in force yet come to nothing."""
    from domain.policy.replay import CancelReplay

    _act(CancelReplay, policy_id, reason, as_json=as_json, said="cancelled")


def _act(kind: "type[ReplayCommand]", policy_id: str, reason: str, *, as_json: bool, said: str) -> None:
    from functools import reduce
    from typing import cast

    from domain.kernel.parsing import parse_command
    from domain.policy.decider import stream_of
    from domain.policy.events import PolicyEvent
    from domain.policy.replay import INITIAL, decide, evolve
    from infra.postgres.event_store import blocking_event_store
    from services.cli.ledger import append, open_ledger

    command = parse_command(kind, {"policy_id": policy_id, "reason": {"text": reason}})
    with open_ledger() as database:
        with blocking_event_store(database.app) as store:
            past = [cast("PolicyEvent", recorded.event) for recorded in store.load(stream_of(command.policy_id)).events]
        events = decide(reduce(evolve, past, INITIAL), command)
        receipt = append(database, stream_of(command.policy_id), events, reason) if events else None
    document = {"policy_id": policy_id, "position": receipt and receipt.first_position}
    if receipt is None:
        err.print(f"replay of {policy_id} was so already")
    show(document, as_json=as_json, render=lambda: out.print(f"replay of {policy_id}: {said}"))
