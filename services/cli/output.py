"""How the command speaks: data on stdout, progress and faults on stderr, JSON where it is asked for, exit codes."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from domain.kernel.errors import Invalid, LedgerError, Misconfigured, Unavailable

Given = TypeVar("Given", str, str | None, list[str] | None)
PIPE_WIDTH: Final = 200
"""Characters of a line where no terminal says how wide it is."""
REFUSED: Final = 1
USAGE: Final = 2
UNAVAILABLE: Final = 3
"""The database does not answer, or the projectors have not caught up."""

_width: Final = None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
out: Final = Console(highlight=False, markup=False, width=_width)
err: Final = Console(stderr=True, highlight=False, markup=False)

AsJSON = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, write nothing.")]


def examples(first: str, second: str) -> str:
    """Return the end of a help text: two commands to try."""
    return f"Examples:\n\n    {first}\n\n    {second}"


def show(document: Any, *, as_json: bool, render: Callable[[], object]) -> None:
    """Print the document as JSON, or let `render` print it for people."""
    if not as_json:
        render()
        return
    import orjson

    typer.echo(orjson.dumps(document, default=str, option=orjson.OPT_INDENT_2))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Print rows under column names; None is shown as nothing, a truth as yes or no; numbers stand at the right."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=SIMPLE_HEAD)
    cells = [[_shown(value) for value in row] for row in rows]
    for place, column in enumerate(columns):
        numeric = all(isinstance(row[place], int | float) or row[place] == "" for row in cells)
        table.add_column(column, justify="right" if numeric and cells else "left", no_wrap=numeric, overflow="fold")
    for row in cells:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row))
    out.print(table)


def _shown(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value


def print_records(title: str, columns: Sequence[str], records: Iterable[Mapping[str, object]]) -> None:
    """Print some fields of records, under their names."""
    print_table(title, columns, ([record[column] for column in columns] for record in records))


def utc(time: datetime | None) -> datetime | None:
    """Return a time of the command line, which is in UTC, as such."""
    return None if time is None else time.replace(tzinfo=UTC)


def an_id(given: Given) -> Given:
    """Return what an argument names, if it has the form of an id; for the `callback` of arguments and options."""
    from domain.kernel.ids import ID_PATTERN

    for one in [given] if isinstance(given, str) else given or ():
        if not re.fullmatch(ID_PATTERN, one):
            raise typer.BadParameter(f"{one!r} is not an id: 1 to 200 characters of A-Z a-z 0-9 . _ ~ : @ -")
    return given


def read_json(file: Path) -> Any:
    """Return what a file of the command line holds.

    Raises:
        Invalid: malformed.
    """
    import json

    try:
        return json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise Invalid("malformed", f"file is not JSON: {error}", file=file) from error


class _Rate(ProgressColumn):
    """How many are done a second."""

    def render(self, task: Task) -> str:
        """Return the rate, once there is one."""
        return f"{task.speed:,.0f}/s" if task.speed else ""


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show progress on stderr if that is a terminal; yield what is told how many are done, and of how many."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def exit_code(error: LedgerError) -> int:
    """Return the exit code that says what kind of refusal it was."""
    if isinstance(error, Misconfigured):
        return USAGE
    return UNAVAILABLE if isinstance(error, Unavailable) else REFUSED
