"""Who is new finds the way: a large folder has a map, and decisions have an index."""

import ast
import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
DOZEN: Final = 12
TABLES: Final = {
    "services/cli": ("main",),
    "services/command_api": ("app",),
    "services/query_api": ("learner_routes", "policy_routes", "school_routes"),
}
"""Modules that import, and so list, a folder's nouns, commands or questions."""


def modules(folder: Path) -> set[str]:
    return {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()} - {
        "__init__"
    }


def listed(table: Path) -> set[str]:
    imports = [node for node in ast.walk(ast.parse(table.read_text())) if isinstance(node, ast.ImportFrom)]
    return {name for node in imports for name in (*(node.module or "").split("."), *(one.name for one in node.names))}


LARGE: Final = sorted(
    str(package.parent.relative_to(ROOT))
    for layer in ("domain", "schemas", "infra", "services")
    for package in (ROOT / layer).rglob("__init__.py")
    if len(modules(package.parent)) > DOZEN
)


@pytest.mark.parametrize("folder", LARGE)
def test_every_module_of_a_large_folder_is_on_its_map(folder: str) -> None:
    docstring = ast.get_docstring(ast.parse((ROOT / folder / "__init__.py").read_text())) or ""
    there = set().union(*(listed(ROOT / folder / f"{table}.py") for table in TABLES.get(folder, ())))
    assert [name for name in sorted(modules(ROOT / folder) - there) if f"`{name}`" not in docstring] == []


def test_the_index_lists_every_decision_by_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    titles = [(path.name, path.read_text().splitlines()[0]) for path in sorted(folder.glob("0*.md"))]
    rows = re.findall(r"^\| (\d+) \| \[(.+)\]\((.+)\) \|$", (folder / "README.md").read_text(), re.MULTILINE)
    assert [(name, f"# {number}. {title}") for number, title, name in rows] == titles
