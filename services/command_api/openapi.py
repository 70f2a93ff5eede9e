"""The OpenAPI document of the command API, made from the commands and their examples."""

import re
from collections.abc import Mapping, Sequence
from inspect import getdoc
from typing import Any, Final, Protocol

from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.envelope import Command
from services.command_api.desk import Desk

_IN_PATH: Final = re.compile(r"{(\w+)}")
_TAGS: Final = re.compile(r"^/v1/(\w+)")
_TEXT: Final = {"type": "string"}
_RECORDED: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["stream", "version", "position", "events"],
    "properties": {
        "stream": _TEXT,
        "version": {"type": "integer", "description": "the stream's version now, also the ETag"},
        "position": {"type": "integer", "description": "of the last event; ask with Min-Position to see it"},
        "events": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "position", "data"],
                "properties": {"type": _TEXT, "position": {"type": "integer"}, "data": {"type": "object"}},
            },
        },
    },
}
_PROBLEM: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "the rule, explained at /errors"},
        "detail": _TEXT,
        "context": {"type": "object"},
    },
}
_HEADERS: Final = {
    "Idempotency-Key": "Repeating a request with its key adds nothing and gets the first answer again.",
    "If-Match": "The version of the stream that the caller saw; refused with 412 if it has moved on.",
    "Correlation-Id": "Kept in the envelope of each event.",
}


class CommandModule(Protocol):
    """A file of this folder that answers one command."""

    @property
    def COMMAND(self) -> type[Command]:  # noqa: N802 - a constant of a module
        """The form of its body."""

    @property
    def MAKES(self) -> str | None:  # noqa: N802
        """The id that is new where the body names none."""

    @property
    def EXAMPLE(self) -> Mapping[str, object]:  # noqa: N802
        """A body that works."""

    async def respond(self, desk: Desk, request: Request, /) -> Response:
        """Answer a request."""


class BatchModule(Protocol):
    """A file of this folder that answers lines of one command."""

    @property
    def COMMAND(self) -> type[Command]:  # noqa: N802
        """The form of a line."""

    @property
    def EXAMPLE(self) -> str:  # noqa: N802
        """A body that works."""

    @property
    def ANSWER(self) -> str:  # noqa: N802
        """What it is answered with."""


def document(
    title: str, commands: Sequence[tuple[str, CommandModule]], batch: tuple[str, BatchModule]
) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    kinds = [module.COMMAND for _, module in commands] + [batch[1].COMMAND]
    inputs: list[Any] = [(kind, "validation") for kind in kinds]
    _, definitions = models_json_schema(inputs, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = definitions["$defs"]
    for path, module in commands:
        _leave_out(schemas[module.COMMAND.__name__], _IN_PATH.findall(path), module.MAKES)
    operations = {path: _operation(path, module) for path, module in commands} | {batch[0]: _batch(batch[1])}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1", "description": "Acts that the ledger records, or refuses by a rule."},
        "paths": {path: {"post": {"tags": _TAGS.findall(path)} | one} for path, one in operations.items()},
        "components": {
            "schemas": schemas | {"Recorded": _RECORDED, "Problem": _PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
        "security": [{"token": []}],
    }


def _leave_out(schema: dict[str, Any], in_path: Sequence[str], made: str | None) -> None:
    schema["properties"] = {name: form for name, form in schema["properties"].items() if name not in in_path}
    schema["required"] = [name for name in schema.get("required", ()) if name not in {*in_path, made}]


def _operation(path: str, module: CommandModule) -> dict[str, Any]:
    name = module.COMMAND.__name__
    parameters = [{"name": key, "in": "path", "required": True, "schema": _TEXT} for key in _IN_PATH.findall(path)]
    parameters += [
        {"name": key, "in": "header", "required": False, "schema": _TEXT, "description": text}
        for key, text in _HEADERS.items()
    ]
    form = {"schema": _ref(name), "example": module.EXAMPLE}
    return _described(module.COMMAND) | {
        "parameters": parameters,
        "requestBody": {"required": True, "content": {"application/json": form}},
        "responses": {
            "200": {"description": "All of it holds already", "content": _json("Recorded")},
            "201": {"description": "Recorded", "content": _json("Recorded")},
            "default": _refused(),
        },
    }


def _batch(module: BatchModule) -> dict[str, Any]:
    answer = {"application/x-ndjson": {"schema": _TEXT, "example": module.ANSWER}}
    return _described(module.COMMAND) | {
        "summary": "Record observations, one a line",
        "requestBody": {
            "required": True,
            "content": {"application/x-ndjson": {"schema": _ref(module.COMMAND.__name__), "example": module.EXAMPLE}},
        },
        "responses": {"200": {"description": "A result for each line", "content": answer}, "default": _refused()},
    }


def _described(command: type[Command]) -> dict[str, Any]:
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", command.__name__).capitalize()
    return {"operationId": command.__name__, "summary": words, "description": getdoc(command)}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": _ref(name)}}


def _refused() -> dict[str, Any]:
    return {"description": "Refused", "content": {"application/problem+json": {"schema": _ref("Problem")}}}
