"""`mastery demo`: a sandbox district from a seed, its levels explained, and a switch of the mastery policy."""

import time
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.learner import print_explanation
from services.cli.output import AsJSON, examples, out, print_table, show
from services.cli.policy.life import print_moves
from services.cli.reviews import print_reviews

if TYPE_CHECKING:
    from services.cli.sandbox import Play

REVIEWS_SHOWN: Final = 3


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", epilog=examples("mastery demo", "mastery demo --keep --seed 7"))(demo)


def demo(
    *,
    seed: Annotated[int, typer.Option(help="The same seed makes the same district, event for event.")] = 1,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the data in the data folder, for mastery serve.")] = False,
    as_json: AsJSON = False,
) -> None:
    """Make a district of 600 learners and two school years, project it, explain a level, switch the policy.

    Everything goes through the rules, the log, the projectors and the kernel that a real district runs on. Without
    --keep it happens in a database of its own, which is deleted afterwards.
    """
    started = time.perf_counter()
    from services.cli.sandbox import open_sandbox, play

    with open_sandbox(keep=keep) as database:
        played = play(database, seed)
    document = {
        "events": played.status["head_position"],
        "learners": played.status["events_by_type"]["learner.registered.v1"],
        "cells": played.status["cells"],
        "levels": played.status["levels"],
        "moved": played.moves["moved"],
        "acts": played.acts,
        "reviews": len(played.reviews.reviews),
        "seconds": round(time.perf_counter() - started, 1),
    }
    show(document, as_json=as_json, render=lambda: _tell(played, document, keep=keep))


def _tell(played: "Play", document: dict[str, Any], *, keep: bool) -> None:
    out.rule("1. Why is this learner at this level?")
    print_explanation(played.before.model_dump(mode="json"))
    out.rule("2. One score: who, when, why, before, after")
    print_table(
        f"History of score {played.chain.score_id}",
        ("day", "who", "what", "before", "after", "why"),
        (
            (
                f"{entry.occurred_at:%Y-%m-%d}",
                entry.actor_id,
                entry.type,
                entry.before,
                entry.after,
                entry.reason_text,
            )
            for entry in played.chain.entries
        ),
    )
    out.rule("3. Another policy, for all of history")
    print_moves(played.moves)
    out.print(played.after.in_words)
    out.rule("4. Official acts whose basis is gone")
    lost = [one.model_dump(mode="json") for one in played.reviews.reviews if one.act.kind == "advancement"]
    print_reviews({"reviews": lost[:REVIEWS_SHOWN]})
    out.print(f"{document['reviews']} of {document['acts']} acts wait for a person: mastery reviews")
    out.rule()
    counted = f"{document['events']:,} events of {document['learners']:,} learners, {document['cells']:,} cells"
    out.print(f"{counted}, in {document['seconds']} s")
    if keep:
        out.print("The district is kept: mastery serve, or mastery learner show l-0001")
