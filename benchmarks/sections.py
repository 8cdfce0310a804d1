"""What pages about diseases tell by their sections, held against what curated sources say of the same diseases.

    clinweave graph propose medquad.tar.gz --method sections --predicates has_phenotype,treats,diagnoses --out DIR
    python benchmarks/sections.py GRAPH DIR [--half developed|reported|both] [--show 20]

Findings are held against HPO's and Orphanet's curated annotations, treatments against the curated ones of the graph,
for diseases that have at least five there. A finding counts as the same, as implied (the same or an ancestor of one
that is annotated) or as related (implied, or a kind of one that is annotated). What a curated list lacks may still be
true, so these shares are lower bounds. The floor gives each disease the findings of another page, in random order. The
rules were chosen by the figures of one half of the diseases (by a hash of the identifier); the other half is reported.
"""

import argparse
import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from clinweave.knowledge import Graph

LEAST = 5
EXCLUDED = "HP:0040285"
KINDS = {"biolink:has_phenotype": "findings", "biolink:treats": "treatments"}
SOURCES = {"findings": ("hpoa", "orphanet"), "treatments": ()}
Told = dict[str, set[str]]


def half_of(disease: str) -> str:
    """Return which half a disease is in, by a hash of its identifier."""
    return ("developed", "reported")[int(hashlib.sha256(disease.encode()).hexdigest(), 16) % 2]


def curated(path: Path, aspect: str) -> Told:
    """Return disease -> what curated sources say of it."""
    predicates = (
        ["biolink:has_phenotype"]
        if aspect == "findings"
        else ["biolink:treats", "biolink:ameliorates_condition"]
    )
    columns = ["subject", "object", "source", "negated", "grade", "frequency"]
    expected = [("predicate", "in", predicates), ("grade", "=", "curated")]
    result: Told = defaultdict(set)
    for row in pq.read_table(path / "relations.parquet", columns=columns, filters=expected).to_pylist():
        ends = row["subject"], row["object"]
        disease, other = ends if aspect == "findings" else ends[::-1]
        sources = SOURCES[aspect]
        if not row["negated"] and row["frequency"] != EXCLUDED and (not sources or row["source"] in sources):
            result[disease].add(other)
    return {disease: things for disease, things in result.items() if len(things) >= LEAST}


def proposed(folder: Path, graph: Graph, aspect: str) -> dict[str, dict[str, dict[str, str]]]:
    """Return disease -> thing -> the row that tells it first, in the identifiers of the graph."""
    result: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    for line in (folder / "proposals.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        ends = [graph.resolve(row[name]) for name in ("subject", "object")]
        if KINDS.get(row["predicate"]) == aspect and all(ends):
            disease, other = ends if aspect == "findings" else ends[::-1]
            result[disease].setdefault(other, row)
    return result


def agreement(graph: Graph, told: Mapping[str, set[str]], known: Told) -> np.ndarray:
    """Return for each disease (same, implied, related, all) of what is told of it."""
    above = cache(lambda curie: frozenset(graph.ancestors(curie)))
    counts = []
    for disease, things in told.items():
        there = known[disease]
        up = there.union(*(above(item) for item in there))
        implied = sum(item in up for item in things)
        below = sum(item not in up and bool(above(item) & there) for item in things)
        counts.append((len(things & there), implied, implied + below, len(things)))
    return np.array(counts)


def floor(graph: Graph, told: Mapping[str, set[str]], known: Told) -> np.ndarray:
    """Return the shares where each disease is given the things of another page."""
    shuffler, diseases = random.Random(0), list(told)
    sums = np.zeros(4)
    for _ in range(10):
        others = diseases[:]
        shuffler.shuffle(others)
        sums += agreement(
            graph, {item: told[other] for item, other in zip(diseases, others, strict=True)}, known
        ).sum(0)
    return sums[:3] / sums[3]


def interval(counts: np.ndarray, column: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, by a bootstrap over diseases."""
    picks = np.random.default_rng(0).integers(0, len(counts), (1000, len(counts)))
    sums = counts[picks].sum(1)
    low, high = np.quantile(sums[:, column] / sums[:, 3], (0.025, 0.975))
    return float(low), float(high)


def report(graph: Graph, name: str, told: Mapping[str, set[str]], known: Told) -> None:
    counts = agreement(graph, told, known)
    shares, below = counts.sum(0)[:3] / counts.sum(0)[3], floor(graph, told, known)
    print(f"{name}: {len(told)} diseases, {counts.sum(0)[3]:,} things told")
    for column, title in enumerate(("the same", "implied", "related")):
        low, high = interval(counts, column)
        print(
            f"  {title:10}{shares[column]:7.1%} ({low:.1%}-{high:.1%}); of another page {below[column]:.1%}"
        )


def show(rows: Sequence[dict[str, str]], graph: Graph, count: int) -> None:
    """Print some of what is told, with its quote, to be judged by eye."""
    for row in random.Random(1).sample(list(rows), min(count, len(rows))):
        names = [graph.concept(row[end]).name for end in ("subject", "object")]
        quote = " ".join(row["quote"].split())[:160]
        print(f"    {names[0]} | {names[1]} | {row['section']} | {quote}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("graph", type=Path)
    parser.add_argument("proposals", type=Path)
    parser.add_argument("--half", choices=("developed", "reported", "both"), default="reported")
    parser.add_argument("--show", type=int, default=0)
    given = parser.parse_args()
    graph = Graph.open(given.graph)
    for aspect in SOURCES:
        known, told = curated(given.graph, aspect), proposed(given.proposals, graph, aspect)
        total = sum(map(len, told.values()))
        print(
            f"\n{aspect}: {total:,} of {len(told):,} diseases; {len(known):,} diseases have {LEAST} curated ones"
        )
        chosen = {item: rows for item, rows in told.items() if given.half in (half_of(item), "both")}
        for section in ("symptoms", "information") if aspect == "findings" else ("treatment",):
            of = {
                item: {other for other, row in rows.items() if row["section"] == section}
                for item, rows in chosen.items()
                if item in known
            }
            if of := {item: things for item, things in of.items() if things}:
                report(graph, section, of, known)
        if given.show:
            show([row for rows in chosen.values() for row in rows.values()], graph, given.show)


if __name__ == "__main__":
    main()
