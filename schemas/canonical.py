"""Canonical JSON: the one text of a value, so that it can be hashed.

UTF-8, keys sorted, no spaces, no floats: what RFC 8785 (JCS) gives for integers and text.
"""

import hashlib
from typing import Any

import orjson
from pydantic import BaseModel


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of plain data without floats."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def canonical_model(model: BaseModel) -> bytes:
    """Return the canonical JSON of a model; fields that are None are left out."""
    return orjson.dumps(_given(model), default=_given, option=orjson.OPT_SORT_KEYS)


def _given(model: BaseModel) -> dict[str, Any]:
    return {name: value for name, value in model.__dict__.items() if value is not None}


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()
