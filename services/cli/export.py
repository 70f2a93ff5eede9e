"""`mastery export`: the ledger as files for a warehouse."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from services.cli.output import AsJSON, examples, out, print_table, progress_bar, show, utc

app = typer.Typer(no_args_is_help=True, help="Exports: the ledger as files, people by id only.")


def register(parent: typer.Typer) -> None:
    """Add the noun."""
    parent.add_typer(app, name="export")


@app.callback()
def export() -> None:
    """Keep a noun of one verb a noun."""


@app.command(
    "parquet",
    epilog=examples(
        "mastery export parquet --out export", "mastery export parquet --out 2026 --as-of 2026-06-30 --json"
    ),
)
def parquet(
    *,
    folder: Annotated[Path, typer.Option("--out", help="A folder that is not there yet.")],
    as_of: Annotated[datetime | None, typer.Option(help="Only what had occurred by then (UTC); no levels.")] = None,
    as_json: AsJSON = False,
) -> None:
    """Write events and read models as Parquet, with a manifest of positions and hashes."""
    from services.cli.catch_up import catch_up
    from services.cli.ledger import open_ledger
    from services.exporter.parquet import export as write

    with open_ledger() as database:
        catch_up(database)
        with progress_bar("events") as report:
            manifest = write(database.app, folder, utc(as_of), report)

    def render() -> None:
        rows = (
            (name, told["rows"], sum(file["bytes"] for file in told["files"]))
            for name, told in manifest["tables"].items()
        )
        print_table(f"Exported at position {manifest['positions']['log']}", ("table", "rows", "bytes"), rows)
        out.print(f"in {folder}")

    show(manifest, as_json=as_json, render=render)
