"""The generated files of schemas/: each event's JSON Schema, the AsyncAPI and OpenAPI documents."""

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import SecretStr

from infra.settings import QueryAPISettings
from schemas.asyncapi import asyncapi
from schemas.compatibility import breaks
from schemas.published import published_data, published_schema
from schemas.registry import EVENTS
from services.command_api import record_observations
from services.command_api.app import BATCH, COMMANDS, TITLE
from services.command_api.openapi import document
from services.query_api.bootstrap import build_app

ROOT: Final = Path(__file__).parents[2]
GOLDEN: Final = ROOT / "tests/golden/events.ndjson"


def schema_files() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each event by its file."""
    return {f"schemas/json/{name}.json": published_schema(name) for name in EVENTS}


def _asyncapi() -> dict[str, Any]:
    examples = {}
    for line in map(orjson.loads, GOLDEN.read_bytes().splitlines()):
        type_name, data = published_data(line["type"], orjson.dumps(line["data"]))
        examples[type_name] = orjson.loads(data)
    return asyncapi(examples, tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def _questions() -> dict[str, Any]:
    openapi: dict[str, Any] = build_app(QueryAPISettings(jwt_key=SecretStr("k" * 32)), "").openapi()
    return openapi


DOCUMENTS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "schemas/asyncapi.json": _asyncapi,
    "schemas/openapi/commands.json": lambda: document(TITLE, COMMANDS, (BATCH, record_observations)),
    "schemas/openapi/questions.json": _questions,
}


def published_files() -> dict[str, str]:
    """Return the text of each file by its path."""
    documents = {**schema_files(), **{path: make() for path, make in DOCUMENTS.items()}}
    return {path: json.dumps(content, indent=1, ensure_ascii=False) + "\n" for path, content in documents.items()}


def broken() -> list[str]:
    """Return what the events' schemas break for readers of the files that are there."""
    faults = []
    for path, now in schema_files().items():
        if (ROOT / path).exists():
            before = json.loads((ROOT / path).read_text())
            faults += [f"{path}: {fault}" for fault in breaks(before, now)]
    return faults


def write() -> None:
    """Write the files, unless a schema of an event would break its readers: that needs a new version."""
    if faults := broken():
        raise SystemExit("\n".join(faults))
    for path, text in published_files().items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text)
