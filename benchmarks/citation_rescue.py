"""What a model as second judge of entailment adds to the citation checker, and at which threshold.

    python benchmarks/citation_rescue.py MODEL [--sets NAME ...] [--sample 120] [--scores FILE] [--minutes N]
        [--threshold X] [--json]

MODEL is an address as in `ask --judge`. A written pair reaches the model only where the rules leave it open ("the
passage does not state this"), the passage asserts something usable, and no veto holds
(`clinweave.knowledge.citations.vetoes`). What reaches the model is judged in the order of the passages, so that each is
evaluated once. `--sample` judges at most that many false pairs of all sets together (seeded); counts of the others are
estimated from them. `--scores` keeps the log-odds between runs; `--minutes` ends a run early, to be continued:
what is not judged by then is not rescued, and its number is printed (exit code 3).

Printed for each set: where the pairs end, the area under the curve over the judged ones, and false support and recall
with the rules alone, with the model at the threshold of `ask`, and at one chosen without the set: the least log-odds at
which at most 1 % of the false pairs of the other sets become supported. Only totals are printed, so sets that nobody
may read can be scored. Intervals are Wilson's, 95 %. Needs the built graph.
"""

import argparse
import json
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from rich.console import Console
from rich.table import Table

from clinweave.core.artifacts import home
from clinweave.core.statistics import wilson
from clinweave.datasets import NamedConcepts, read_written_pairs
from clinweave.knowledge import CitationChecker, Graph, Linker, ModelJudge
from clinweave.knowledge.citations.judge import THRESHOLD
from clinweave.knowledge.citations.premises import Premise
from clinweave.models import open_judge
from clinweave.records import Verdict

WRITTEN = Path(__file__).parents[1] / "tests" / "knowledge" / "citation_pairs"
SEALED = ("unseen_f", "unseen_g")  # scored only where named
HELD_OUT = ("unseen_b", "unseen_h", *SEALED)  # no part in the choice of a threshold
ALLOWED = 0.01  # share of false pairs that a chosen threshold may let through


@dataclass(slots=True)
class Item:
    """A written pair: how far it came, and the model's log-odds where it was judged."""

    set: str
    supported: bool  # the label
    sentence: str
    state: str  # "supported", "refused", "not asserted", "veto: ...", "open"
    premise: Premise | None
    odds: float | None = None
    weight: float = 1.0


def read_items(sets: Sequence[str]) -> list[Item]:
    """Return the pairs of the named sets; of all but the sealed ones if none is named."""
    graph = Graph.open(home() / "graph")
    names = NamedConcepts(graph)
    checker = CitationChecker(names, Linker.open(graph))
    items = []
    for path in sorted(WRITTEN.rglob("*.jsonl")):
        group = path.stem.removeprefix("true_").removeprefix("false_")
        if group not in sets if sets else group in SEALED:
            continue
        for pair in read_written_pairs(path, names):
            verdict, _ = checker.check(pair.sentence, pair.evidence)
            state, premise = "supported", None
            if verdict != Verdict.SUPPORTED:
                premise, reason = checker.judgeable(pair.sentence, pair.evidence)
                state = reason or "open"
            items.append(Item(group, pair.supported, pair.sentence, state, premise))
    return items


def sample(items: Sequence[Item], most: int) -> list[Item]:
    """Return the open pairs to judge: the true ones, and at most so many false ones, which stand for the others."""
    candidates = [item for item in items if item.state == "open"]
    false = [item for item in candidates if not item.supported]
    chosen = random.Random(0).sample(false, min(most, len(false)))
    for item in false:
        item.weight = 0.0
    for item in chosen:
        item.weight = len(false) / len(chosen)
    judged = [item for item in candidates if item.supported] + chosen
    return sorted(judged, key=lambda item: item.premise.passage if item.premise else "")


def judge(items: Sequence[Item], address: str, path: Path | None, minutes: float) -> list[float]:
    """Set the log-odds of the items until the minutes are over; return the seconds of each that was not in `path`."""
    ends = time.perf_counter() + 60 * minutes
    rows = map(json.loads, path.open(encoding="utf-8")) if path and path.exists() else ()
    cached = {row["key"]: row["odds"] for row in rows}
    opened: list[ModelJudge] = []
    seconds = []
    for item in items:
        key = sha256("\0".join((address, item.premise.passage, item.sentence)).encode()).hexdigest()[:24]
        if key not in cached:
            started = time.perf_counter()
            if started > ends:
                continue  # those that are in the file already still count
            if not opened:
                opened.append(ModelJudge(address, partial(open_judge, address, threads=1)))
            cached[key] = opened[0].log_odds(item.premise.passage, item.sentence)
            seconds.append(time.perf_counter() - started)
            if path is not None:
                with path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"key": key, "odds": cached[key]}) + "\n")
        item.odds = cached[key]
    return seconds


def area(items: Sequence[Item]) -> float | None:
    """Return how often a judged true pair has higher log-odds than a false one; None without both."""
    true = [item.odds for item in items if item.odds is not None and item.supported]
    false = [item.odds for item in items if item.odds is not None and not item.supported]
    if not true or not false:
        return None
    return sum((a > b) + (a == b) / 2 for a in true for b in false) / (len(true) * len(false))


def rescued(items: Sequence[Item], threshold: float) -> float:
    """Return how many pairs become supported, those of a sample counted for the others."""
    return sum(item.weight for item in items if item.odds is not None and item.odds >= threshold)


def chosen_threshold(items: Sequence[Item], without: str) -> float:
    """Return the least log-odds at which at most `ALLOWED` of the false pairs of the other sets are rescued."""
    false = [
        item for item in items if not item.supported and item.set != without and item.set not in HELD_OUT
    ]
    values = sorted({item.odds for item in items if item.odds is not None}, reverse=True)
    best = max(values, default=0.0) + 1e-9
    for value in values:
        if rescued(false, value) > ALLOWED * len(false):
            break
        best = value
    return best


def shown(count: float, n: int) -> str:
    """Return "3 of 120, 2.5 % (0.9-7.1)"."""
    if not n:
        return ""
    low, high = wilson(round(count), n)
    return f"{count:.0f} of {n}, {100 * count / n:.1f} % ({100 * low:.1f}-{100 * high:.1f})"


def report(items: Sequence[Item], threshold: float) -> list[dict]:
    """Return a row for each set and one for all that took part in the choice of the threshold."""
    sets = list(dict.fromkeys(item.set for item in items))
    groups = {name: [item for item in items if item.set == name] for name in sets}
    groups["development"] = [item for item in items if item.set not in HELD_OUT]
    rows = []
    for name, group in groups.items():
        own = chosen_threshold(items, name)
        row: dict = {"set": name, "area": area(group), "threshold": threshold, "chosen": own}
        for label in (False, True):
            part = [item for item in group if item.supported is label]
            rules = sum(item.state == "supported" for item in part)
            row["true" if label else "false"] = {
                "n": len(part),
                "rules": rules,
                "with_model": rules + rescued(part, threshold),
                "with_chosen": rules + rescued(part, own),
                "states": dict(Counter(item.state for item in part).most_common()),
            }
        rows.append(row)
    return rows


def show(rows: Sequence[dict], seconds: Sequence[float]) -> None:
    """Print the tables."""
    console = Console(width=170, file=sys.stdout)
    heads = ("set", "area", "false: rules", "false: with model", "true: rules", "true: with model")
    table = Table(*heads, "threshold chosen without it: false", "true")
    for row in rows:
        false, true = row["false"], row["true"]
        table.add_row(
            row["set"],
            "" if row["area"] is None else f"{row['area']:.2f}",
            *(shown(part[use], part["n"]) for part in (false, true) for use in ("rules", "with_model")),
            f"{row['chosen']:.2f}: {shown(false['with_chosen'], false['n'])}",
            shown(true["with_chosen"], true["n"]),
        )
    console.print(table)
    states = Table("set", "false pairs that are not supported by the rules", "true pairs")
    for row in rows:
        states.add_row(
            row["set"],
            *(
                ", ".join(
                    f"{name} {count}" for name, count in row[label]["states"].items() if name != "supported"
                )
                for label in ("false", "true")
            ),
        )
    console.print(states)
    console.print(f"threshold: {rows[0]['threshold']:.2f}")
    if seconds:
        print(f"{len(seconds)} judgements, {sum(seconds) / len(seconds):.2f} s each")


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge, choose thresholds, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("--sets", nargs="*", default=[], help="names of sets, such as unseen_h")
    parser.add_argument("--sample", type=int, default=120, help="most false pairs that are judged")
    parser.add_argument("--scores", type=Path, help="keep the log-odds in this file")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end after so many, with exit code 3")
    parser.add_argument(
        "--threshold", type=float, default=THRESHOLD, help="least log-odds of a supported sentence"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    items = read_items(options.sets)
    judged = sample(items, options.sample)
    seconds = judge(judged, options.model, options.scores, options.minutes)
    rows = report(items, options.threshold)
    if options.json:
        print(json.dumps({"rows": rows, "seconds": seconds}, indent=1))
    else:
        show(rows, seconds)
    left = sum(item.odds is None for item in judged)
    if left:
        print(f"not judged: {left} of {len(judged)} open pairs; run it again", file=sys.stderr)
    return 3 if left else 0


if __name__ == "__main__":
    sys.exit(main())
