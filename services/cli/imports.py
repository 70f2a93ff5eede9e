"""`mastery import`: OULAD data, CASE packages and files of observations."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from services.cli.output import (
    REFUSED,
    AsJSON,
    DryRun,
    err,
    examples,
    out,
    print_records,
    print_table,
    progress_bar,
    show,
)

app = typer.Typer(no_args_is_help=True, help="Imports. The same file again adds nothing.")
SHOWN_ROWS_MAX: Final = 20
"""Bad rows shown to people; --json has more."""


def register(parent: typer.Typer) -> None:
    """Add the noun."""
    parent.add_typer(app, name="import")


@app.command(
    "oulad", epilog=examples("mastery import oulad data/oulad", "mastery import oulad data/oulad --dry-run --json")
)
def oulad(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder with the CSV files.")],
    *,
    dry_run: DryRun = False,
    as_json: AsJSON = False,
) -> None:
    """Import the Open University Learning Analytics data: learners, registrations, submissions, scores."""
    from services.importers.oulad import import_oulad

    _import(lambda store, **common: import_oulad(store, folder, **common), dry_run=dry_run, as_json=as_json)


@app.command(
    "case",
    epilog=examples("mastery import case ccss-math.json", "mastery import case ccss-math.json --scale four --json"),
)
def case(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The package, JSON.")],
    *,
    scale: Annotated[str | None, typer.Option(help="A published scale for its competencies.")] = None,
    dry_run: DryRun = False,
    as_json: AsJSON = False,
) -> None:
    """Adopt the framework of a 1EdTech CASE package; a changed package becomes the next edition."""
    from domain.kernel.ids import ScaleId
    from services.importers.case import FOUR_LEVELS, import_case

    scale_id = ScaleId(scale) if scale else FOUR_LEVELS.scale_id
    _import(
        lambda store, **common: import_case(store, file, scale_id=scale_id, **common), dry_run=dry_run, as_json=as_json
    )


@app.command(
    "observations",
    epilog=examples(
        "mastery import observations scores.ndjson",
        "mastery import observations scores.csv --map student=learner_id --map points=value --dry-run",
    ),
)
def observations(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="NDJSON, or CSV with a header.")],
    *,
    renamed: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=FIELD", help="A column named unlike its field; COLUMN= leaves it out."),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJSON = False,
) -> None:
    """Import observations: a line is a piece of evidence, maybe with its score."""
    from services.importers.observations import import_observations

    columns = dict(_pair(one) for one in renamed or ())
    _import(
        lambda store, **common: import_observations(store, file, columns=columns, **common),
        dry_run=dry_run,
        as_json=as_json,
    )


def _pair(text: str) -> tuple[str, str]:
    column, equals, field = text.partition("=")
    if not (column and equals):
        raise typer.BadParameter(f"{text} is not of the form column=field", param_hint="--map")
    return column, field


def _import(run: Callable[..., Awaitable[Any]], *, dry_run: bool, as_json: bool) -> None:
    import asyncio

    from domain.kernel.envelope import Role
    from infra.identity import utc_now
    from infra.postgres.event_store import open_event_store
    from services.cli.ledger import open_ledger, operator

    async def act() -> Any:
        async with open_event_store(database.app) as store:
            return await run(store, actor=operator(Role.SERVICE), now=utc_now(), dry_run=dry_run, progress=advance)

    with open_ledger() as database, progress_bar("importing") as advance:
        report = asyncio.run(act())
    document = {
        **{name: getattr(report, name) for name in ("dry_run", "proposed", "added", "repeated", "refused")},
        "events": dict(sorted(report.events.items())),
        "bad": [_row(row) for row in report.bad],
        "notes": [_row(row) for row in report.notes],
        "seconds": round(report.seconds, 3),
    }
    show(document, as_json=as_json, render=lambda: _print_report(document))
    if report.refused and not report.added and not report.repeated:
        raise typer.Exit(REFUSED)


def _row(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("file", "line", "rule", "fault")}


def _print_report(document: dict[str, Any]) -> None:
    columns = ("file", "line", "rule", "fault")
    for title, rows in (("Refused", document["bad"]), ("To look at", document["notes"])):
        if rows:
            print_records(title, columns, rows[:SHOWN_ROWS_MAX])
        if len(rows) > SHOWN_ROWS_MAX:
            err.print(f"... {len(rows) - SHOWN_ROWS_MAX} more; --json lists them")
    print_table("Would be added" if document["dry_run"] else "Added", ("type", "events"), document["events"].items())
    out.print(
        f"{document['added']:,} rows added, {document['repeated']:,} were there already, "
        f"{document['refused']:,} refused, in {document['seconds']:.1f} s"
    )
