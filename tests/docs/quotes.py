"""Quotes of code in pages: a marker names a file and a name in it, the block below shows that piece of the file.

`<!-- quote domain/evidence/decider.py decide -->`, or `Class.method`; the name may be a function, class or constant.
"""

import ast
import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
QUOTE: Final = re.compile(r"<!-- quote (?P<path>\S+) (?P<name>\S+) -->\n```python\n.*?```", re.DOTALL)


def filled(page: str) -> str:
    """Return a page with every quote as the code is now."""
    return QUOTE.sub(_filled, page)


def _filled(match: re.Match[str]) -> str:
    path, name = match["path"], match["name"]
    return f"<!-- quote {path} {name} -->\n```python\n{piece(ROOT / path, name)}\n```"


def piece(path: Path, name: str) -> str:
    """Return the source of a function, class or constant of a file, without the indent of its class."""
    text = path.read_text()
    body = ast.parse(text).body
    for word in name.split("."):
        node = next(node for node in body if word in _names(node))
        body = getattr(node, "body", [])
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    lines = text.splitlines()[first - 1 : node.end_lineno]
    return "\n".join(line[node.col_offset :] for line in lines)


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Assign):
        return {ast.unparse(target) for target in node.targets}
    if isinstance(node, ast.AnnAssign):
        return {ast.unparse(node.target)}
    return {getattr(node, "name", "")}
