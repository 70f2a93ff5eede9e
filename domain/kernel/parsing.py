"""From parsed JSON to a command: one reading for HTTP bodies, NDJSON lines and files."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json

from domain.kernel.envelope import Command
from domain.kernel.errors import Invalid

C = TypeVar("C", bound=Command)
M = TypeVar("M", bound=BaseModel)
SERVER_SETS: Final = frozenset({"actor", "role", "recorded_at", "position", "version", "event_id"})
"""Words of the envelope that no body can bring."""
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""The one character that PostgreSQL's text can't hold, as JSON escapes it."""
_NAME: Final = re.compile(rb'"\s*:')
"""Where a name ends; inside of words it looks so too."""
_SHOWN: Final = frozenset({"enum", "literal_error", "int_parsing", "greater_than_equal", "less_than_equal"})
"""Kinds of fault whose value is a number or a word of a closed list, never a person's text."""


def parse_json(text: bytes) -> dict[str, Any]:
    """Return the object that a JSON text holds; NaN is let through, so that the score can say what it thinks of it.

    A name that an object holds twice is refused: readers differ in which of the two they take.

    Raises:
        Invalid: malformed.
    """
    try:
        content = from_json(text)
        if len(_NAME.findall(text)) > _names_in(content):
            json.loads(text, object_pairs_hook=_once_each)
    except ValueError as error:
        raise Invalid("malformed", f"body is not JSON: {error}") from error
    if _NUL.search(text):
        raise Invalid("malformed", "body holds the character U+0000")
    if not isinstance(content, dict):
        raise Invalid("malformed", f"body is a JSON {type(content).__name__}, not an object")
    return content


def _names_in(content: object) -> int:
    if isinstance(content, dict):
        return len(content) + sum(_names_in(value) for value in content.values() if isinstance(value, dict | list))
    return sum(map(_names_in, content)) if isinstance(content, list) else 0


def _once_each(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        [name, *_] = (name for at, (name, _) in enumerate(pairs) if name in dict(pairs[:at]))
        raise ValueError(f"name {name} is there twice")
    return content


def parse_command(kind: type[M], content: Mapping[str, Any]) -> M:
    """Return the command, or the question, that an object holds.

    Raises:
        Invalid: server-sets-it, malformed, or the rule of the field; the fault names the field, not personal text.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise _invalid(kind, error.errors(include_url=False)[0]) from error


def _invalid(kind: type[BaseModel], fault: ErrorDetails) -> Invalid:
    field = ".".join(map(str, fault["loc"])) or "body"
    if fault["type"] == "extra_forbidden":
        if field in SERVER_SETS:
            return Invalid("server-sets-it", f"{field} is set by the server", command=kind.__name__)
        return Invalid("malformed", f"field {field} is unknown", field=field, command=kind.__name__)
    message = fault["msg"][0].lower() + fault["msg"][1:]
    value = fault["input"] if fault["type"] in _SHOWN else None
    return Invalid("malformed", f"{field}: {message}", field=field, value=value, command=kind.__name__)
