"""Whether a reader of an event's schema can read what a later schema of the same version allows.

Fields are only added, with a default; what is there keeps its form. Anything else needs a new version of the event
and an upcaster.
"""

from collections.abc import Iterator
from typing import Any, Final

_TOLD_APART: Final = ("type", "format", "const")
"""Words of a schema whose value a reader relies on as it is."""
Schema = dict[str, Any]


def breaks(before: Schema, now: Schema, place: str = "data") -> Iterator[str]:
    """Yield what the later schema breaks for a reader of the earlier one; nothing: it is compatible."""
    before, now = _resolved(before, before), _resolved(now, now)
    yield from _breaks(before, now, (before, now), place)


def _breaks(before: Schema, now: Schema, roots: tuple[Schema, Schema], place: str) -> Iterator[str]:
    before, now = _resolved(before, roots[0]), _resolved(now, roots[1])
    for word in _TOLD_APART:
        if before.get(word) != now.get(word):
            yield f"{place}: {word} was {before.get(word)!r}, is {now.get(word)!r}"
    words: list[Any] = before.get("enum", [])
    if lost := [one for one in words if one not in now.get("enum", words)]:
        yield f"{place}: {', '.join(map(str, lost))} can be stored and is no longer known"
    yield from _breaks_of_fields(before, now, roots, place)
    if "items" in before:
        yield from _breaks(before["items"], now.get("items", {}), roots, f"{place}[]")
    for number, part in enumerate(before.get("anyOf", ())):
        choices = now.get("anyOf", [now])
        if all(any(_breaks(part, choice, roots, place)) for choice in choices):
            yield f"{place}: choice {number + 1} is gone"


def _breaks_of_fields(before: Schema, now: Schema, roots: tuple[Schema, Schema], place: str) -> Iterator[str]:
    fields, fields_now = before.get("properties", {}), now.get("properties", {})
    for name in fields:
        if name not in fields_now:
            yield f"{place}.{name}: the field is gone"
        else:
            yield from _breaks(fields[name], fields_now[name], roots, f"{place}.{name}")
    for name in set(now.get("required", ())) - set(before.get("required", ())):
        yield f"{place}.{name}: the field has no default"


def _resolved(part: Schema, root: Schema) -> Schema:
    while "$ref" in part:
        part = root["$defs"][part["$ref"].rpartition("/")[2]]
    return part
