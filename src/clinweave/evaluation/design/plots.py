"""Plots of a recipe of molecules, as SVG: lines over calls, and asked against found."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

COLOURS = ("#2364aa", "#d1495b", "#3a7d44", "#8a5a9e", "#c07a1b", "#40798c", "#6b705c")


def lines_svg(lines: Mapping[str, Sequence[float | None]], across: str, up: str) -> str:
    """Return lines over 1, 2, 3 ...; a None is not drawn."""
    known = [one for line in lines.values() for one in line if one is not None]
    if not known:
        return '<p class="note">Nothing was scored.</p>'
    low, high, longest = min(known), max(known), max(len(line) for line in lines.values())
    drawn = []
    for number, (name, line) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        step = max(1, len(line) // 500)
        points = " ".join(
            f"{60 + 480 * (place + 1) / longest:.1f},{220 - 190 * (one - low) / ((high - low) or 1):.1f}"
            for place, one in enumerate(line)
            if one is not None and (place % step == 0 or place == len(line) - 1)
        )
        drawn.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{points}"/>')
        drawn.append(f'<text x="556" y="{44 + 20 * number}" fill="{colour}">{escape(name)}</text>')
    axis = _axis(across, up, ("0", f"{longest:,}"), (f"{low:.3g}", f"{high:.3g}"))
    return f'<svg viewBox="0 0 720 250" width="720" role="img" font-size="13">{axis}{"".join(drawn)}</svg>'


def _axis(across: str, up: str, x: tuple[str, str], y: tuple[str, str]) -> str:
    return (
        '<path d="M60 26V220H540" fill="none" stroke="#9aa7b4"/>'
        f'<text x="60" y="237">{x[0]}</text><text x="540" y="237" text-anchor="end">{x[1]}</text>'
        f'<text x="300" y="242" text-anchor="middle" fill="#5a6876">{escape(across)}</text>'
        f'<text x="54" y="224" text-anchor="end">{y[0]}</text><text x="54" y="36" text-anchor="end">{y[1]}</text>'
        f'<text x="60" y="16" fill="#5a6876">{escape(up)}</text>'
    )


def asked_svg(row: Mapping[str, Any]) -> str:
    """Return one property's found values over the asked ones: a dot a molecule, and the line where they are equal."""
    wanted, found = row["wanted"], row["found"]
    low, high = min(*wanted, *found), max(*wanted, *found)
    span = (high - low) or 1

    def place(x: float, y: float) -> tuple[float, float]:
        return 14 + 172 * (x - low) / span, 126 - 112 * (y - low) / span

    # values asked for are few: dots beside each other, in the order drawn, so that many are seen
    dots = []
    for number, (x, y) in enumerate(zip(wanted, found, strict=True)):
        across, down = place(x, y)
        dots.append(f'<circle cx="{across + number % 7 - 3:.1f}" cy="{down:.1f}" r="1.8"/>')
    ends = "{:.1f} {:.1f}L{:.1f} {:.1f}".format(*place(low, low), *place(high, high))
    return (
        '<svg viewBox="0 0 200 148" width="200" role="img" font-size="10">'
        '<path d="M14 14V126H186" fill="none" stroke="#9aa7b4"/>'
        f'<path d="M{ends}" stroke="#3a7d44" stroke-dasharray="4 3" fill="none"/>'
        f'<g fill="#2364aa" fill-opacity=".45">{"".join(dots)}</g>'
        f'<text x="14" y="140">{low:.3g}</text><text x="186" y="140" text-anchor="end">{high:.3g}</text>'
        '<text x="100" y="140" text-anchor="middle" fill="#5a6876">asked</text></svg>'
    )


def bars_svg(values: Sequence[float], bins: int = 24) -> str:
    """Return a histogram."""
    low, high = min(values), max(values)
    counts = [0] * bins
    for one in values:
        counts[min(int(bins * (one - low) / ((high - low) or 1)), bins - 1)] += 1
    tallest = max(counts)
    bars = "".join(
        f'<rect x="{20 + 20 * n}" y="{150 - 130 * one / tallest:.1f}" width="18" height="{130 * one / tallest:.1f}"/>'
        for n, one in enumerate(counts)
    )
    return (
        f'<svg viewBox="0 0 520 175" width="520" role="img" font-size="12"><g fill="#2364aa">{bars}</g>'
        f'<text x="20" y="168">{low:.3g}</text><text x="500" y="168" text-anchor="end">{high:.3g}</text></svg>'
    )
