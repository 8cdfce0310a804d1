"""Thresholds, areas under the curve and tables of the judges."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from rich.console import Console
from rich.table import Table

from clinweave.core.statistics import wilson
from clinweave.knowledge.citations.premises import Premise

GATES = ("alone", "reduced vetoes", "all vetoes")
REDUCED = frozenset({"number", "denial", "condition", "amount of a drug"})
ALLOWED = 0.005  # of the false pairs of the training sets that a threshold lets through


@dataclass(slots=True)
class Item:
    """A written pair: the rules' verdict, why it is kept from a judge, and the scores of the judges."""

    set: str
    sentence: str
    supported: bool  # the label
    by_rules: bool
    reason: str  # "", "not asserted", "refused", "veto: ..."
    vetoes: frozenset[str]  # all that hold
    premise: Premise | None
    scores: dict[str, float] = field(default_factory=dict)

    def reaches(self, gate: str) -> bool:
        """Tell whether the pair would be judged."""
        if self.by_rules or self.premise is None:
            return False
        if gate == "alone":
            return True
        if self.reason in ("not asserted", "refused"):
            return False
        return not (self.vetoes if gate == "all vetoes" else self.vetoes & REDUCED)


def threshold(items: Sequence[Item], judge: str, gate: str) -> float:
    """Return the least score at which at most `ALLOWED` of all false pairs become supported.

    Where only a sample was scored, it stands for the others.
    """
    false = [item for item in items if not item.supported]
    reach = [item for item in false if item.reaches(gate)]
    judged = sorted((item.scores[judge] for item in reach if judge in item.scores), reverse=True)
    most = int(ALLOWED * len(false) * len(judged) / max(1, len(reach)))
    return judged[most] + 1e-6 if most < len(judged) else -np.inf


def area(items: Sequence[Item], judge: str, gate: str) -> float | None:
    """Return how often a true pair that reaches the judge scores above a false one."""
    true = np.array([item.scores[judge] for item in items if item.supported and item.reaches(gate)])
    false = np.array([item.scores[judge] for item in items if not item.supported and item.reaches(gate)])
    if not len(true) or not len(false):
        return None
    above = (true[:, None] > false[None]).sum() + (true[:, None] == false[None]).sum() / 2
    return float(above / (len(true) * len(false)))


def row(items: Sequence[Item], judge: str, gate: str, least: float) -> dict:
    """Return the counts of one set: what the rules support, and what rules and judge support together."""
    result: dict = {"area": area(items, judge, gate)}
    for label in (True, False):
        part = [item for item in items if item.supported is label]
        rules = sum(item.by_rules for item in part)
        judged = [item for item in part if item.reaches(gate)]
        added = sum(item.scores[judge] >= least for item in judged)
        result["true" if label else "false"] = {
            "n": len(part), "rules": rules, "reach": len(judged), "with_judge": rules + added,
        }  # fmt: skip
    return result


def shown(count: int, n: int) -> str:
    """Return "3 of 120, 2.5 % (0.9-7.1)"."""
    if not n:
        return ""
    low, high = wilson(count, n)
    return f"{count} of {n}, {100 * count / n:.1f} % ({100 * low:.1f}-{100 * high:.1f})"


def show(rows: Sequence[dict]) -> None:
    """Print the table as Markdown."""
    console = Console(width=240)
    table = Table(
        "judge",
        "behind",
        "set",
        "area",
        "reach it: true, false",
        "false: rules",
        "false",
        "recall: rules",
        "recall",
    )
    for item in rows:
        true, false = item["true"], item["false"]
        table.add_row(
            item["judge"],
            item["gate"],
            item["set"],
            "" if item["area"] is None else f"{item['area']:.2f}",
            f"{true['reach']}, {false['reach']}",
            shown(false["rules"], false["n"]),
            shown(false["with_judge"], false["n"]),
            shown(true["rules"], true["n"]),
            shown(true["with_judge"], true["n"]),
        )
    console.print(table)
