"""Where all cells are evaluated for a what-if from the command line."""

from enum import StrEnum
from typing import Annotated

import typer


class Engine(StrEnum):
    """Where all cells are evaluated."""

    HERE = "here"
    RAY = "ray"


OnEngine = Annotated[
    Engine, typer.Option("--engine", help="Where the cells are evaluated: in this process, or by a Ray cluster.")
]
