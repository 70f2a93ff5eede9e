"""Levels before and after as a picture: bars left and right, ribbons between, as wide as cells go that way."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

GAP: Final = 14.0
"""Between two levels."""
THIN: Final = 1.5
"""How thick at least a ribbon is, so that it can be seen."""
HEAD: Final = 30.0
LABEL_HEIGHT: Final = 34.0
"""A level is at least so high that its two lines of text fit."""


class Node(NamedTuple):
    """A level on one side."""

    level: str
    cells: int
    y: float
    height: float


class Ribbon(NamedTuple):
    """The cells that go from one level to another: `kind` is fell, stayed or rose."""

    before: str
    after: str
    cells: int
    kind: str
    path: str


class Flow(NamedTuple):
    """The picture, in units of its own; `bar` is how wide bars are, left and right where they begin."""

    width: float
    height: float
    left: float
    right: float
    bar: float
    before: Sequence[Node]
    after: Sequence[Node]
    ribbons: Sequence[Ribbon]


def flow(
    levels: Sequence[str], matrix: Mapping[str, Mapping[str, int]], width: float, label: float, drawn: float = 320.0
) -> Flow:
    """Lay out the levels, the highest on top.

    Args:
        levels: the lowest first.
        matrix: level before -> level after -> cells.
        width: of the picture.
        label: how wide the room for text is at each side.
        drawn: how high all cells together are.
    """
    order = list(reversed(levels))
    moves = {(b, a): n for b, row in matrix.items() for a, n in row.items() if n}
    unit = drawn / max(1, sum(moves.values()))
    sides = [
        _nodes(order, {one: sum(n for pair, n in moves.items() if pair[side] == one) for one in order}, unit)
        for side in (0, 1)
    ]
    bar = 12.0
    left, right = label, width - label - bar
    ribbons = _ribbons(order, moves, sides, (left + bar, right), unit)
    height = max(nodes[-1].y + max(nodes[-1].height, LABEL_HEIGHT) for nodes in sides) if order else HEAD
    return Flow(width, height, left, right, bar, sides[0], sides[1], ribbons)


def _nodes(order: Sequence[str], cells: Mapping[str, int], unit: float) -> list[Node]:
    nodes, y = [], HEAD
    for level in order:
        height = cells[level] * unit
        nodes.append(Node(level, cells[level], round(y, 2), round(height, 2)))
        y += max(height, LABEL_HEIGHT) + GAP
    return nodes


def _ribbons(
    order: Sequence[str],
    moves: Mapping[tuple[str, str], int],
    sides: Sequence[Sequence[Node]],
    ends: tuple[float, float],
    unit: float,
) -> list[Ribbon]:
    """Return the ribbons: those that stay first, so that the others lie above them."""
    starts = [{node.level: node.y for node in nodes} for nodes in sides]
    ribbons = []
    for before in order:
        for after in order:
            cells = moves.get((before, after), 0)
            if not cells:
                continue
            height = cells * unit
            path = _path(ends, (starts[0][before], starts[1][after]), max(height, THIN))
            starts[0][before] += height
            starts[1][after] += height
            steps = order.index(before) - order.index(after)
            kind = "stayed" if steps == 0 else "rose" if steps > 0 else "fell"
            ribbons.append(Ribbon(before, after, cells, kind, path))
    return sorted(ribbons, key=lambda one: one.kind != "stayed")


def _path(x: tuple[float, float], y: tuple[float, float], height: float) -> str:
    middle, (x0, x1), (y0, y1) = (x[0] + x[1]) / 2, x, y
    low0, low1 = y0 + height, y1 + height
    there = f"M{x0:.1f},{y0:.1f} C{middle:.1f},{y0:.1f} {middle:.1f},{y1:.1f} {x1:.1f},{y1:.1f}"
    back = f"V{low1:.1f} C{middle:.1f},{low1:.1f} {middle:.1f},{low0:.1f} {x0:.1f},{low0:.1f} Z"
    return f"{there} {back}"
