"""Which rows of the mission are due, and which tests drive each of them through a public interface.

The rows stand in docs/needs.toml; a test names its row with `@pytest.mark.need("NEED-21")`.
`python -m tests.docs.needs` prints the coverage and fails on a due row without a test.
"""

import ast
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
HEAD: Final = """\
# The mission, row by row

Made by `scripts/docs` from `needs.toml` and the tests' `need` marks. A due row has a test that drives it
through a public interface.

| row | need | due | tests |
|---|---|---|---|"""


def rows() -> dict[str, dict[str, Any]]:
    """Return id -> {need, due?} of every row of the mission."""
    return tomllib.loads((ROOT / "docs/needs.toml").read_text())


def drivers_of_needs() -> dict[str, list[str]]:
    """Return row id -> the tests that carry it, as `tests/journeys/test_needs.py::test_name`, sorted."""
    found = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for test, need in _marks(ast.parse(path.read_text())):
            found[need].append(f"{path.relative_to(ROOT)}::{test}")
    return dict(found)


def _marks(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.need":
                    yield from ((node.name, str(ast.literal_eval(argument))) for argument in mark.args)


def uncovered() -> list[str]:
    """Return the due rows that no test carries."""
    covered = drivers_of_needs()
    return [row for row, entry in rows().items() if entry.get("due") and row not in covered]


def needs_page() -> str:
    """Return docs/needs.md: the coverage of the mission."""
    covered = drivers_of_needs()
    lines = [
        f"| {row} | {entry['need'].replace('|', '/')} | {'due' if entry.get('due') else ''} "
        f"| {'<br>'.join(f'`{test}`' for test in covered.get(row, []))} |"
        for row, entry in rows().items()
    ]
    return "\n".join([HEAD, *lines]) + "\n"


if __name__ == "__main__":
    due = [row for row, entry in rows().items() if entry.get("due")]
    missing = uncovered()
    print(f"needs: {len(due) - len(missing)} of {len(due)} due rows are covered", *missing)  # noqa: T201 - a report
    sys.exit(bool(missing))
