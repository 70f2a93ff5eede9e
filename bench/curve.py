"""How the cost of evaluating all cells grows with their number: the figures and the picture of docs/scale.md.

Run `python -m bench.curve [--write docs/scale.svg]`: CPU seconds of the kernel on 1 M to 100 M memory-mapped scores
(7 GB of files in the folder for temporary files), five a cell, the least of three runs.
"""

import argparse
import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.kernel import SHOWN, read_cells, words, write_cells
from domain.mastery.compile import compile_policy
from domain.mastery.kernel import evaluate

SIZES: Final = (1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000)
COLOURS: Final = {"latest": "#12344d", "decaying": "#1b7f79", "median": "#b0413e", "percent": "#8a5a00"}
"""Policies of `bench.kernel`; "percent" is the default: restate, replace, average."""
SCORES_A_CELL: Final = 5
RUNS: Final = 3
LEFT, TOP, WIDTH, HEIGHT = 70, 56, 620, 300
LINE: Final = 18
"""Height of a line of text."""

Costs = Mapping[str, Mapping[int, float]]


def measure(sizes: tuple[int, ...]) -> dict[str, dict[int, float]]:
    """Return the CPU seconds of each policy by number of scores."""
    costs: dict[str, dict[int, float]] = {name: {} for name in COLOURS}
    for scores in sizes:
        with TemporaryDirectory() as folder:
            write_cells(Path(folder), scores // SCORES_A_CELL, scores)
            cells, vocabulary = read_cells(Path(folder)), words()
            for name in COLOURS:
                compiled, taken = compile_policy(SHOWN[name], vocabulary), []
                for _ in range(RUNS):
                    started = time.process_time()
                    evaluate(cells, compiled)
                    taken.append(time.process_time() - started)
                costs[name][scores] = round(min(taken), 3)
    return costs


def beside(heights: Mapping[str, float]) -> dict[str, float]:
    """Return where the names of lines stand that end at these heights, none nearer to the next than a line of text."""
    places: dict[str, float] = {}
    for name in sorted(heights, key=lambda name: heights[name]):
        places[name] = max(heights[name], *(place + LINE for place in places.values()), 0)
    return places


def picture(costs: Costs) -> str:
    """Return the costs as an SVG: both axes by powers of ten, so that what is linear is straight at 45 degrees."""
    sizes, all_costs = [*next(iter(costs.values()))], [cost for of in costs.values() for cost in of.values()]
    decades = math.log10(sizes[-1] / sizes[0])
    low, high = math.floor(math.log10(min(all_costs))), math.ceil(math.log10(max(all_costs)))

    def x(scores: int) -> float:
        return LEFT + WIDTH * math.log10(scores / sizes[0]) / decades

    def y(seconds: float) -> float:
        return TOP + HEIGHT * (1 - (math.log10(seconds) - low) / (high - low))

    told = "; ".join(f"{name}: {', '.join(f'{n:,} scores {s} s' for n, s in of.items())}" for name, of in costs.items())
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 420" role="img" aria-labelledby="t d"',
        '     font-family="ui-sans-serif, system-ui, Helvetica, Arial, sans-serif" font-size="14" fill="#1d2733">',
        '  <title id="t">The cost of evaluating all cells grows in proportion to the scores</title>',
        f'  <desc id="d">CPU seconds of the kernel. {told}.</desc>',
        '  <rect width="860" height="420" rx="10" fill="#f4f7fa"/>',
        f'  <text x="{LEFT}" y="32" font-weight="600">CPU seconds of one policy over all scores</text>',
    ]
    for decade in range(low, high + 1):
        at = y(10.0**decade)
        lines.append(f'  <path d="M{LEFT} {at:.0f} H{LEFT + WIDTH}" stroke="#c9d4df"/>')
        lines.append(f'  <text x="{LEFT - 10}" y="{at + 5:.0f}" text-anchor="end">{10.0**decade:g} s</text>')
    for scores in sizes:
        place = f'x="{x(scores):.0f}" y="{TOP + HEIGHT + 26}"'
        lines.append(f'  <text {place} text-anchor="middle">{scores // 1_000_000} M</text>')
    names = beside({name: y(of[sizes[-1]]) for name, of in costs.items()})
    for name, of in costs.items():
        points = [f"{x(scores):.0f},{y(seconds):.1f}" for scores, seconds in of.items()]
        colour = COLOURS[name]
        lines.append(f'  <polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        dots = (point.split(",") for point in points)
        lines += [f'  <circle cx="{cx}" cy="{cy}" r="4" fill="{colour}"/>' for cx, cy in dots]
        lines.append(f'  <text x="{LEFT + WIDTH + 14}" y="{names[name] + 5:.0f}" fill="{colour}">{name}</text>')
    lines.append(f'  <text x="{LEFT + WIDTH}" y="{TOP + HEIGHT + 48}" text-anchor="end">scores</text>')
    return "\n".join([*lines, "</svg>", ""])


def main() -> None:
    """Print the figures as JSON, and draw them where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    asked = parser.parse_args()
    costs = measure(tuple(asked.sizes))
    print(json.dumps(costs, indent=2))
    if asked.write:
        asked.write.write_text(picture(costs))


if __name__ == "__main__":
    main()
