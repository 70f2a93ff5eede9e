"""The generated pages of docs/ and the text that each has to have; `python -m tests.docs.pages` writes them,
and the published files of schemas/."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from domain.kernel.errors import RULES
from domain.kernel.event import Event
from infra.settings import CommandAPISettings, PublisherSettings, QueryAPISettings, WebhookSettings
from schemas.registry import EVENTS, UPCASTERS
from tests.docs import published
from tests.docs.fields import leaves
from tests.docs.needs import needs_page
from tests.docs.quotes import filled

DOCS: Final = Path(__file__).parents[2] / "docs"
EVENTS_HEAD: Final = """\
# Events

Made by `scripts/docs` from the classes in `domain/*/events.py`. An event is stored under its type name;
fields are only added, with a default. Each field is classed: *personal* data never leaves the ledger in
clear, a *pseudonym* points at a person, *plain* data does neither. The envelope (`domain/kernel/envelope.py`)
says who, with what authority, why and from which source."""
ERRORS_HEAD: Final = """\
# Errors

Made by `scripts/docs` from `domain/kernel/errors.py`. A refusal names the rule that it applies: as `code` and
`type` of an HTTP problem (RFC 9457), as `rule` of a bad line in an import, in brackets on the command line."""

SETTINGS_HEAD: Final = """\
# Settings

Made by `scripts/docs` from `infra/settings.py`. A program reads them once, at its start, from the environment.

| variable | default | what it is |
|---|---|---|"""


def events_page() -> str:
    """Return docs/events.md: every event with its fields, by aggregate."""
    lines = [EVENTS_HEAD]
    family = ""
    for type_name, event in EVENTS.items():
        if event.__module__ != family:
            family = event.__module__
            lines.append(f"## {family.split('.')[1].capitalize()}\n\n{first_line(sys.modules[family].__doc__)}")
        lines.append(_event(type_name, event))
    lines.append("## Old versions\n\n" + "\n".join(_upcasts()))
    return "\n\n".join(lines) + "\n"


def _event(type_name: str, event: type[Event]) -> str:
    rows = [f"| `{path}` | {form} | {kind.value if kind else ''} |" for path, form, kind in leaves(event)]
    text = " ".join((event.__doc__ or "").split())
    return "\n".join([f"### `{type_name}`", "", text, "", "| field | form | class |", "|---|---|---|", *rows])


def _upcasts() -> Iterator[str]:
    for old, (new, upcast) in UPCASTERS.items():
        yield f"- `{old}` is read as `{new}`: {first_line(upcast.__doc__)}"


def errors_page() -> str:
    """Return docs/errors.md: every rule that a refusal can name."""
    return "\n\n".join([ERRORS_HEAD, *(f"## {rule}\n\n{text}" for rule, text in RULES.items())]) + "\n"


def settings_page() -> str:
    """Return docs/settings.md: every setting of every program."""
    rows = []
    for program in (CommandAPISettings, QueryAPISettings, PublisherSettings, WebhookSettings):
        for name, field in program.model_fields.items():
            row = f"| `MASTERY_{name.upper()}` | {_default(field.get_default())} | {field.description} |"
            rows += [row] if row not in rows else []
    return "\n".join([SETTINGS_HEAD, *rows]) + "\n"


def _default(value: object) -> str:
    return "" if value is None else f"`{value}`"


def first_line(text: str | None) -> str:
    """Return the first line of a docstring."""
    return (text or "").strip().splitlines()[0]


PAGES: Final[dict[str, Callable[[], str]]] = {
    "events.md": events_page,
    "errors.md": errors_page,
    "needs.md": needs_page,
    "settings.md": settings_page,
    "one-score.md": lambda: filled((DOCS / "one-score.md").read_text()),
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())
    published.write()
