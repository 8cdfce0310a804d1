"""Small plots of predictions as SVG: their spread, observed against predicted, and whether probabilities hold."""

from collections.abc import Callable
from html import escape

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_BLUE, _RED, _GREY = "#2364aa", "#d1495b", "#9aa7b4"
_LEFT, _TOP, _WIDE, _HIGH = 60, 20, 340, 260


def bars(values: Floats, name: str) -> str:
    """Return a histogram."""
    ends = (0.0, 1.0) if name == "probability" else (float(values.min()), float(values.max()))
    counts, edges = np.histogram(values, bins=20, range=ends if ends[0] < ends[1] else None)
    tallest = max(int(counts.max()), 1)
    place = _scale((float(edges[0]), float(edges[-1])), (0, tallest))
    drawn = []
    for number, count in enumerate(counts.tolist()):
        (x, y), (right, floor) = place(edges[number], count), place(edges[number + 1], 0)
        size = f'width="{max(right - x - 1, 1):.1f}" height="{floor - y:.1f}"'
        drawn.append(f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{_BLUE}"/>')
    return _plot("".join(drawn), (name, "molecules"), (float(edges[0]), float(edges[-1])), (0, tallest))


def observed(truth: Floats, value: Floats, low: Floats, high: Floats, inside: NDArray[np.bool_]) -> str:
    """Return observed over predicted values with the intervals; molecules outside the domain are red."""
    ends = (float(min(truth.min(), value.min())), float(max(truth.max(), value.max())))
    place = _scale(ends, ends)
    drawn = [_line(place(ends[0], ends[0]), place(ends[1], ends[1]), _GREY, dashed=True)]
    few = len(truth) <= 300  # more bars than that hide the points
    for row in range(len(truth)):
        colour = _BLUE if inside[row] else _RED
        x, y = place(truth[row], value[row])
        if few:
            below, above = (place(truth[row], float(np.clip(one, *ends)))[1] for one in (low[row], high[row]))
            drawn.append(
                f'<path d="M{x:.1f} {below:.1f}V{above:.1f}" stroke="{colour}" stroke-opacity=".18" stroke-width="2"/>'
            )
        drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{colour}" fill-opacity=".7"/>')
    legend = _legend(("inside the domain", _BLUE), ("outside", _RED), ("exactly right", _GREY))
    return _plot("".join(drawn) + legend, ("measured", "predicted, with its interval"), ends, ends)


def calibration(truth: Floats, probability: Floats, bins: int = 10) -> str:
    """Return the share of yes over the probability in bins of equal count, with Wilson's intervals."""
    from clinweave.core.statistics import wilson

    place = _scale((0, 1), (0, 1))
    drawn = [_line(place(0, 0), place(1, 1), _GREY, dashed=True)]
    order = np.argsort(probability, kind="stable")
    for part in np.array_split(order, min(bins, max(1, len(order) // 5))):
        share, said = float(truth[part].mean()), float(probability[part].mean())
        between = wilson(float(truth[part].sum()), len(part))
        (x, y), (_, below), (_, above) = (place(said, one) for one in (share, between.low, between.high))
        drawn.append(f'<path d="M{x:.1f} {below:.1f}V{above:.1f}" stroke="{_BLUE}" stroke-opacity=".5"/>')
        drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{_BLUE}"/>')
    legend = _legend(("molecules of like probability", _BLUE), ("exactly right", _GREY))
    return _plot("".join(drawn) + legend, ("probability", "share of yes"), (0, 1), (0, 1))


def _scale(
    across: tuple[float, float], up: tuple[float, float]
) -> Callable[[float, float], tuple[float, float]]:
    def place(x: float, y: float) -> tuple[float, float]:
        right = (x - across[0]) / ((across[1] - across[0]) or 1)
        above = (y - up[0]) / ((up[1] - up[0]) or 1)
        return _LEFT + _WIDE * right, _TOP + _HIGH * (1 - above)

    return place


def _line(start: tuple[float, float], end: tuple[float, float], colour: str, *, dashed: bool) -> str:
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<path d="M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}" stroke="{colour}"{dash}/>'


def _legend(*names: tuple[str, str]) -> str:
    x, lines = _LEFT + _WIDE + 14, []
    for number, (name, colour) in enumerate(names):
        y = _TOP + 16 + 20 * number
        lines.append(f'<text x="{x}" y="{y}" font-size="12" fill="{colour}">{escape(name)}</text>')
    return "".join(lines)


def _plot(inside: str, names: tuple[str, str], across: tuple[float, float], up: tuple[float, float]) -> str:
    right, floor, grey = _LEFT + _WIDE, _TOP + _HIGH, 'font-size="12" fill="#5a6876"'
    axis = (
        f'<path d="M{_LEFT} {_TOP}V{floor}H{right}" fill="none" stroke="{_GREY}"/>'
        f'<text x="{_LEFT}" y="{floor + 16}" font-size="11">{across[0]:.3g}</text>'
        f'<text x="{right}" y="{floor + 16}" font-size="11" text-anchor="end">{across[1]:.3g}</text>'
        f'<text x="{_LEFT + _WIDE / 2}" y="{floor + 18}" text-anchor="middle" {grey}>{escape(names[0])}</text>'
        f'<text x="{_LEFT - 6}" y="{floor + 4}" font-size="11" text-anchor="end">{up[0]:.3g}</text>'
        f'<text x="{_LEFT - 6}" y="{_TOP + 9}" font-size="11" text-anchor="end">{up[1]:.3g}</text>'
        f'<text x="{_LEFT}" y="13" {grey}>{escape(names[1])}</text>'
    )
    return f'<svg viewBox="0 0 600 310" width="600" role="img">{axis}{inside}</svg>'
