"""The `mastery` command: its nouns, and how a refusal is shown."""

import sys

import typer
from rich.text import Text

from domain.kernel.errors import LedgerError
from services.cli import (
    audit,
    cells,
    demo,
    export,
    imports,
    learner,
    projector,
    publisher,
    replay,
    reviews,
    serve,
    status,
    stream,
    token,
    webhooks,
)
from services.cli.output import err, exit_code
from services.cli.policy import app as policy

app = typer.Typer(
    name="mastery",
    help="Why a learner was at a level: which evidence, scored by whom, under which policy, as known when.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
NOUNS = (
    demo,
    serve,
    status,
    learner,
    reviews,
    audit,
    policy,
    imports,
    export,
    projector,
    replay,
    cells,
    publisher,
    stream,
    webhooks,
    token,
)
for noun in NOUNS:
    noun.register(app)


def main() -> None:
    """Run the command; a refusal is one line on stderr and an exit code."""
    try:
        app()
    except LedgerError as error:
        told = Text.assemble(("refused ", "bold red"), str(error), (f" [{error.rule}]", "dim"))
        err.print(told, soft_wrap=True)
        sys.exit(exit_code(error))


if __name__ == "__main__":
    main()
