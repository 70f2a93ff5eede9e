"""Pages about an API, which load nothing from elsewhere: interactive documentation, and the rules."""

from html import escape
from importlib.resources import files

from fastapi.openapi.docs import get_swagger_ui_html
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from domain.kernel.errors import RULES

_ASSETS = "/docs/assets"


def add_pages(app: Starlette, title: str, openapi_url: str = "/openapi.json") -> None:
    """Add `/docs`, which reads the OpenAPI document, `/`, which leads there, and `/errors` about each rule."""
    documentation = get_swagger_ui_html(
        openapi_url=openapi_url,
        title=title,
        swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{_ASSETS}/favicon.png",
        swagger_ui_parameters={"persistAuthorization": True, "validatorUrl": None},
    )
    rules = HTMLResponse(_rules_page(title))

    async def docs(_request: Request) -> Response:
        return documentation

    async def home(_request: Request) -> Response:
        return RedirectResponse("/docs")

    async def errors(_request: Request) -> Response:
        return rules

    app.mount(_ASSETS, StaticFiles(directory=str(files("fastapi_offline") / "static")))
    app.add_route("/", home, include_in_schema=False)
    app.add_route("/docs", docs, include_in_schema=False)
    app.add_route("/errors", errors, include_in_schema=False)


def _rules_page(title: str) -> str:
    entries = "".join(
        f'<dt id="{escape(rule)}"><code>{escape(rule)}</code></dt><dd>{escape(text)}</dd>'
        for rule, text in RULES.items()
    )
    head = f'<meta charset="utf-8"><title>Rules of {escape(title)}</title>'
    style = "<style>body{font:16px/1.5 sans-serif;max-width:44em;margin:2em auto}:target{background:#ffd}</style>"
    return f"<!doctype html><html lang='en'>{head}{style}<h1>Rules of {escape(title)}</h1><dl>{entries}</dl></html>"
