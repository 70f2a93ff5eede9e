"""A rebuild in small batches, as a program of its own: workers import this file too, and so work in small batches.

Run `python tests/faults/small_batches.py DATABASE PROJECTOR WORKERS`.
"""

import sys

from services.projectors import filler, ledger
from services.projectors.rebuilding.rebuild import rebuild

filler.BATCH_EVENTS_MAX = 50  # type: ignore[misc]

if __name__ == "__main__":
    with ledger.connect(sys.argv[1]) as connection:
        rebuild(connection, sys.argv[2], workers=int(sys.argv[3]))
