"""Help: quick, and with two examples everywhere."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import typer.main

from services.cli.main import app

SLOW_IMPORTS = ("numba", "numpy", "psycopg", "pydantic", "fastapi", "uvicorn", "eventsourcing", "pyarrow")


def commands(group: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name)) if hasattr(command, "commands") else [(*path, name)]


COMMANDS = list(commands(typer.main.get_command(app)))


def test_the_commands_are_those_of_the_documentation() -> None:
    assert {" ".join(path) for path in COMMANDS} >= {
        "demo",
        "serve",
        "status",
        "explain",
        "learner show",
        "reviews",
        "audit search",
        "import oulad",
        "policy publish",
        "policy check-vectors",
        "projector run",
        "token",
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_help_text_ends_with_two_examples_of_the_command(path: tuple[str, ...]) -> None:
    command = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]  # type: ignore[attr-defined]
    assert command.epilog is not None
    assert command.epilog.count(f"mastery {' '.join(path)}") >= 2


def test_help_loads_neither_database_nor_kernel() -> None:
    code = f"import sys, services.cli.main; print(*set(sys.modules) & set({SLOW_IMPORTS!r}))"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=30)
    assert ran.stdout.strip() == ""
