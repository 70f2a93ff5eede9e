"""The mastery projector with its publisher, as a program of its own that goes through the cells in small portions.

Run `python tests/faults/small_portions.py DATABASE FOLDER`.
"""

import sys
from pathlib import Path

from infra.postgres import all_scores
from services.projectors.runner import main

all_scores.PART_BYTES_MAX = 12_000  # type: ignore[misc]

if __name__ == "__main__":
    main(sys.argv[1], "mastery", Path(sys.argv[2]))
