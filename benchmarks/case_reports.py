"""Findings of whole documents: precision, recall and F1 of the HPO concepts that are read in case reports.

    python benchmarks/case_reports.py REPORTS.jsonl [--graph DIR]
    python benchmarks/case_reports.py REPORTS.jsonl --speed TEXTS.jsonl ...

`--speed` prints megabytes of `text` a second of CPU time, the best of three, and a digest of what was read.

A line is {"id", "text", "concepts": [{"id", "status"}]}; concepts with the status "affirmed" are the gold. Told are the
concepts of mentions that the patient has or had (status present or historical, no relative's). Old HPO ids count as the
live ones. Each row is a way of reading, with its difference from the linker by names alone. Intervals are those of
2,000 draws of documents (seed 0), the same draws for both sides of a difference.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from clinweave.core.artifacts import home
from clinweave.knowledge import Graph, Linker, NoteReader
from clinweave.records import Mention

Counts = tuple[int, int, int]  # right, told, gold of a document
_DRAWS = 2000


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("reports", type=Path)
    parser.add_argument("--graph", type=Path, default=home() / "graph")
    parser.add_argument("--speed", nargs="*", type=Path, metavar="TEXTS.jsonl", help="measure speed instead")
    options = parser.parse_args()
    graph = Graph.open(options.graph)
    if options.speed is not None:
        _speed(Linker.open(graph), [options.reports, *options.speed])
        return
    rows = [json.loads(line) for line in options.reports.read_text("utf-8").splitlines() if line.strip()]
    gold = [
        {graph.resolve(item["id"]) or item["id"] for item in row["concepts"] if item["status"] == "affirmed"}
        for row in rows
    ]
    print(f"{len(rows)} documents, {sum(map(len, gold))} concepts")
    draw = random.Random(0)
    drawn = [draw.choices(range(len(rows)), k=len(rows)) for _ in range(_DRAWS)]
    texts = [row["text"] for row in rows]
    base: list[Counts] | None = None
    for name, read in readings(Linker.open(graph)).items():
        counts = [
            (len(expected & told), len(told), len(expected))
            for expected, told in zip(gold, map(observed, read(texts)), strict=True)
        ]
        base = base or counts
        print(f"{name:<40}{shown(counts, base, drawn)}")


def _speed(linker: Linker, files: Sequence[Path]) -> None:
    """Print the speed of each way of reading and a digest of its mentions."""
    lines = [line for path in files for line in path.read_text("utf-8").splitlines() if line.strip()]
    texts = [json.loads(line)["text"] for line in lines]
    size = sum(len(text.encode()) for text in texts) / 1e6
    for name, read in readings(linker).items():
        seconds = []
        for _ in range(3):
            start = time.process_time()
            mentions = read(texts)
            seconds.append(time.process_time() - start)
        digest = sha256(repr(mentions).encode()).hexdigest()[:12]
        print(f"{name:<40}{size / min(seconds):.2f} MB/s of {size:.2f} MB  {digest}")


def readings(linker: Linker) -> dict[str, Callable[[Sequence[str]], list[list[Mention]]]]:
    """Return the ways of reading by name; the first is what the others are compared with."""
    return {
        "linker": lambda texts: linker.link_many(texts, ["HP"]),
        "notes": NoteReader(linker).read_many,
        "notes without values": NoteReader(linker, values=False).read_many,
        "notes without words that stand apart": NoteReader(linker, apart=False).read_many,
    }


def observed(mentions: Sequence[Mention]) -> set[str]:
    """Return the concepts that the patient has or had."""
    return {item.id for item in mentions if item.of_patient}


def shown(counts: list[Counts], base: list[Counts], drawn: Sequence[Sequence[int]]) -> str:
    """Return precision, recall, F1 with its interval, and the difference from `base` with its interval."""
    precision, recall, score = scores(counts)
    rounds = sorted(scores([counts[at] for at in chosen])[2] for chosen in drawn)
    text = f"P {precision:.3f}  R {recall:.3f}  F1 {score:.3f} ({_interval(rounds)})"
    if counts is base:
        return text
    gains = sorted(
        scores([counts[at] for at in chosen])[2] - scores([base[at] for at in chosen])[2] for chosen in drawn
    )
    return f"{text}  {score - scores(base)[2]:+.3f} ({_interval(gains)})"


def _interval(values: Sequence[float]) -> str:
    """Return the middle 95 % of sorted values."""
    return f"{values[len(values) // 40]:.3f} to {values[-1 - len(values) // 40]:.3f}"


def scores(counts: Sequence[Counts]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of (right, told, gold) by document."""
    right, told, gold = (sum(column) for column in zip(*counts, strict=True))
    precision, recall = right / max(1, told), right / max(1, gold)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


if __name__ == "__main__":
    main()
