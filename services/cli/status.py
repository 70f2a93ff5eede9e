"""`mastery status`: what is in the ledger, how far the projectors are, and the levels of the district."""

from typing import Any, Final

import typer

from services.cli.output import AsJSON, examples, out, print_records, print_table, show

EVENTS_BY_TYPE: Final = "SELECT type, count(*) AS events FROM ledger.event GROUP BY type ORDER BY type"
LEVELS: Final = """
    SELECT coalesce(effective_level, status) AS level, count(*) AS cells
      FROM read_model.current_mastery
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')
     GROUP BY 1
     ORDER BY avg(value_micro) NULLS FIRST, 1
"""
"""The lowest level first."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", epilog=examples("mastery status", "mastery status --json"))(status)


def status(*, as_json: AsJSON = False) -> None:
    """Show the ledger's head, its events by type, the projectors and how many cells are at each level.

    Waits until the projectors have seen every event, and runs them for that time where no process does. A cell
    without a level is counted under its status.
    """
    from services.cli.catch_up import catch_up
    from services.cli.ledger import open_ledger

    with open_ledger() as database:
        catch_up(database)
        document = read_status(database)
    show(document, as_json=as_json, render=lambda: _print(document))


def read_status(database: Any) -> dict[str, Any]:
    """Return what `mastery status --json` prints, as of now."""
    from services.cli.ledger import ask
    from services.query_api.answers import Connection, rows
    from services.query_api.projections import Projector, read_projections

    def state(one: Projector) -> str:
        if one.generation is None:
            return "never-run"
        if one.lag_events > 0:
            return "behind"
        return "parked" if one.parked else "caught-up"

    async def question(connection: Connection) -> dict[str, Any]:
        projections = await read_projections(connection)
        levels = {row["level"]: row["cells"] for row in await rows(connection, LEVELS, {})}
        return {
            "head_position": projections.position,
            "events_by_type": {row["type"]: row["events"] for row in await rows(connection, EVENTS_BY_TYPE, {})},
            "projectors": [
                one.model_dump(include={"name", "position", "lag_events", "lag_seconds"}) | {"state": state(one)}
                for one in projections.projectors
            ],
            "generation": next((one.generation for one in projections.projectors if one.name == "mastery"), None),
            "cells": sum(levels.values()),
            "levels": levels,
        }

    document: dict[str, Any] = ask(database, question)
    return document


def _print(document: dict[str, Any]) -> None:
    print_table("Events", ("type", "events"), document["events_by_type"].items())
    columns = ("name", "position", "lag_events", "lag_seconds", "state")
    print_records("Projectors", columns, document["projectors"])
    print_table("Levels", ("level", "cells"), document["levels"].items())
    out.print(f"head {document['head_position']:,}, generation {document['generation']}, {document['cells']:,} cells")
