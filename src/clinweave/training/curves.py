"""Loss and reward curves: stored as JSON lines next to the weights, drawn as SVG for the report."""

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.training.settings import Progress

if TYPE_CHECKING:
    from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

CURVE = "curve.jsonl"
_TIMES = ("runtime", "per_second", "flos", "time", "speed", "eps")  # differ between runs of the same thing

_DARK, _PALE = "#1f6f8b", "#c3dbe4"
_MANY, _AROUND = 40, 8  # points of which a running mean is drawn, and how many on each side it takes


def write_curve(history: Iterable[Mapping[str, object]], path: Path) -> list[dict[str, float]]:
    """Write a trainer's log, without what only measures time; return its rows."""
    rows = []
    for entry in history:
        row = {
            key: round(float(value), 6)
            for key, value in entry.items()
            if isinstance(value, int | float) and not any(word in key for word in _TIMES)
        }
        if len(row) > 1:
            rows.append(row)
    path.write_text("".join(json.dumps(row, sort_keys=True) + "\n" for row in rows), "utf-8")
    return rows


def listener(progress: Progress, steps: int) -> "TrainerCallback":
    """Return a trainer's callback that tells of each logged step."""
    from transformers import TrainerCallback

    class Listener(TrainerCallback):  # type: ignore[misc, unused-ignore]
        def on_log(
            self,
            args: "TrainingArguments",  # noqa: ARG002
            state: "TrainerState",
            control: "TrainerControl",  # noqa: ARG002
            logs: Mapping[str, float] | None = None,
            **_: object,
        ) -> None:
            progress(state.global_step, steps, logs or {})

    return Listener()


def read_curve(folder: Path) -> list[dict[str, float]]:
    """Return the rows of a stage's curve."""
    return [json.loads(line) for line in (folder / CURVE).read_text("utf-8").splitlines()]


def _smooth(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the mean of each point and those around it."""
    smoothed = []
    for index, (step, _) in enumerate(points):
        neighbours = [value for _, value in points[max(0, index - _AROUND) : index + _AROUND + 1]]
        smoothed.append((step, sum(neighbours) / len(neighbours)))
    return smoothed


def curve_svg(
    rows: Sequence[Mapping[str, float]], key: str, title: str = "", size: tuple[int, int] = (420, 160)
) -> str:
    """Return one value over the steps as an SVG drawing; "" where it was never logged.

    Of many steps a running mean is drawn over the values.
    """
    points = [(row.get("step", index), row[key]) for index, row in enumerate(rows, 1) if key in row]
    if len(points) < 2:
        return ""
    width, height = size
    low, high = min(value for _, value in points), max(value for _, value in points)
    first, last = points[0][0], points[-1][0]
    span, steps = (high - low) or 1.0, (last - first) or 1

    def line(points_drawn: Sequence[tuple[float, float]], colour: str) -> str:
        coordinates = " ".join(
            f"{50 + (width - 60) * (step - first) / steps:.1f},{20 + (height - 45) * (high - value) / span:.1f}"
            for step, value in points_drawn
        )
        return f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{coordinates}"/>'

    lines = line(points, _DARK if len(points) <= _MANY else _PALE)
    if len(points) > _MANY:
        lines += line(_smooth(points), _DARK)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">'
        f"<title>{escape(title or key)}</title>{lines}"
        f'<text x="50" y="13" font-size="11">{escape(title or key)}</text>'
        f'<text x="2" y="25" font-size="10">{high:.3g}</text><text x="2" y="{height - 25}" font-size="10">{low:.3g}'
        f'</text><text x="50" y="{height - 8}" font-size="10">step {first:g}</text>'
        f'<text x="{width - 10}" y="{height - 8}" font-size="10" text-anchor="end">{last:g}</text></svg>'
    )
