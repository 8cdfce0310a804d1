"""Plots for reports, drawn by matplotlib as SVG to put into a page: readable without a script and without a network.

Colours are the page's own (CSS variables): plots follow light and dark mode. matplotlib is imported when the
first plot is drawn.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from html import escape
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

Tone = Literal["up", "down", "none", "accent", "soft"]
Unit = Literal["percent", "points", ""]
Number = float | None
_WIDTH = 7.0  # inches, which a page shows at its own width
_PAGE_COLOURS = {  # drawn with the colour on the left, shown with the page's variable on the right
    "#1b2430": "--ink",
    "#5b6675": "--soft",
    "#e3e1da": "--rule",
    "#0b7a63": "--up",
    "#b3402e": "--down",
    "#75808e": "--none",
    "#cfe5df": "--bar",
    "#0b5c8a": "--accent",
}
_COLOUR = {name.removeprefix("--"): colour for colour, name in _PAGE_COLOURS.items()}
SERIES = ("#75808f", "#b3702e", "#8a5fb0", "#2f86c1", "#0b8a63", "#d1495b", "#6b705c")
_RC: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: small, and in the page's font
    "svg.hashsalt": "clinweave",
    "text.parse_math": False,
    "font.size": 9.0,
    "text.color": _COLOUR["ink"],
    "axes.labelcolor": _COLOUR["soft"],
    "axes.edgecolor": _COLOUR["soft"],
    "xtick.color": _COLOUR["soft"],
    "ytick.color": _COLOUR["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": _COLOUR["rule"],
}
_GENERATED = re.compile(r' id="(?:figure|axes|patch|line2d|text|xtick|ytick|matplotlib\.axis|legend|LineCollection'
                        r'|PathCollection|FillBetweenPolyCollection|PolyCollection)_\d+"')  # fmt: skip


_EXPORT: ContextVar[Path | None] = ContextVar("figures", default=None)
_DOTS_PER_INCH = 200


@contextmanager
def exporting(folder: Path) -> Iterator[None]:
    """Also write every figure that is drawn within as a standalone SVG and a PNG (200 dpi) into `folder`, numbered."""
    token = _EXPORT.set(folder)
    try:
        yield
    finally:
        _EXPORT.reset(token)


@dataclass(frozen=True)
class Estimate:
    """A value with its interval, in one row of an interval plot. `tone` claims a direction."""

    label: str
    value: float
    low: float
    high: float
    tone: Tone = "none"


@dataclass(frozen=True)
class Series:
    """A line over `x`; None is not drawn. `low` and `high` bound an optional band."""

    name: str
    x: Sequence[float]
    y: Sequence[Number]
    low: Sequence[float] = ()
    high: Sequence[float] = ()


@dataclass(frozen=True)
class Points:
    """A group of points; `low` and `high` are the ends of their intervals, `joined` draws a line through them."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    tone: Tone = "accent"
    size: float = 3.0
    joined: bool = False


def interval_plot(
    rows: Sequence[Estimate], title: str, *, unit: Unit = "percent", reference: float | None = None
) -> str:
    """Return one row per estimate, a dot on its interval, from the first at the top; `reference` is a dashed line."""
    with _drawing(title, 0.55 + 0.26 * len(rows)) as (axes, result):
        axes.grid(axis="x", linewidth=0.8)
        axes.set_axisbelow(True)
        if reference is not None:
            axes.axvline(reference, color=_COLOUR["soft"], linewidth=1, linestyle=(0, (3, 3)))
        for index, row in enumerate(rows):
            colour = _COLOUR[row.tone]
            axes.hlines(index, row.low, row.high, color=colour, linewidth=2)
            axes.plot([row.value], [index], "o", color=colour, markersize=5)
        axes.set_yticks(range(len(rows)), [row.label for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        _units(axes, "x", unit)
    return result[0]


def line_plot(
    lines: Sequence[Series],
    title: str,
    x_label: str = "",
    y_label: str = "",
    *,
    x_unit: Unit = "",
    y_unit: Unit = "",
    small: bool = False,
    level: float | None = None,
) -> str:
    """Return lines with their bands, named in a legend where there are several; "" where nothing can be drawn.

    `level` is a dashed line across.
    """
    if not any(value is not None for line in lines for value in line.y):
        return ""
    with _drawing(title, 2.0 if small else 2.6, width=3.6 if small else _WIDTH) as (axes, result):
        axes.grid(axis="y", linewidth=0.8)
        for number, line in enumerate(lines):
            colour = SERIES[number % len(SERIES)] if len(lines) > 1 else _COLOUR["accent"]
            points = [(x, y) for x, y in zip(line.x, line.y, strict=False) if y is not None]
            if not points:
                continue
            if line.low:
                axes.fill_between(line.x, line.low, line.high, color=colour, alpha=0.13, linewidth=0)
            xs, ys = zip(*points, strict=True)
            marker = "o" if len(points) <= 12 else ""
            axes.plot(xs, ys, marker=marker, color=colour, markersize=3, label=line.name)
        if len(lines) > 1:
            axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        if level is not None:
            axes.axhline(level, color=_COLOUR["up"], linewidth=1, linestyle=(0, (4, 3)))
        _units(axes, "x", x_unit)
        _units(axes, "y", y_unit)
    return result[0]


def scatter_plot(
    groups: Sequence[Points],
    title: str,
    x_label: str = "",
    y_label: str = "",
    *,
    diagonal: bool = False,
    small: bool = False,
) -> str:
    """Return groups of points, each with its intervals and the line through it; `diagonal` is where both are equal."""
    with _drawing(title, 2.4 if small else 3.6, width=2.8 if small else 5.0) as (axes, result):
        if diagonal:
            ends = [value for group in groups for values in (group.x, group.y) for value in values]
            line = [min(ends), max(ends)]
            axes.plot(line, line, color=_COLOUR["up"], linewidth=1, linestyle=(0, (4, 3)), label="equal")
        for group in groups:
            colour = _COLOUR[group.tone]
            if group.low:
                axes.vlines(group.x, group.low, group.high, color=colour, alpha=0.25, linewidth=1.5)
            axes.plot(
                group.x, group.y, "o", color=colour, alpha=0.5, markersize=group.size, markeredgewidth=0,
                linestyle="-" if group.joined else "", linewidth=1.2, label=group.name,
            )  # fmt: skip
        if len(groups) > 1 or (diagonal and not small):
            axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
    return result[0]


def histogram(
    values: Sequence[float], title: str, x_label: str = "", *, bins: int = 24, width: float = _WIDTH
) -> str:
    """Return a histogram; "" without values."""
    if not len(values):
        return ""
    with _drawing(title, 0.35 * width if width < 4 else 1.8, width=width) as (axes, result):
        axes.hist(values, bins=bins, color=_COLOUR["accent"], alpha=0.8, rwidth=0.92)
        axes.spines["left"].set_visible(False)
        axes.set_yticks([])
        axes.set_xlabel(x_label)
    return result[0]


@contextmanager
def _drawing(title: str, height: float, *, width: float = _WIDTH) -> "Iterator[tuple[Axes, list[str]]]":
    """Yield axes to draw on and a list that holds the SVG afterwards. `title` is what a screen reader says."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    result: list[str] = []
    with rc_context(_RC):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure.subplots(), result
        stream = StringIO()
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        if folder := _EXPORT.get():
            _write(figure, folder, title, stream.getvalue())
    result.append(_inline(stream.getvalue(), title))


def _write(figure: "Drawing", folder: Path, title: str, svg: str) -> None:
    """Write a figure as SVG and PNG under the next number in `folder`."""
    number = sum(1 for _ in folder.glob("*.svg")) + 1
    name = f"{number:02d}-{re.sub(r'[^a-z0-9]+', '-', title.casefold()).strip('-')[:60]}"
    (folder / f"{name}.svg").write_text(svg, "utf-8")
    figure.savefig(folder / f"{name}.png", dpi=_DOTS_PER_INCH, facecolor="white", metadata={"Software": None})


def _inline(text: str, title: str) -> str:
    """Return an SVG document as an element of a page, in the page's colours."""
    body = text[text.index("<svg") :]
    body = re.sub(r"\s*<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(
        r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", body, count=1, flags=re.DOTALL
    )  # for every element
    body = _GENERATED.sub("", body)
    body = re.sub(r' clip-path="url\([^)]*\)"', "", body)  # nothing is drawn outside its axes
    body = re.sub(r"\s*<defs>\s*(<clipPath.*?</clipPath>\s*)+</defs>", "", body, flags=re.DOTALL)
    body = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", body)
    body = re.sub(r"font-family: [^;\"]*;? ?", "", body)
    for colour, variable in _PAGE_COLOURS.items():
        body = body.replace(colour, f"var({variable})")
    head, _, rest = body.partition(">")
    box = re.search(r'viewBox="[^"]*"', head)
    width = re.search(r'width="([\d.]+)pt"', head)
    assert box
    assert width
    size = f"max-width:{float(width[1]) * 4 / 3:.0f}px"
    return (
        f'<svg class="figure" role="img" aria-label="{escape(title)}" {box[0]} style="width:100%;{size}" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink">{rest}'.strip()
    )


def _units(axes: "Axes", which: Literal["x", "y"], unit: Unit) -> None:
    """Let the ticks of an axis say fractions as per cent, or as signed points."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if unit == "percent":
        text = FuncFormatter(lambda value, _: f"{100 * value:.0f} %")
    elif unit == "points":
        text = FuncFormatter(lambda value, _: f"{100 * value:+.0f}".replace("-", "−").replace("+0", "0"))
    else:
        return
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(text)
    axis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
