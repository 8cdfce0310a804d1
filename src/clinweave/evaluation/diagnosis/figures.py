"""Curves of robustness as SVG: a panel a kind and depth, a line an arm, a band for its 95 % interval."""

from collections.abc import Mapping, Sequence
from typing import Any

from clinweave.evaluation.diagnosis.robustness import AT, LEVELS, TOLD

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 360, 230, 38, 20, 12, 34


def curve_panels(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return {"title", "svg"} of each panel; the legend is the page's, by class arm-N in the order of arms."""
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    found = []
    for kind in LEVELS:
        for at in AT:
            mine = [row for row in rows if row["kind"] == kind]
            most = max(row[f"top{at}"][2] for row in rows)
            title = f"{kind}, top-{at}"
            found.append(
                {"title": title, "told": TOLD[kind], "svg": _panel(mine, arms, f"top{at}", most, title)}
            )
    return found


def _panel(rows: Sequence[Mapping[str, Any]], arms: Sequence[str], key: str, most: float, title: str) -> str:
    furthest = max(float(row["level"]) for row in rows)
    top = (int(most * 10) + 1) / 10

    def x(level: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * level / furthest

    def y(share: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - share / top)

    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}">']
    for tick in range(int(top * 10) + 1):
        if tick % (2 if top > 0.5 else 1) == 0:
            at = y(tick / 10)
            parts.append(f'<path class="grid" d="M{_LEFT} {at:.1f}H{_WIDTH - _RIGHT}"/>')
            parts.append(f'<text x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{tick * 10} %</text>')
    for level in sorted({row["level"] for row in rows}):
        middle = f'x="{x(level):.1f}" y="{_HEIGHT - 14}" text-anchor="middle"'
        parts += [f"<text {middle}>{100 * level:.0f} %</text>"]
    for place, arm in enumerate(arms):
        mine = sorted((row for row in rows if row["arm"] == arm), key=lambda row: float(row["level"]))
        upper = [f"{x(row['level']):.1f} {y(row[key][2]):.1f}" for row in mine]
        lower = [f"{x(row['level']):.1f} {y(row[key][1]):.1f}" for row in reversed(mine)]
        line = [f"{x(row['level']):.1f} {y(row[key][0]):.1f}" for row in mine]
        parts.append(f'<path class="band arm-{place}" d="M{"L".join([*upper, *lower])}Z"/>')
        parts.append(f'<path class="curve arm-{place}" d="M{"L".join(line)}"/>')
        parts += [
            f'<circle class="arm-{place}" cx="{point.split()[0]}" cy="{point.split()[1]}" r="2.6"/>'
            for point in line
        ]
    return "".join(parts) + "</svg>"
