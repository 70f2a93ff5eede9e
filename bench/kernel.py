"""The kernel against a fold in pure Python: 10 M scores in 2 M cells, memory-mapped from .npy files.

Run `python -m bench.kernel`. Both sides say the level of the same cells under the same policy, in interleaved
rounds; the fold runs on every 100th cell, is scaled linearly and has to agree on each of them. It is timed from
the events as the log stores them (JSON text), and again from events that are decoded already.
"""

import json
import sys
from bisect import insort
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from bench.common import machine, medians, seconds
from domain.mastery.cells import Cells, Vocabulary
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.kernel import Results, evaluate
from domain.policy.starters import CUTS, FOUR_LEVELS, PERCENT, starter

CELLS = 2_000_000
SCORES = 10_000_000
SAMPLE_EVERY = 100
ROUNDS = 5
WORKERS = 2
LEVELS = CUTS["four-levels"]["levels"]
NAMES = (
    "latest",
    "highest",
    "average",
    "median",
    "mode",
    "decaying",
    "weighted_recent",
    "weighted_average",
    "category_average",
    "n_mastery",
)
SHOWN = {name: starter(name, levels=LEVELS) for name in NAMES} | {"percent": PERCENT, "four_levels": FOUR_LEVELS}
"""Policies by name: one operation each, and two whole district policies, the first of which is the default."""


class Known(NamedTuple):
    """What the fold keeps of an event."""

    occurred_us: int
    position: int
    value: int


def write_cells(folder: Path, cells: int, scores: int) -> None:
    """Write the columns of random cells: 0 to 4 points, 6 tasks, clocks that follow the positions."""
    random = np.random.default_rng(20261121)
    lengths = np.bincount(random.integers(0, cells, scores), minlength=cells)
    columns = {
        "offsets": np.concatenate(([0], np.cumsum(lengths))),
        "value": random.integers(0, 9, scores) * 500_000,
        "possible": np.full(scores, 4_000_000),
        "kind": random.integers(0, 4, scores).astype(np.int32),
        "role": np.zeros(scores, np.int32),
        "task": random.integers(0, 6, scores),
        "occurred_us": np.arange(scores) * 1_000_000,
        "recorded_us": np.arange(scores) * 1_000_000,
        "position": np.arange(scores),
        "weight": np.full(scores, 1_000_000),
        "judged": np.full(cells, -1, np.int32),
    }
    for name, column in columns.items():
        np.save(folder / f"{name}.npy", column)


def read_cells(folder: Path) -> Cells:
    """Map the columns into memory."""
    return Cells(**{path.stem: np.load(path, mmap_mode="r") for path in folder.glob("*.npy")})


def words() -> Vocabulary:
    """Return the vocabulary of the random cells."""
    vocabulary = Vocabulary()
    for kind in ("quiz", "essay", "project", "talk"):
        vocabulary.kinds.code(kind)
    vocabulary.roles.code("teacher")
    return vocabulary


def stored_events(cells: Cells, every: int) -> list[str]:
    """Return the events of every n-th cell as the log holds them: JSON text, in the order of the log."""
    events = []
    for cell in range(0, len(cells), every):
        for i in range(int(cells.offsets[cell]), int(cells.offsets[cell + 1])):
            event = {
                "position": int(cells.position[i]),
                "occurred_us": int(cells.occurred_us[i]),
                "score_id": f"score-{i}",
                "evidence_id": f"evidence-{i}",
                "learner_id": f"learner-{cell // 40}",
                "competency_id": f"competency-{cell % 40}",
                "scale_id": "four-levels",
                "value_micro": int(cells.value[i]),
                "possible_micro": int(cells.possible[i]),
                "kind": "quiz",
                "task": f"task-{cells.task[i]}",
                "assessor": {"id": "teacher-7", "role": "teacher"},
            }
            events.append((event["position"], json.dumps(event, separators=(",", ":"))))
    return [text for _, text in sorted(events)]


def fold(events: list[dict[str, Any]]) -> dict[str, int]:
    """Return the level index of each learner x competency, event by event: state, level, next event."""
    states: dict[str, list[Known]] = {}
    levels: dict[str, int] = {}
    for event in events:
        cell = f"{event['learner_id']} {event['competency_id']}"
        state = states.setdefault(cell, [])
        insort(state, Known(event["occurred_us"], event["position"], event["value_micro"]))
        levels[cell] = level_of(state)
    return levels


def level_of(state: list[Known]) -> int:
    """Return the level index of ordered scores: decaying at 0.65, rounded half up to two places, exactly."""
    value, parts = state[0].value, 1
    for known in state[1:]:
        value, parts = value * 7 + known.value * parts * 13, parts * 20
    hundredths = (2 * value + parts * 10_000) // (2 * parts * 10_000)
    return (hundredths >= 0) + (hundredths >= 150) + (hundredths >= 250) + (hundredths >= 350) - 1


def compare(cells: Cells, compiled: Compiled, rounds: int, every: int) -> dict[str, float]:
    """Return medians of interleaved rounds: the kernel on all cells, the fold on some of them."""
    stored = stored_events(cells, every)
    decoded = [json.loads(text) for text in stored]
    acts: dict[str, Callable[[], object]] = {
        "kernel_s": lambda: evaluate(cells, compiled, WORKERS),
        "kernel_one_thread_s": lambda: evaluate(cells, compiled),
        "fold_stored_s": lambda: fold([json.loads(text) for text in stored]),
        "fold_decoded_s": lambda: fold(decoded),
    }
    took = medians({name: partial(seconds, act) for name, act in acts.items()}, rounds)
    scale = {name: len(cells.value) / len(stored) if name.startswith("fold") else 1 for name in acts}
    figures = {name: round(time * scale[name], 3) for name, time in took.items()}
    return figures | {
        "sampled_events": len(stored),
        "over_fold_of_stored_events": round(figures["fold_stored_s"] / figures["kernel_s"]),
        "over_fold_of_decoded_events": round(figures["fold_decoded_s"] / figures["kernel_s"]),
    }


def agreed(cells: Cells, results: Results, every: int) -> int:
    """Assert that fold and kernel say the same level of each sampled cell; return how many."""
    levels = fold([json.loads(text) for text in stored_events(cells, every)])
    for cell in range(0, len(cells), every):
        said = levels.get(f"learner-{cell // 40} competency-{cell % 40}", -1)
        assert said == results.level[cell], f"cell {cell}: kernel {results.level[cell]}, fold {said}"
    return len(levels)


def per_policy(cells: Cells, vocabulary: Vocabulary) -> dict[str, float]:
    """Return million scores per second of each policy, best of three, two threads."""
    rates = {}
    for name, policy in SHOWN.items():
        compiled = compile_policy(policy, vocabulary)
        took = min(seconds(partial(evaluate, cells, compiled, WORKERS)) for _ in range(3))
        rates[name] = round(len(cells.value) / took / 1_000_000, 1)
    return rates


def run(cells: int = CELLS, scores: int = SCORES, rounds: int = ROUNDS) -> dict[str, object]:
    """Return the figures as one document."""
    vocabulary = words()
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_cells(folder, cells, scores)
        mapped = read_cells(folder)
        compiled = compile_policy(starter("decaying", levels=LEVELS), vocabulary)
        first = seconds(lambda: evaluate(mapped, compiled))
        checked = agreed(mapped, evaluate(mapped, compiled), SAMPLE_EVERY)
        figures = compare(mapped, compiled, rounds, SAMPLE_EVERY)
        rates = per_policy(mapped, vocabulary)
    return {
        **machine(),
        "cells": cells,
        "scores": scores,
        "cells_agreed": checked,
        "first_call_s": round(first, 2),
        **figures,
        "million_scores_per_s": rates,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(), indent=2) + "\n")
