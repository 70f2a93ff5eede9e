"""The OpenAPI document with a real answer to each question: `examples.json`, which a test asks for again."""

import json
from importlib.resources import files
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

EXAMPLES: Final[dict[str, dict[str, Any]]] = json.loads(files(__package__).joinpath("examples.json").read_bytes())
"""Route -> the question asked, its body if it has one, and its answer."""


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the application."""
    openapi: dict[str, Any] = get_openapi(
        title=app.title, version=app.version, description="Bearer JWT; see /errors for every rule.", routes=app.routes
    )
    openapi["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    openapi["security"] = [{"bearer": []}]
    for route, example in EXAMPLES.items():
        (operation,) = openapi["paths"][route].values()
        content = next(iter(operation["responses"]["200"]["content"].values()))
        content["example"] = example["answer"]
        if "body" in example:
            operation["requestBody"]["content"]["application/json"]["example"] = example["body"]
    return openapi
