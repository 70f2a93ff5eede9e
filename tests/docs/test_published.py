"""The published language: current, compatible with what was published, valid by the standards, nothing personal."""

import json
from typing import Any

import jsonschema
import orjson
import pytest
from pydantic import BaseModel

from domain.kernel.privacy import DataClass
from schemas.compatibility import breaks
from schemas.published import published_data, published_schema, secret_of
from schemas.registry import EVENTS, UPCASTERS
from tests.docs.fields import leaves
from tests.docs.published import GOLDEN, ROOT, broken, published_files

STANDARDS = ROOT.parent / "shared/data/schemas"
STORED: list[dict[str, Any]] = [orjson.loads(line) for line in GOLDEN.read_bytes().splitlines()]
BEFORE = {
    "type": "object",
    "properties": {
        "level": {"type": "string"},
        "status": {"enum": ["open", "closed"]},
        "steps": {"type": "array", "items": {"$ref": "#/$defs/Step"}},
        "due_on": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["level"],
    "$defs": {"Step": {"type": "object", "properties": {"step_id": {"type": "string"}}, "required": ["step_id"]}},
}


def test_the_generated_files_say_what_the_code_says() -> None:
    files = published_files()
    assert {path for path, text in files.items() if not same(path, text)} == set(), "run scripts/docs"
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "schemas").rglob("*.json")}
    assert there == set(files)


def same(path: str, text: str) -> bool:
    return (ROOT / path).exists() and (ROOT / path).read_text() == text


def test_no_event_breaks_the_readers_of_its_published_schema() -> None:
    assert broken() == []


@pytest.mark.parametrize(
    ("place", "now", "fault"),
    [
        (("properties", "level"), None, "data.level: the field is gone"),
        (("properties", "level", "type"), "integer", "data.level: type was 'string', is 'integer'"),
        (("properties", "status", "enum"), ["open"], "data.status: closed can be stored and is no longer known"),
        (("required",), ["level", "due_on"], "data.due_on: the field has no default"),
        (("$defs", "Step", "properties", "step_id"), None, "data.steps[].step_id: the field is gone"),
        (("properties", "due_on", "anyOf"), [{"type": "string"}], "data.due_on: choice 2 is gone"),
    ],
)
def test_a_change_that_breaks_a_reader_is_named(place: tuple[str, ...], now: Any, fault: str) -> None:
    after = json.loads(json.dumps(BEFORE))
    part = after
    for word in place[:-1]:
        part = part[word]
    if now is None:
        del part[place[-1]]
    else:
        part[place[-1]] = now
    assert list(breaks(BEFORE, after)) == [fault]


def test_a_field_with_a_default_a_new_word_and_a_wider_field_break_nobody() -> None:
    after = json.loads(json.dumps(BEFORE))
    after["properties"]["note"] = {"type": "string", "default": ""}
    after["properties"]["status"]["enum"].append("paused")
    after["properties"]["due_on"]["anyOf"].append({"type": "integer"})
    assert list(breaks(BEFORE, after)) == []


def test_the_stream_document_is_asyncapi_3() -> None:
    official = STANDARDS / "asyncapi/3.0.0-without-$id.json"
    if not official.exists():
        pytest.skip("../shared/data is not there")
    jsonschema.Draft7Validator(json.loads(official.read_text())).validate(
        json.loads((ROOT / "schemas/asyncapi.json").read_text())
    )


@pytest.mark.parametrize("type_name", EVENTS)
def test_each_schema_is_json_schema_2020_12_and_holds_for_its_examples(type_name: str) -> None:
    schema = published_schema(type_name)
    jsonschema.Draft202012Validator.check_schema(schema)
    asyncapi = json.loads((ROOT / "schemas/asyncapi.json").read_text())
    for example in asyncapi["components"]["messages"][type_name]["examples"]:
        jsonschema.Draft202012Validator(schema).validate(example["payload"])


@pytest.mark.parametrize("type_name", EVENTS)
def test_every_personal_field_is_known_as_one_and_no_other(type_name: str) -> None:
    personal = {path.replace("[]", "") for path, _, kind in leaves(EVENTS[type_name]) if kind is DataClass.PERSONAL}
    assert set(paths(secret_of(type_name))) == personal


def paths(secret: Any, prefix: str = "") -> list[str]:
    return [
        path
        for name, inside in secret.items()
        for path in ([prefix + name] if inside is None else paths(inside, f"{prefix}{name}."))
    ]


def test_a_canary_in_every_personal_field_does_not_leave() -> None:
    for line in STORED:
        event = EVENTS[UPCASTERS.get(line["type"], (line["type"],))[0]]
        marked = orjson.dumps(with_canaries(line["data"], event, old=line["type"] in UPCASTERS))
        _, told = published_data(line["type"], marked)
        _, plain = published_data(line["type"], orjson.dumps(line["data"]))
        assert (b"CANARY" in told, orjson.loads(told)) == (False, orjson.loads(plain))


def with_canaries(data: dict[str, Any], event: type[BaseModel], *, old: bool) -> dict[str, Any]:
    """Put a canary into every personal field of the event, there or not."""
    marked: dict[str, Any] = orjson.loads(orjson.dumps(data))
    if old:
        return marked | {"because": "CANARY"}
    for path, form, kind in leaves(event):
        if kind is DataClass.PERSONAL:
            mark(marked, path.replace("[]", "").split("."), ["CANARY"] if form.startswith("list") else "CANARY")
    return marked


def mark(part: Any, path: list[str], canary: Any) -> None:
    for one in part if isinstance(part, list) else [part]:
        if len(path) == 1:
            one[path[0]] = canary
        elif one.get(path[0]) is not None:
            mark(one[path[0]], path[1:], canary)
