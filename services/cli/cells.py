"""`mastery cells`: the cell shards, from which publications and what-ifs read all scores."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from services.cli.output import AsJSON, examples, out, print_records, show

app = typer.Typer(no_args_is_help=True, help="The cell shards: all scores as columns on disk, for the policy kernel.")
COLUMNS: Final = ("generation", "position", "head", "shards", "cells", "scores", "bytes", "learners_touched")


def register(parent: typer.Typer) -> None:
    """Add the noun."""
    parent.add_typer(app, name="cells")


@contextmanager
def _facts() -> Iterator[tuple[Any, int, Path]]:
    """Open a connection, and tell the live generation of score facts and the folder of the shards.

    Raises:
        Unavailable: mastery was never projected.
    """
    from domain.kernel.errors import Unavailable
    from services.cli.ledger import open_ledger
    from services.projectors import generations
    from services.projectors.ledger import connect

    with open_ledger() as database, connect(database.app) as connection:
        live = generations.live(connection, "mastery")
        if live.facts_generation is None:
            raise Unavailable("unavailable", "no score is projected yet; run mastery serve or mastery status")
        assert database.cells is not None, "the settings name a folder"
        yield connection, live.facts_generation, database.cells


@app.command("build", epilog=examples("mastery cells build", "MASTERY_CELLS_DIR=/fast/cells mastery cells build"))
def build(*, as_json: AsJSON = False) -> None:
    """Build the shards from the database, whatever is there. Publications and what-ifs do so when none are there."""
    from services.projectors.cells import warm_cells

    with _facts() as (connection, generation, folder):
        warm_cells.build(connection, generation, folder)
        document = warm_cells.standing(connection, generation, folder)
    assert document is not None, "they were built just now"
    show(document._asdict(), as_json=as_json, render=lambda: _print([document._asdict()]))


@app.command("status", epilog=examples("mastery cells status", "mastery cells status --json"))
def status(*, as_json: AsJSON = False) -> None:
    """Show the shards, the position that they stand for, and how many learners were touched since."""
    from services.projectors.cells import warm_cells

    with _facts() as (connection, generation, folder):
        standing = warm_cells.standing(connection, generation, folder)
    document = standing._asdict() if standing else None
    show(document, as_json=as_json, render=lambda: _print([document] if document else []))


@app.command("verify", epilog=examples("mastery cells verify", "mastery cells verify --full --json"))
def verify(
    *,
    full: Annotated[bool, typer.Option("--full", help="Compare every column of every score.")] = False,
    as_json: AsJSON = False,
) -> None:
    """Compare the shards with the database: the number of scores and their sums, or everything.

    Exits with 1 if they differ; `mastery cells build` makes them anew.
    """
    from domain.kernel.errors import Refused, Unavailable
    from services.projectors.cells import warm_cells

    compare = warm_cells.differing_anywhere if full else warm_cells.differing
    with _facts() as (connection, generation, folder):
        standing = warm_cells.standing(connection, generation, folder)
        if standing is None:
            raise Unavailable("unavailable", "no shards are there; run mastery cells build", folder=str(folder))
        wrong = compare(connection, generation, folder)
    if wrong:
        fault = f"{len(wrong)} of {standing.shards} shards differ from the database; run mastery cells build"
        raise Refused("cells-differ", fault, files=", ".join(wrong))
    document = {"scores": standing.scores, "position": standing.position}
    show(document, as_json=as_json, render=lambda: out.print(f"{document['scores']:,} scores are as in the database"))


def _print(rows: list[dict[str, Any]]) -> None:
    print_records("Cell shards", COLUMNS, rows)
