"""The README's commands exist, and the machine that checks runs its test command."""

import re
from pathlib import Path

import typer.main

from services.cli.main import app
from tests.cli.test_help import commands

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROMPTED = re.compile(r"(?:^\$ (?:uv run )?|`)(mastery [a-z][^`\n]*)", re.MULTILINE)
SCRIPT = re.compile(r"scripts/(\w+)")
TEST_COMMAND = "uv run pytest"


def test_every_mastery_command_that_a_page_shows_exists() -> None:
    known = {" ".join(("mastery", *path)) for path in commands(typer.main.get_command(app))}
    nouns = {name.rsplit(" ", 1)[0] for name in known}
    shown = {command for page in PAGES for command in PROMPTED.findall(page.read_text())}
    unknown = {command for command in shown if not any(command.startswith(name) for name in known | nouns)}
    assert shown
    assert unknown == set()


def test_every_script_that_a_page_shows_exists() -> None:
    shown = {name for page in PAGES for name in SCRIPT.findall(page.read_text())}
    assert {name for name in shown if not (ROOT / "scripts" / name).exists()} == set()


def test_the_continuous_check_runs_the_test_command_of_the_readme() -> None:
    assert f"$ {TEST_COMMAND} " in (ROOT / "README.md").read_text()
    assert TEST_COMMAND in (ROOT / ".ci/run").read_text().splitlines()


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!http|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
