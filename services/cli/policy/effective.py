"""`mastery policy effective`: which policy answers in a place, or for a learner, on a date."""

from datetime import datetime
from typing import Annotated, Any

import typer

from services.cli.output import AsJSON, an_id, examples, out, print_table, show, utc
from services.cli.policy.life import Course, Framework, School
from services.cli.policy.words import InLanguage, Lang


def register(parent: typer.Typer) -> None:
    """Add the command to `mastery policy`."""
    shown = examples(
        "mastery policy effective --school north --competency 4.NF.1",
        "mastery policy effective --learner l-0001 --on 2026-03-02 --json",
    )
    parent.command("effective", epilog=shown)(effective)


def effective(
    *,
    learner: Annotated[str | None, typer.Option(callback=an_id, help="The places of this learner.")] = None,
    school: School = None,
    course: Course = None,
    framework: Framework = None,
    competency: Annotated[str | None, typer.Option(callback=an_id, help="For this competency.")] = None,
    on: Annotated[str | None, typer.Option(help="The day, in UTC; without: now.")] = None,
    known_at: Annotated[datetime | None, typer.Option(help="As the ledger knew it then, in UTC.")] = None,
    lang: InLanguage = Lang.ENGLISH,
    as_json: AsJSON = False,
) -> None:
    """Show which policy answers, in plain words, and all that stand behind it, the most specific one first."""
    from domain.kernel.parsing import parse_command
    from services.cli.catch_up import catch_up
    from services.cli.ledger import ask, open_ledger
    from services.query_api.effective_policy import Where, read_effective

    place = {"learner": learner, "school": school, "course": course, "framework": framework, "competency": competency}
    where = parse_command(Where, {**place, "on": on, "known_at": utc(known_at), "lang": lang})
    with open_ledger() as database:
        catch_up(database)
        found = ask(database, lambda connection: read_effective(connection, where))
    fields = {"at", "policy_id", "version", "document", "in_words", "locks", "candidates"}
    document = found.model_dump(mode="json", include=fields)
    show(document, as_json=as_json, render=lambda: _print(document))


def _print(document: dict[str, Any]) -> None:
    out.print(f"{document['document']['name']} ({document['policy_id']})", style="bold")
    for sentence in document["in_words"]:
        out.print(f"- {sentence['text']}")
    for lock in document["locks"]:
        out.print(f"Stage {lock['stage']} is locked by {lock['policy_id']}.")
    columns = ("policy", "scope", "in force from", "to", "position")
    rows = (
        (one["policy_id"], _scope(one), one["in_force_from"], one["in_force_to"], one["position"])
        for one in document["candidates"]
    )
    print_table("Candidates, the first one answers", columns, rows)


def _scope(candidate: dict[str, Any]) -> str:
    parts = [f"{name.removesuffix('_id')} {part}" for name, part in candidate["scope"].items() if part is not None]
    return ", ".join(parts) or "district"
