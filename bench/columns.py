"""The kernel on memory-mapped columns, by policy: against reading the columns that it needs, and against DuckDB.

`floor_s` is a compiled loop that knows no rule: it reads the same columns cell by cell and writes as many results.

Both sides read files that are mapped already, and use the same number of threads. Part of `scripts/bench policies`.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
from numba import literal_unroll, njit

from bench.common import medians, seconds
from bench.kernel import LEVELS, SHOWN, WORKERS, read_cells, words, write_cells
from domain.mastery.cells import Cells, Int64s
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.kernel import evaluate
from domain.mastery.room import room_for
from domain.mastery.tables import Clock, Integers, Op, Results
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
    """Return the columns that a policy's rules look at, where all kinds and roles count alike and nobody judged."""
    rules = compiled.rules
    clock = {Clock.OCCURRED: ["occurred_us", "position"], Clock.RECORDED: ["recorded_us", "position"]}
    return [
        "offsets",
        "value",
        *clock.get(Clock(rules.clock), []),
        *(["weight"] if rules.own_weight else []),
        *(["possible"] if rules.to_max else []),
        *(["task"] if rules.keep else []),
        *(["kind"] if rules.op == Op.MEAN_OF_KINDS else []),
    ]


def read_and_sum(cells: Cells, names: list[str]) -> int:
    """Sum columns, read by as many threads as the kernel has; return the total."""
    halves = [half for name in names for half in np.array_split(cells.columns[name], WORKERS)]
    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(int(total) for total in pool.map(np.sum, halves))


@njit(nogil=True)
def sum_cells(offsets: Int64s, columns: tuple[Integers, ...], cells: tuple[int, int], out: Results) -> None:
    """Sum up the entries of each cell and write as much as the kernel does."""
    for cell in range(cells[0], cells[1]):
        total = 0
        for column in literal_unroll(columns):
            for i in range(offsets[cell], offsets[cell + 1]):
                total += column[i]
        out.value[cell] = total
        out.level[cell] = total > 0
        out.status[cell] = 0
        out.counted[cell] = offsets[cell + 1] - offsets[cell]


def bare(cells: Cells, names: list[str]) -> None:
    """Go through columns cell by cell in a compiled loop that knows no rule, by as many threads as the kernel has."""
    offsets, out = np.asarray(cells.offsets), room_for(len(cells), judged=False)
    entries = tuple(np.asarray(cells.columns[name]) for name in names if name != "offsets")
    borders = [len(cells) * part // WORKERS for part in range(WORKERS + 1)]
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda span: sum_cells(offsets, entries, span, out), pairwise(borders)))


def by_policy(folder: Path, rounds: int) -> dict[str, Any]:
    """Return of each policy the seconds of the kernel, of a loop without rules, and of reading and summing."""
    vocabulary, cells, figures = words(), read_cells(folder), {}
    for name, policy in SHOWN.items():
        compiled = compile_policy(policy, vocabulary)
        evaluate(cells, compiled, WORKERS)
        bare(cells, needed(compiled))
        acts: dict[str, Callable[[], object]] = {
            "kernel_s": partial(evaluate, cells, compiled, WORKERS),
            "floor_s": partial(bare, cells, needed(compiled)),
            "sum_s": partial(read_and_sum, cells, needed(compiled)),
        }
        took = medians({act: partial(seconds, run) for act, run in acts.items()}, rounds)
        figures[name] = {act: round(time, 3) for act, time in took.items()}
        figures[name]["over_sum"] = round(took["kernel_s"] / took["sum_s"], 2)
        figures[name]["over_floor"] = round(took["kernel_s"] / took["floor_s"], 2)
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
        figures = {"scores": scores, "mapped_mb": megabytes, "by_policy": by_policy(folder, rounds)}
        if scores <= 10_000_000:
            figures["duckdb"] = against_duckdb(folder, rounds)
        return figures
