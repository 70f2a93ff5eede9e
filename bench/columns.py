"""The kernel on memory-mapped columns, by operation: against reading the columns that it needs, and against DuckDB.

Both sides read files that are mapped already, and use the same number of threads. Part of `scripts/bench policies`.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from bench.common import medians, seconds
from bench.kernel import LEVELS, SHOWN, WORKERS, read_cells, words, write_cells
from domain.mastery.cells import Cells
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.kernel import evaluate
from domain.mastery.tables import Clock
from domain.policy.starters import starter

SCORES_A_CELL: Final = 5
DUCKDB: Final = "latest"
"""The operation that is compared with SQL."""
WINDOW: Final = """
    SELECT cell, value, (value >= 0)::int + (value >= 1500000)::int + (value >= 2500000)::int
        + (value >= 3500000)::int - 1 AS level
    FROM (
        SELECT cell, value,
            row_number() OVER (PARTITION BY cell ORDER BY occurred_us DESC, position DESC) AS age
        FROM scores
    ) WHERE age = 1
"""


def needed(compiled: Compiled) -> list[str]:
    """Return the columns that a policy's rules look at."""
    rules = compiled.rules
    clock = {Clock.OCCURRED: ["occurred_us", "position"], Clock.RECORDED: ["recorded_us", "position"]}
    return [
        "offsets",
        "value",
        *clock.get(Clock(rules.clock), []),
        *(["kind", "role"] if rules.selects else []),
        *(["possible"] if rules.to_max else []),
        *(["task"] if rules.keep else []),
        "judged",
    ]


def read_and_sum(cells: Cells, names: list[str]) -> int:
    """Sum columns, read by as many threads as the kernel has; return the total."""
    halves = [half for name in names for half in np.array_split(cells.columns[name], WORKERS)]
    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(int(total) for total in pool.map(np.sum, halves))


def by_operation(folder: Path, rounds: int) -> dict[str, Any]:
    """Return of each operation the seconds of the kernel, of reading and summing, and how many times the latter."""
    vocabulary, cells, figures = words(), read_cells(folder), {}
    for name in SHOWN:
        compiled = compile_policy(starter(name, levels=LEVELS), vocabulary)
        evaluate(cells, compiled, WORKERS)
        acts: dict[str, Callable[[], object]] = {
            "kernel_s": partial(evaluate, cells, compiled, WORKERS),
            "sum_s": partial(read_and_sum, cells, needed(compiled)),
        }
        took = medians({act: partial(seconds, run) for act, run in acts.items()}, rounds)
        figures[name] = {act: round(time, 3) for act, time in took.items()}
        figures[name]["over_sum"] = round(took["kernel_s"] / took["sum_s"], 2)
    return figures


def against_duckdb(folder: Path, rounds: int) -> dict[str, Any]:
    """Return the seconds of the kernel and of DuckDB's window functions for the same levels, which are compared."""
    cells = read_cells(folder)
    compiled = compile_policy(starter(DUCKDB, levels=LEVELS), words())
    with duckdb.connect(config={"threads": WORKERS}) as database:
        database.register("columns", _rows(cells))
        database.execute("CREATE TABLE scores AS SELECT * FROM columns")
        said = database.execute(f"{WINDOW} ORDER BY cell").fetchnumpy()
        results = evaluate(cells, compiled, WORKERS)
        assert (results.level[said["cell"]] == said["level"]).all(), "DuckDB and the kernel disagree"
        acts: dict[str, Callable[[], object]] = {
            "kernel_s": partial(evaluate, cells, compiled, WORKERS),
            "duckdb_s": lambda: database.execute(f"CREATE OR REPLACE TABLE levels AS {WINDOW}"),
        }
        took = medians({act: partial(seconds, run) for act, run in acts.items()}, rounds)
    rounded = {act: round(time, 3) for act, time in took.items()}
    return {"operation": DUCKDB, **rounded, "times": round(took["duckdb_s"] / took["kernel_s"], 1)}


def _rows(cells: Cells) -> Any:
    columns = {name: np.asarray(getattr(cells, name)) for name in ("value", "occurred_us", "position")}
    return pa.table({"cell": np.repeat(np.arange(len(cells)), np.diff(cells.offsets)), **columns})


def run(scores: int, rounds: int) -> dict[str, Any]:
    """Return the figures on that many random scores."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_cells(folder, scores // SCORES_A_CELL, scores)
        megabytes = sum(path.stat().st_size for path in folder.iterdir()) // 2**20
        figures = {"scores": scores, "mapped_mb": megabytes, "by_operation": by_operation(folder, rounds)}
        if scores <= 10_000_000:
            figures["duckdb"] = against_duckdb(folder, rounds)
        return figures
