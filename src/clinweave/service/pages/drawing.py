"""Layouts of small graphs for SVG, in pixels: a concept with its neighbours in two columns, and paths in layers.

Neighbours are grouped by relation, one per line: every name can be read and reached by keyboard. In a force layout of
60 names they overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

WIDTH = 960
ROW = 24
_HEADER = 30  # of a group
_GAP = 14  # between groups
_TOP = 24
_CENTRE_WIDTH, _CENTRE_HEIGHT = 220, 64
_COLUMN = 300  # width of a column of neighbours
_LAYER_ROW = 64
_NODE_WIDTH = 216
_EDGE = 2  # space for the line of a node at the border
_LINE_LETTERS = 24
_LONGEST = 36
_MIN_HALVED = 12  # neighbours of a group that is drawn on both sides


@dataclass(frozen=True)
class DrawnNode:
    """A node: its anchor point, where its text goes ("start", "end" or "middle") and its lines."""

    id: str
    name: str
    category: str
    x: float
    y: float
    anchor: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class DrawnGroup:
    """A group of neighbours with one relation: its heading, the line along it, and the curve from the centre."""

    label: str
    x: float
    y: float
    anchor: str
    rule_x: float
    top: float
    bottom: float
    curve: str  # path data
    nodes: tuple[DrawnNode, ...]


@dataclass(frozen=True)
class Neighbourhood:
    """A drawn concept with its groups of neighbours."""

    width: int
    height: int
    centre: DrawnNode
    groups: tuple[DrawnGroup, ...]


@dataclass(frozen=True)
class DrawnPaths:
    """Paths between two concepts: nodes in layers from left to right, and the lines between them."""

    width: int
    height: int
    nodes: tuple[DrawnNode, ...]
    lines: tuple[str, ...]  # path data
    node_width: int = _NODE_WIDTH


@dataclass(frozen=True)
class NodeName:
    """What is drawn of a concept."""

    id: str
    name: str
    category: str


def draw_neighbourhood(centre: NodeName, groups: Sequence[tuple[str, Sequence[NodeName]]]) -> Neighbourhood:
    """Return a layout of a concept with groups (label, neighbours) left and right of it, balanced by height."""
    sides: dict[str, list[tuple[str, Sequence[NodeName]]]] = {"end": [], "start": []}
    heights = {"end": 0, "start": 0}
    for label, nodes in sorted(_halved(groups), key=lambda group: -len(group[1])):
        side = min(("start", "end"), key=lambda name: heights[name])
        sides[side].append((label, nodes))
        heights[side] += _HEADER + ROW * len(nodes) + _GAP
    height = max(*heights.values(), _CENTRE_HEIGHT) + 2 * _TOP
    drawn = [
        group for side, members in sides.items() for group in _side(side, members, height, heights[side])
    ]
    middle = DrawnNode(
        centre.id, centre.name, centre.category, WIDTH / 2, height / 2, "middle", wrapped(centre.name)
    )
    return Neighbourhood(WIDTH, height, middle, tuple(drawn))


def _halved(groups: Sequence[tuple[str, Sequence[NodeName]]]) -> list[tuple[str, Sequence[NodeName]]]:
    """Return the groups, one that is longer than all others together in two parts: one for each side."""
    total = sum(len(nodes) for _, nodes in groups)
    result: list[tuple[str, Sequence[NodeName]]] = []
    for label, nodes in groups:
        half = (total + 1) // 2
        if len(nodes) > max(half, _MIN_HALVED):
            result += [(label, nodes[:half]), (f"{label} (continued)", nodes[half:])]
        else:
            result.append((label, nodes))
    return result


def _side(
    side: str, members: Sequence[tuple[str, Sequence[NodeName]]], height: int, used: int
) -> list[DrawnGroup]:
    """Return the groups of one side; `side` is the anchor of their text: "end" stands left of the centre."""
    left = side == "end"
    text_x = float(_COLUMN if left else WIDTH - _COLUMN)
    rule_x = text_x + (12 if left else -12)
    centre_x = WIDTH / 2 + (-_CENTRE_WIDTH / 2 if left else _CENTRE_WIDTH / 2)
    y = (height - used) / 2 + _HEADER / 2
    groups = []
    for label, nodes in members:
        first = y + _HEADER / 2 + ROW / 2
        drawn = tuple(
            DrawnNode(
                node.id, node.name, node.category, text_x, first + ROW * number, side, (shortened(node.name),)
            )
            for number, node in enumerate(nodes)
        )
        bottom = first + ROW * (len(nodes) - 1)
        middle = (first + bottom) / 2
        bend = (centre_x + rule_x) / 2
        curve = (
            f"M{centre_x:g} {height / 2:g} C{bend:g} {height / 2:g} {bend:g} {middle:g} {rule_x:g} {middle:g}"
        )
        groups.append(DrawnGroup(label, text_x, y, side, rule_x, first - 9, bottom + 9, curve, drawn))
        y = bottom + ROW / 2 + _GAP + _HEADER / 2
    return groups


def draw_paths(paths: Sequence[Sequence[NodeName]]) -> DrawnPaths:
    """Return a layout of paths with the same ends: a concept stands once in the layer of its first position."""
    layers: list[list[NodeName]] = []
    layer_of: dict[str, int] = {}
    last = max(len(path) for path in paths) - 1
    for path in paths:
        for position, node in enumerate(path):
            layer = last if position == len(path) - 1 else position
            while len(layers) <= layer:
                layers.append([])
            if node.id not in layer_of:
                layer_of[node.id] = layer
                layers[layer].append(node)
    height = max(map(len, layers)) * _LAYER_ROW + 2 * _TOP
    step = (WIDTH - _NODE_WIDTH - 2 * _EDGE) / max(last, 1)
    drawn = {
        node.id: DrawnNode(
            node.id, node.name, node.category, _EDGE + _NODE_WIDTH / 2 + step * layer,
            height / 2 + _LAYER_ROW * (row - (len(nodes) - 1) / 2), "middle", wrapped(node.name),
        )
        for layer, nodes in enumerate(layers)
        for row, node in enumerate(nodes)
    }  # fmt: skip
    edges = dict.fromkeys((first.id, second.id) for path in paths for first, second in pairwise(path))
    return DrawnPaths(
        WIDTH, height, tuple(drawn.values()), tuple(_edge(drawn[a], drawn[b]) for a, b in edges)
    )


def _edge(start: DrawnNode, end: DrawnNode) -> str:
    way = 1 if end.x >= start.x else -1
    x, stop = start.x + way * _NODE_WIDTH / 2, end.x - way * _NODE_WIDTH / 2
    bend = (x + stop) / 2
    return f"M{x:g} {start.y:g} C{bend:g} {start.y:g} {bend:g} {end.y:g} {stop:g} {end.y:g}"


def shortened(name: str, most: int = _LONGEST) -> str:
    """Return a name of at most `most` characters, cut at a word where it can be."""
    if len(name) <= most:
        return name
    cut = name[: most - 1]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut[most // 2 :] else cut}\u2026"


def wrapped(name: str) -> tuple[str, ...]:
    """Return a name in at most two lines."""
    if len(name) <= _LINE_LETTERS:
        return (name,)
    cut = name.rfind(" ", 0, _LINE_LETTERS + 1)
    if cut <= 0:
        return (shortened(name, _LINE_LETTERS),)
    return name[:cut], shortened(name[cut + 1 :], _LINE_LETTERS)
