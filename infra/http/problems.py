"""How a refusal reads: problem details (RFC 9457) with the rule as `code` and its page as `type`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from domain.kernel import errors
from domain.kernel.errors import RULES, LedgerError

STATUS: Final[Mapping[type[LedgerError], int]] = {
    errors.Invalid: 422,
    errors.Refused: 409,
    errors.Unknown: 404,
    errors.Conflict: 409,
    errors.Stale: 412,
    errors.Forbidden: 403,
    errors.Unauthenticated: 401,
    errors.Unavailable: 503,
    errors.Misconfigured: 500,
}
STATUS_OF_RULE: Final[Mapping[str, int]] = {"key-reused": 422, "too-large": 413}
"""Rules that HTTP has a more exact status for."""
_HEADERS: Final[Mapping[int, dict[str, str]]] = {
    401: {"WWW-Authenticate": "Bearer"},
    503: {"Retry-After": "1"},
}


def status_of(error: LedgerError) -> int:
    """Return the HTTP status of a refusal."""
    return STATUS_OF_RULE.get(error.rule, STATUS[type(error)])


def problem(error: LedgerError) -> Response:
    """Return a refusal as problem details."""
    status = status_of(error)
    body = {
        "type": f"/errors#{error.rule}",
        "title": RULES[error.rule],
        "status": status,
        "code": error.rule,
        "detail": str(error),
        "context": error.context,
    }
    return _response(status, body)


def add_problem_handlers(app: Starlette) -> None:
    """Have every failure of an application answered with problem details."""
    app.add_exception_handler(LedgerError, _refused)
    app.add_exception_handler(HTTPException, _unrouted)
    app.add_exception_handler(Exception, _crashed)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, LedgerError)
    return problem(error)


async def _unrouted(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    detail = f"{request.method} {request.url.path}: {error.detail.lower()}"
    body = {"type": "about:blank", "title": title, "status": error.status_code, "detail": detail}
    if error.status_code == HTTPStatus.NOT_FOUND:
        body |= {"type": "/errors#not-found", "title": RULES["not-found"], "code": "not-found"}
    return _response(error.status_code, body, error.headers)


async def _crashed(request: Request, error: Exception) -> Response:
    structlog.get_logger().error("request_failed", path=request.url.path, exc_info=error)
    body = {"type": "about:blank", "title": "Internal Server Error", "status": 500, "detail": "the server is at fault"}
    return _response(500, body)


def _response(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        orjson.dumps(body, default=str),
        status,
        {**_HEADERS.get(status, {}), **(headers or {})},
        "application/problem+json",
    )
