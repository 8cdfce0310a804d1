"""Relations proposed from text, on BC5CDR's chemical-induced diseases: precision, recall and F1 beside co-occurrence.

    python benchmarks/proposals.py TRAIN.PubTator.txt DEV.PubTator.txt [--documents 150] [--model smollm2]

Mentions are the corpus's own. Candidates are those of `clinweave graph propose`; the model is asked as there, on a
sample of abstracts. Every threshold and weight is chosen on the training sample alone, and scored on the development
sample.
Beside the model stand two baselines (every pair in one abstract; every pair in one sentence) and a control without a
language model: logistic regression over plain features, fitted on the same sample, and on all of the training part.
The last arm adds the model's score to those features.
Intervals are bootstraps over abstracts, and differences are paired: the same abstracts are drawn for both.
"""

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from clinweave.core.artifacts import home
from clinweave.knowledge import proposal_rules
from clinweave.knowledge.citations import sentences
from clinweave.knowledge.relation_extraction.candidates import candidates
from clinweave.knowledge.relation_extraction.llm import by_score
from clinweave.models import LanguageModel, open_model
from clinweave.records import Mention

CATEGORY = {"Chemical": "biolink:SmallMolecule", "Disease": "biolink:Disease"}
CUES = ("induc", "caus", "associat", "after", "follow", "due to", "toxic", "treat", "effect", "develop", "during",
        "therap", "prevent", "patient")  # fmt: skip
Pair = tuple[str, str]


@dataclass
class Abstract:
    id: str
    text: str
    mentions: list[Mention] = field(default_factory=list)
    gold: set[Pair] = field(default_factory=set)

    def pairs(self) -> list[Pair]:
        """Return every chemical with every disease of the abstract."""
        ids = {
            kind: sorted({m.id for m in self.mentions if m.category == kind}) for kind in CATEGORY.values()
        }
        return [(item, other) for item in ids[CATEGORY["Chemical"]] for other in ids[CATEGORY["Disease"]]]


def read(path: Path) -> list[Abstract]:
    result: dict[str, Abstract] = {}
    for line in path.read_text("utf-8").splitlines():
        if form := re.match(r"(\d+)\|([ta])\|(.*)", line):
            held = result.setdefault(form[1], Abstract(form[1], ""))
            held.text = form[3] if form[2] == "t" else f"{held.text} {form[3]}"
        elif len(cells := line.split("\t")) == 4 and cells[1] == "CID":
            result[cells[0]].gold.add((cells[2], cells[3]))
        elif len(cells) >= 6:
            for id_ in cells[5].split("|"):
                if id_ != "-1":
                    start, end, kind = int(cells[1]), int(cells[2]), CATEGORY[cells[4]]
                    result[cells[0]].mentions.append(
                        Mention(
                            start,
                            end,
                            result[cells[0]].text[start:end],
                            id_,
                            cells[3],
                            kind,
                            1.0,
                            False,
                            "gold",
                        )
                    )
    return [held for held in result.values() if held.pairs()]


def sample(path: Path, count: int) -> list[Abstract]:
    """Return abstracts in a fixed random order; a smaller count gives the beginning of a larger one."""
    held = read(path)
    random.Random(0).shuffle(held)
    return held[: count or None]


def asked(
    model: LanguageModel, held: list[Abstract], kept: Path | None, minutes: float
) -> dict[str, dict[Pair, float]]:
    """Return the model's score of each candidate by abstract; `kept` holds what was asked before.

    Asking ends after `minutes` (0: never); abstracts that were not reached are not in what comes back.
    """
    known: dict[str, list[Any]] = {}
    if kept and kept.is_file():
        known = {row[0]: row[1] for row in map(json.loads, kept.read_text("utf-8").splitlines())}
    rules, scores = proposal_rules(["causes"]), {}
    begun, spent = time.perf_counter(), time.process_time()
    for number, item in enumerate(held, 1):
        if item.id not in known:
            if minutes and time.perf_counter() - begun > 60 * minutes:
                break
            result = by_score(model, item.text, candidates(item.text, item.mentions, rules))
            known[item.id] = [
                [entry.candidate.subject.id, entry.candidate.object.id, entry.score] for entry in result
            ]
            if kept:
                with kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([item.id, known[item.id]]) + "\n")
        scores[item.id] = {(a, b): score for a, b, score in known[item.id]}
        if number % 10 == 0:
            print(f"\r{number} of {len(held)} abstracts, {time.perf_counter() - begun:.0f} s, "
                  f"{time.process_time() - spent:.0f} s of CPU", end="", file=sys.stderr, flush=True)  # fmt: skip
    print(file=sys.stderr)
    return scores


def features(item: Abstract, pair: Pair) -> list[float]:
    """Return plain features of a pair: where its mentions stand, how often, and which cue words stand by."""
    spans = sentences.split(item.text)
    of = [[m for m in item.mentions if m.id == id_] for id_ in pair]
    place = [
        [next((n for n, s in enumerate(spans) if s.start <= m.start < s.end), 0) for m in ms] for ms in of
    ]
    both = sorted(set(place[0]) & set(place[1]))
    apart = min(abs(a.start - b.start) for a in of[0] for b in of[1])
    near = min(((a, b) for a in of[0] for b in of[1]), key=lambda ab: abs(ab[0].start - ab[1].start))
    left, right = sorted((near[0].start, near[1].start))
    between = item.text[left : right + 40].lower()
    kinds = [len({m.id for m in item.mentions if m.category == kind}) for kind in CATEGORY.values()]
    values = [bool(both), len(both), np.log1p(apart), *(np.log1p(len(ms)) for ms in of), *(0 in p for p in place),
              *(len(spans) - 1 in p for p in place), near[0].start < near[1].start, *map(np.log1p, kinds),
              *(min(p) / len(spans) for p in place), *(cue in between for cue in CUES)]  # fmt: skip
    return [float(value) for value in values]


def logistic(x: Any, y: Any, penalty: float = 1.0) -> tuple[Any, Any, Any]:
    """Return (mean, spread, weights) of a logistic regression with an L2 penalty, by Newton's method."""
    mean, spread = x.mean(0), x.std(0) + 1e-9
    z = np.column_stack([np.ones(len(x)), (x - mean) / spread])
    weights, ridge = np.zeros(z.shape[1]), penalty * np.eye(z.shape[1])
    ridge[0, 0] = 0
    for _ in range(30):
        p = 1 / (1 + np.exp(-(z @ weights)))
        step = np.linalg.solve((z.T * (p * (1 - p))) @ z + ridge, z.T @ (y - p) - ridge @ weights)
        weights = weights + step
        if np.abs(step).max() < 1e-8:
            break
    return mean, spread, weights


def applied(model: tuple[Any, Any, Any], x: Any) -> Any:
    mean, spread, weights = model
    return np.column_stack([np.ones(len(x)), (x - mean) / spread]) @ weights


class Part:
    """A part of the corpus as arrays: a row for each pair of each abstract."""

    def __init__(self, held: list[Abstract], scores: dict[str, dict[Pair, float]]) -> None:
        rows = [(item, pair) for item in held for pair in item.pairs()]
        number = {item.id: index for index, item in enumerate(held)}
        self.doc = np.array([number[item.id] for item, _ in rows])
        self.y = np.array([pair in item.gold for item, pair in rows], float)
        self.missed = np.array([len(item.gold - set(item.pairs())) for item in held])
        self.x = np.array([features(item, pair) for item, pair in rows])
        self.lm = np.array([scores.get(item.id, {}).get(pair, -np.inf) for item, pair in rows])
        self.same = self.x[:, 0] > 0
        self.size = len(held)

    def counts(self, chosen: Any) -> Any:
        """Return (true, proposed, gold) for each abstract."""
        sums = [
            np.bincount(self.doc, weights, self.size) for weights in (chosen * self.y, chosen * 1.0, self.y)
        ]
        return np.column_stack([sums[0], sums[1], sums[2] + self.missed])


def prf(counts: Any) -> tuple[float, float, float]:
    right, proposed, gold = counts.sum(0) if counts.ndim == 2 else counts
    return right / max(proposed, 1), right / max(gold, 1), 2 * right / max(proposed + gold, 1)


def best_threshold(part: Part, score: Any) -> float:
    """Return the threshold with the best F1."""
    finite = np.unique(score[np.isfinite(score)])
    cuts = np.quantile(finite, np.linspace(0, 0.99, 100))
    return float(max(cuts, key=lambda cut: prf(part.counts(score >= cut))[2]))


def arms(train: Part, dev: Part, whole: Part) -> dict[str, Any]:
    """Return each arm's choice on the development part."""
    result = {"every pair of an abstract": np.ones(len(dev.y), bool), "every pair of a sentence": dev.same}
    if not np.isfinite(train.lm).any():  # --model none
        fitted, cut = logistic(whole.x, whole.y), best_threshold(whole, held_out(whole.x, whole))
        return {**result, "features, all of training": applied(fitted, dev.x) >= cut}
    lm = [
        np.where(np.isfinite(part.lm), part.lm, train.lm[np.isfinite(train.lm)].min())
        for part in (train, dev)
    ]
    for name, scores in (
        ("model", (train.lm, dev.lm)),
        ("model, one sentence", tuple(np.where(p.same, p.lm, -np.inf) for p in (train, dev))),
    ):
        result[name] = scores[1] >= best_threshold(train, scores[0])
    for name, part, inputs in (
        ("features, all of training", whole, (whole.x, dev.x)),
        ("features, same sample", train, (train.x, dev.x)),
        (
            "features + model",
            train,
            tuple(np.column_stack([p.x, s]) for p, s in zip((train, dev), lm, strict=True)),
        ),
    ):
        fitted = logistic(inputs[0], part.y)
        result[name] = applied(fitted, inputs[1]) >= best_threshold(part, held_out(inputs[0], part))
    return result


def held_out(x: Any, part: Part, folds: int = 5) -> Any:
    """Return scores of the training part, each from weights that did not see its abstract."""
    scores = np.zeros(len(x))
    for fold in range(folds):
        inside = part.doc % folds == fold
        scores[inside] = applied(logistic(x[~inside], part.y[~inside]), x[inside])
    return scores


def report(dev: Part, made: dict[str, Any], base: str = "every pair of a sentence") -> list[dict[str, Any]]:
    draws = np.random.default_rng(0).integers(0, dev.size, (2000, dev.size))
    counts = {name: dev.counts(chosen) for name, chosen in made.items()}
    drawn = {name: np.array([prf(value[draw].sum(0)) for draw in draws]) for name, value in counts.items()}
    print(f"{'':<28}{'P':>7}{'R':>7}{'F1':>7}  {'F1 95 %':>15}  {f'F1 - {base}':>32}{'P - it':>18}")
    rows = []
    for name, value in counts.items():
        result, low_high = prf(value), np.percentile(drawn[name][:, 2], (2.5, 97.5))
        apart = {at: np.percentile((drawn[name] - drawn[base])[:, place], (2.5, 97.5))
                 for at, place in (("f1", 2), ("precision", 0))}  # fmt: skip
        gap = result[2] - prf(counts[base])[2]
        print(f"{name:<28}{result[0]:7.3f}{result[1]:7.3f}{result[2]:7.3f}   {low_high[0]:.3f} - {low_high[1]:.3f}"
              f"  {gap:+14.3f} [{apart['f1'][0]:+.3f}, {apart['f1'][1]:+.3f}]"
              f"   [{apart['precision'][0]:+.3f}, {apart['precision'][1]:+.3f}]")  # fmt: skip
        rows.append({"arm": name, "precision": result[0], "recall": result[1], "f1": result[2],
                     "interval": list(low_high), "gain": gap, "gain_interval": list(apart["f1"])})  # fmt: skip
    return rows


def ranking(part: Part, score: Any) -> float:
    """Return the area under the ROC curve of a score over the candidates that have one."""
    inside = np.isfinite(score)
    order = np.argsort(np.argsort(score[inside]))
    y = part.y[inside] > 0
    return float((order[y].sum() - y.sum() * (y.sum() - 1) / 2) / max(1, y.sum() * (~y).sum()))


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("corpora", type=Path, nargs="*", help="training and development part, PubTator")
    parser.add_argument("--documents", type=int, default=150, help="abstracts of each part, 0 for all")
    parser.add_argument("--model", default="smollm2", help="an address, or none for baselines alone")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--kept", type=Path, help="a file that keeps the model's scores, to go on from")
    parser.add_argument(
        "--minutes", type=float, default=0, help="stop asking then, and report what was asked"
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(list(arguments) if arguments is not None else None)
    if len(options.corpora) != 2:
        print("left out: give BC5CDR's training and development part (PubTator)")
        return
    parts = [sample(path, options.documents) for path in options.corpora]
    settings = {"threads": options.threads} if "://" not in options.model else {}
    scores: dict[str, dict[Pair, float]] = {}
    if options.model != "none":
        model = open_model(options.model, home=home(), **settings)
        turns = [item for both in zip_longest(*parts) for item in both if item is not None]
        scores = asked(model, turns, options.kept, options.minutes)
        parts = [[item for item in held if item.id in scores] for held in parts]
    train, dev = (Part(held, scores) for held in parts)
    print(
        f"{options.model}: {train.size} abstracts to choose on ({len(train.y):,} pairs, {int(train.y.sum())} true), "
        f"{dev.size} to report ({len(dev.y):,} pairs, {int(dev.y.sum())} true)"
        + (
            ""
            if options.model == "none"
            else f"; area under the curve of the score: {ranking(dev, dev.lm):.3f}"
        )
    )
    rows = report(dev, arms(train, dev, Part(read(options.corpora[0]), {})))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
