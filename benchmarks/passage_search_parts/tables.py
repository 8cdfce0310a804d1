"""The tables of the benchmark in Markdown: recall of every arm, and paired differences to the default and to parts."""

from collections.abc import Mapping, Sequence
from typing import Any

Rows = Mapping[str, Sequence[Mapping[str, Any]]]  # set of questions -> a row for each arm
CUTS = ("recall@1", "recall@5", "recall@20")
# Set of questions, measure, and whether only the second half (weights chosen on the first).
COLUMNS = (
    ("guidelines", "mrr", False),
    ("paraphrased", "recall@5", False),
    ("reworded", "mrr", False),
    ("pubmedqa", "recall@1", False),
    ("pubmedqa", "mrr", False),
    ("pubmedqa", "mrr", True),
)
_NAMES = {"mrr": "MRR", "recall@1": "recall at 1", "recall@5": "recall at 5"}


def recall_table(rows: Rows, development: Mapping[str, float]) -> str:
    """Return recall at 1, 5 and 20 of every arm on every set, MRR on PubMedQA, and MRR on the development half."""
    names = list(rows)
    heads = [*(f"{name} @1, 5, 20" for name in names), f"{names[-1]} MRR", "development half, MRR"]
    lines = _head(["arm", *heads])
    for number, row in enumerate(rows[names[-1]]):
        cells = [", ".join(_share(rows[name][number][cut]) for cut in CUTS) for name in names]
        lines.append(_line([row["arm"], *cells, _share(row["mrr"]), _share(development.get(row["arm"]))]))
    return "\n".join(lines)


def difference_table(rows: Rows) -> str:
    """Return the paired differences in points with their intervals, each arm less the default and less its parts."""
    columns = [item for item in COLUMNS if item[0] in rows]
    heads = [f"{name}, {_NAMES[measure]}{', second half' if half else ''}" for name, measure, half in columns]
    lines = _head(["arm, less", *heads, "its questions better : worse (sign test)"])
    first = next(iter(rows.values()))
    for number, row in enumerate(first):
        for other in dict.fromkeys(key.partition(" - ")[2] for key in row["differences"]):
            cells = [
                _points(rows[name][number]["second half" if half else "differences"][f"{measure} - {other}"])
                for name, measure, half in columns
            ]
            name, measure, _ = columns[-1]
            better, worse, p = rows[name][number]["signs"][f"{measure} - {other}"]
            cells.append(f"{better} : {worse} (p = {p:.2g})")
            lines.append(_line([f"{row['arm']} - {other}", *cells]))
    return "\n".join(lines)


def _head(cells: Sequence[str]) -> list[str]:
    return [_line(cells), "|---" * len(cells) + "|"]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _share(value: float | None) -> str:
    if value is None:
        return "-"
    return "1" if value == 1 else "0" if value == 0 else f"{value:.3f}".removeprefix("0")


def _points(values: Sequence[float]) -> str:
    mean, low, high = (f"{100 * value:+.1f}" for value in values)
    return f"{mean} ({low} to {high})"
