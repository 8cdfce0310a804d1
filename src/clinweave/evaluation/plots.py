"""Small SVG drawings without any library. They stretch to the width they are given; strokes and dots do not."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Scale(NamedTuple):
    """The range of a plot, in fractions; both ends are multiples of 0.2."""

    low: float
    high: float

    @classmethod
    def around(cls, values: Sequence[float]) -> "Scale":
        """Return a range that holds all values and zero."""
        low = math.floor(min([*values, -0.05]) * 5 - 1e-9) / 5
        high = math.ceil(max([*values, 0.05]) * 5 + 1e-9) / 5
        return cls(max(low, -1.0), min(high, 1.0))

    def place(self, value: float) -> float:
        """Return where a value lies, in percent of the width."""
        return 100 * (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return the marks of the axis."""
        step = 0.2 if self.high - self.low <= 1.2 else 0.4
        first = math.ceil(self.low / step - 1e-9)
        return [round(i * step, 1) for i in range(first, math.floor(self.high / step + 1e-9) + 1)]


def interval_svg(row: Mapping[str, Any], scale: Scale) -> str:
    """Return one row of a forest plot: grid, zero line, interval and estimate."""
    x, low, high = (scale.place(row[key]) for key in ("difference", "low", "high"))
    zero = scale.place(0.0)
    sure = row.get("p", 0.0) < 0.05  # colour claims something: only where the corrected test agrees
    tone = "up" if sure and row["low"] > 0 else "down" if sure and row["high"] < 0 else "none"
    grid = "".join(
        f'<path class="grid" d="M{scale.place(t):.2f} 0V24"/>' for t in scale.ticks() if abs(t) > 1e-9
    )
    label = (
        f"{100 * row['difference']:+.0f} points, interval {100 * row['low']:+.0f} to {100 * row['high']:+.0f}"
    )
    return (
        f'<svg viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label="{label}">{grid}'
        f'<path class="zero" d="M{zero:.2f} 0V24"/>'
        f'<path class="line {tone}" d="M{low:.2f} 12H{high:.2f}"/>'
        f'<path class="end {tone}" d="M{low:.2f} 7V17M{high:.2f} 7V17"/>'
        f'<path class="dot {tone}" d="M{x:.2f} 12h0.001"/></svg>'
    )


def share_svg(arm: Mapping[str, Any], chance: float) -> str:
    """Return a bar of one accuracy with its interval and a line at chance."""
    if arm["accuracy"] is None:
        return ""
    low, high = (100 * end for end in arm["interval"])
    return (
        '<svg viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="bar" x="0" y="5" width="{100 * arm["accuracy"]:.2f}" height="14"/>'
        f'<path class="zero" d="M{100 * chance:.2f} 0V24"/>'
        f'<path class="line" d="M{low:.2f} 12H{high:.2f}"/></svg>'
    )
