"""How often the citation checker is wrong: false support by kind, recall on true sentences, coverage, speed.

    python benchmarks/citation_checker.py [--n 4000] [--seed 0] [--json] [--show KIND [--split SPLIT]]
    python benchmarks/citation_checker.py --n 0 --pairs tests/knowledge/citation_pairs/unseen --totals

Two kinds of pairs are scored: those that people wrote (`tests/knowledge/citation_pairs/*.jsonl`, one table a file) and
those made from the graph (`--n` of them; 0 leaves them out). The pairs in `unseen` were written without reading the
checker; `--totals` prints no kinds and no sentences, to keep them unseen. Needs the built graph (`clinweave fetch`,
`clinweave graph build`). A sentence counts as falsely supported where the checker says "supported" and the pair is
labelled otherwise. Coverage is the share of pairs on which it decides at all. Intervals are Wilson's, 95 %.
"""

import argparse
import contextlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from clinweave.artifacts import home
from clinweave.datasets import NamedConcepts, citation_pairs, read_written_pairs
from clinweave.knowledge import CitationChecker, Graph, Linker
from clinweave.records import Verdict
from clinweave.statistics import wilson

GOAL = 0.02
WRITTEN = Path(__file__).parents[1] / "tests" / "knowledge" / "citation_pairs"


def score(pairs, checker):
    """Return for each pair its verdict and reason."""
    return [checker.check(pair.sentence, pair.evidence) for pair in pairs]


def summary(pairs, verdicts) -> dict:
    """Return counts with Wilson intervals: `supported` is recall for true pairs and false support for the others."""
    n = len(pairs)
    hits = sum(verdict == Verdict.SUPPORTED for verdict, _ in verdicts)
    contradicted = sum(verdict == Verdict.CONTRADICTED for verdict, _ in verdicts)
    low, high = wilson(hits, n) if n else (0.0, 1.0)
    return {
        "n": n,
        "supported": hits / n if n else None,
        "low": low,
        "high": high,
        "contradicted": contradicted / n if n else None,
        "coverage": (hits + contradicted) / n if n else None,
    }


def report(pairs, verdicts) -> dict:
    """Return the whole result: by kind and split, and over all."""
    groups: dict = defaultdict(list)
    for pair, verdict in zip(pairs, verdicts, strict=True):
        truth = "true" if pair.supported else "false"
        for key in (
            (pair.kind, pair.split),
            ("all " + truth, pair.split),
            ("all " + truth, "both"),
            ("all", "both"),
        ):
            groups[key].append((pair, verdict))
    rows = []
    for (kind, split), found in groups.items():
        counted = summary([pair for pair, _ in found], [verdict for _, verdict in found])
        rows.append({"kind": kind, "split": split, "label": found[0][0].supported, **counted})
    return {"pairs": len(pairs), "goal_false_support": GOAL, "rows": rows}


def show(result: dict, seconds: float) -> None:
    """Print the tables."""
    cells = {(row["kind"], row["split"]): row for row in result["rows"]}
    splits = ("development", "held-out")
    for label, title in ((True, "Recall on true sentences, %"), (False, "False support on corruptions, %")):
        table = Table("kind", "n", *splits, "contradicted", title=title)
        kinds = dict.fromkeys(row["kind"] for row in result["rows"] if row["label"] is label)
        for kind in sorted(kinds, key=lambda kind: kind.startswith("all")):
            both = [cells[kind, split] for split in splits if (kind, split) in cells]
            if kind == "all" or not both:
                continue
            total = sum(row["n"] for row in both)
            shown = [
                f"{100 * row['supported']:.1f} ({100 * row['low']:.0f}-{100 * row['high']:.0f})"
                for row in both
            ]
            against = 100 * sum(row["contradicted"] * row["n"] for row in both) / total
            table.add_row(kind, str(total), *shown, f"{against:.0f}")
        Console(width=100).print(table)
    true, false, everything = (cells[kind, "both"] for kind in ("all true", "all false", "all"))
    Console(width=100).print(
        f"{result['pairs']} pairs, {1000 * seconds / result['pairs']:.1f} ms each: false support "
        f"{100 * false['supported']:.2f} % ({100 * false['low']:.2f}-{100 * false['high']:.2f}; goal at most "
        f"{100 * GOAL:.0f}); recall {100 * true['supported']:.1f} % (held-out phrasing "
        f"{100 * cells['all true', 'held-out']['supported']:.1f}); decided {100 * everything['coverage']:.1f} %"
    )


def show_written(name: str, pairs, verdicts, seconds: float, totals: bool = False) -> list[dict]:
    """Print one file of written pairs by kind (or its totals only), and return the rows."""
    groups: dict = defaultdict(list)
    for pair, verdict in zip(pairs, verdicts, strict=True):
        if not totals:
            groups[pair.kind].append((pair, verdict))
        groups["all"].append((pair, verdict))
    label = pairs[0].supported
    title = f"{name}: {'recall on true sentences' if label else 'false support'}"
    table = Table("kind", "n", "supported", "% (95 % CI)", "contradicted", title=title)
    rows = []
    for kind in sorted(groups, key=lambda kind: kind == "all"):
        found = groups[kind]
        row = summary([pair for pair, _ in found], [verdict for _, verdict in found])
        rows.append({"file": name, "kind": kind, "label": label, **row})
        interval = f"{100 * row['supported']:.1f} ({100 * row['low']:.1f}-{100 * row['high']:.1f})"
        hits, against = (round(row["n"] * row[key]) for key in ("supported", "contradicted"))
        table.add_row(kind, str(row["n"]), str(hits), interval, str(against))
    console = Console(width=100, file=sys.stdout)
    console.print(table)
    console.print(f"{1000 * seconds / len(pairs):.1f} ms a sentence")
    return rows


def show_errors(pairs, verdicts, options) -> None:
    """Print the pairs of one kind and split on which the checker is wrong."""
    for pair, (verdict, reason) in zip(pairs, verdicts, strict=True):
        wrong = (verdict == Verdict.SUPPORTED) != pair.supported  # a miss or a false support
        wanted = options.show == "all" or options.show in pair.kind
        if wanted and pair.split == options.split and wrong:
            print(f"{pair.kind}: {pair.sentence}\n    {verdict}: {reason}", file=sys.stderr)


def timed(pairs, checker):
    """Return the verdicts on the pairs, and the seconds they took."""
    begun = time.perf_counter()
    verdicts = score(pairs, checker)
    return verdicts, time.perf_counter() - begun


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and return 1 where the goal is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--n", type=int, default=4000, help="pairs made from the graph (default 4000; 0: none)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--show", metavar="KIND", help="print the pairs of a kind (or all) on which the checker is wrong"
    )
    parser.add_argument(
        "--split", default="development", help="with --show: development, held-out, or a file's name"
    )
    parser.add_argument("--pairs", type=Path, default=WRITTEN, help="folder of written pairs")
    parser.add_argument("--totals", action="store_true", help="of written pairs, print the totals only")
    options = parser.parse_args(arguments)
    graph = Graph.open(home() / "graph")
    linker = Linker.open(graph)
    result: dict = {"pairs": 0, "goal_false_support": GOAL, "rows": [], "written": []}
    names = NamedConcepts(graph)
    for path in sorted(options.pairs.glob("*.jsonl")):
        pairs = read_written_pairs(path, names)
        verdicts, seconds = timed(pairs, CitationChecker(names, linker))
        with contextlib.redirect_stdout(sys.stderr if options.json else sys.stdout):
            result["written"] += show_written(path.stem, pairs, verdicts, seconds, options.totals)
        if options.show and not options.totals:
            show_errors(pairs, verdicts, options)
    if options.n:
        pairs = citation_pairs(graph, n=options.n, seed=options.seed)
        verdicts, seconds = timed(pairs, CitationChecker(graph, linker))
        result |= report(pairs, verdicts)
        if options.show:
            show_errors(pairs, verdicts, options)
        if not options.json:
            show(result, seconds)
    if options.json:
        print(json.dumps(result, indent=1))
    missed = [row for row in result["rows"] if (row["kind"], row["split"]) == ("all false", "both")]
    missed += [row for row in result["written"] if row["kind"] == "all" and not row["label"]]
    return int(any(row["supported"] > GOAL for row in missed))


if __name__ == "__main__":
    sys.exit(main())
