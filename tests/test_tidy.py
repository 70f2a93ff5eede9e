"""Sizes: files and functions stay small enough to be read at a glance (docs/architecture.md)."""

import ast
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("domain", "schemas", "infra", "services", "tests", "bench")
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
MEDIAN_FILE_LINES_MAX = 110

FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_and_no_function_needs_scrolling(path: Path) -> None:
    text = path.read_text()
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
    assert len(text.splitlines()) <= FILE_LINES_MAX
    assert [(name, lines) for name, lines in lengths.items() if lines > FUNCTION_LINES_MAX] == []


def test_the_median_file_of_the_product_is_short() -> None:
    product = [path for path in FILES if path.relative_to(ROOT).parts[0] not in {"tests", "bench"}]
    lengths = [lines for path in product if (lines := len(path.read_text().splitlines())) > 1]
    assert median(lengths) <= MEDIAN_FILE_LINES_MAX
