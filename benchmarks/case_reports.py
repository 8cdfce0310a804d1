"""Findings of whole documents: precision, recall and F1 of the HPO concepts that a linker reads in case reports.

    python benchmarks/case_reports.py REPORTS.jsonl [--graph DIR]

A line is {"id", "text", "concepts": [{"id", "status"}]}; concepts with the status "affirmed" are the gold. Told are the
concepts of mentions that the patient has or had (status present or historical, no relative's). Old HPO ids count as the
live ones. The interval is that of 2,000 draws of documents (seed 0).
"""

import argparse
import json
import random
from pathlib import Path

from clinweave.core.artifacts import home
from clinweave.knowledge import Graph, Linker

OBSERVED = frozenset({"present", "historical"})


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("reports", type=Path)
    parser.add_argument("--graph", type=Path, default=home() / "graph")
    options = parser.parse_args()
    graph = Graph.open(options.graph)
    rows = [json.loads(line) for line in options.reports.read_text("utf-8").splitlines() if line.strip()]
    found = Linker.open(graph).link_many([row["text"] for row in rows], ["HP"])
    counts = []
    for row, mentions in zip(rows, found, strict=True):
        marked = [item["id"] for item in row["concepts"] if item["status"] == "affirmed"]
        gold = {graph.resolve(curie) or curie for curie in marked}
        told = {item.id for item in mentions if item.status in OBSERVED and not item.experiencer}
        counts.append((len(gold & told), len(told), len(gold)))
    precision, recall, score = scores(counts)
    draw = random.Random(0)
    drawn = sorted(scores(draw.choices(counts, k=len(counts)))[2] for _ in range(2000))
    print(f"{len(rows)} documents, {sum(gold for _, _, gold in counts)} concepts")
    print(f"P {precision:.3f}  R {recall:.3f}  F1 {score:.3f} ({drawn[50]:.3f} to {drawn[1949]:.3f})")


def scores(counts: list[tuple[int, int, int]]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of (right, told, gold) by document."""
    right, told, gold = (sum(column) for column in zip(*counts, strict=True))
    precision, recall = right / max(1, told), right / max(1, gold)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


if __name__ == "__main__":
    main()
