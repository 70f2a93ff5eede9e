"""Asking the query API a question that has to be answered."""

from typing import Any

import httpx


async def ask(api: httpx.AsyncClient, path: str, **query: Any) -> dict[str, Any]:
    """Return an answer that has to be there."""
    answer = await api.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
