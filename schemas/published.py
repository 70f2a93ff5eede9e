"""The published form of each event: its JSON Schema, and its data without what is personal.

Both follow from the event's class. A personal field (`domain.kernel.privacy`) is in neither: what leaves the ledger
points at people by id only. An event of an old version leaves as its current one, so that a reader meets one form.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import orjson

from domain.kernel.privacy import KEYWORD, DataClass
from schemas.registry import EVENTS, UPCASTERS, decode, encode

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]
Secret = Mapping[str, "Secret | None"]
"""The personal fields of an object: a field's name with what is personal inside it; None: all of it."""


def schema_id(type_name: str) -> str:
    """Return the identifier of an event's schema, which every CloudEvent names as its `dataschema`."""
    return f"urn:mastery-ledger:event:{type_name}"


@cache
def published_schema(type_name: str) -> Schema:
    """Return the JSON Schema (2020-12) of an event's data as it leaves the ledger.

    Fields that it does not name may come with a later release: a reader passes over them.
    """
    full = EVENTS[type_name].model_json_schema(mode="serialization")
    return {"$schema": DIALECT, "$id": schema_id(type_name), **_published(full)}


def _published(part: Any) -> Any:
    if isinstance(part, list):
        return [_published(one) for one in part]
    if not isinstance(part, dict):
        return part
    fields = part.get("properties")
    if not isinstance(fields, dict):
        return {name: _published(one) for name, one in part.items() if name != "title"}
    open_fields = {name: _published(one) for name, one in fields.items() if not _is_personal(one)}
    required = [name for name in part.get("required", ()) if name in open_fields]
    left = {"additionalProperties", "properties", "required", "title"}
    rest = {name: _published(one) for name, one in part.items() if name not in left}
    return {"title": part["title"], **rest, "properties": open_fields, "required": required}


def _is_personal(field: Schema) -> bool:
    return field.get(KEYWORD) == DataClass.PERSONAL.value or any(map(_is_personal, field.get("anyOf", ())))


@cache
def secret_of(type_name: str) -> Secret:
    """Return the personal fields of an event."""
    schema = EVENTS[type_name].model_json_schema(mode="serialization")
    return _secret(schema, schema.get("$defs", {}))


def _secret(schema: Schema, definitions: Mapping[str, Schema]) -> Secret:
    found: dict[str, Secret | None] = {}
    for name, field in schema.get("properties", {}).items():
        if _is_personal(field):
            found[name] = None
            continue
        inside: dict[str, Secret | None] = {}
        for part in _objects(field, definitions):
            inside |= _secret(part, definitions)
        if inside:
            found[name] = inside
    return found


def _objects(field: Schema, definitions: Mapping[str, Schema]) -> Iterator[Schema]:
    """Yield the objects that a field may hold, at any depth of lists and choices."""
    if "$ref" in field:
        yield definitions[field["$ref"].rpartition("/")[2]]
    for part in (*field.get("anyOf", ()), *field.get("oneOf", ()), *([field["items"]] if "items" in field else ())):
        yield from _objects(part, definitions)


def published_data(type_name: str, data: bytes | str) -> tuple[str, bytes]:
    """Return the current type name and the published data (canonical JSON) of an event as it is stored.

    Raises:
        Invalid: event-unreadable.
    """
    if type_name in UPCASTERS:
        event = decode(type_name, data)
        type_name, data = event.type, encode(event)
    return type_name, _redactor(type_name)(data if isinstance(data, bytes) else data.encode())


def is_published_as_stored(type_name: str) -> bool:
    """Say whether the stored data of a type leave as they are: its current version, nothing personal in it."""
    return type_name in EVENTS and not secret_of(type_name)


@cache
def _redactor(type_name: str) -> Callable[[bytes], bytes]:
    secret = secret_of(type_name)
    if not secret:
        return bytes

    def redact(data: bytes) -> bytes:
        content = orjson.loads(data)
        _drop(content, secret)
        return orjson.dumps(content)

    return redact


def _drop(content: Any, secret: Secret) -> None:
    for part in content if isinstance(content, list) else (content,):
        if isinstance(part, dict):
            for name, inside in secret.items():
                if inside is None:
                    part.pop(name, None)
                elif name in part:
                    _drop(part[name], inside)
