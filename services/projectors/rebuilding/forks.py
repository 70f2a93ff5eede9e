"""The process that workers are forked from: it has loaded their code once, and ends with the one that asked for it."""

from multiprocessing import forkserver, get_context
from typing import Final

LOADED: Final = ("__main__", "services.projectors.rebuilding.loaded")
"""Loading takes a second or two, as long as a worker takes for 100,000 events."""
context: Final = get_context("forkserver")
context.set_forkserver_preload([*LOADED])


def get_ready() -> None:
    """Have the process load, unless it has; whoever calls may load meanwhile."""
    forkserver.ensure_running()
