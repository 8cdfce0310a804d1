"""Learn which matches annotators mark (`mention_classifier.json`) and what they call things (`usage.tsv`).

    python benchmarks/linkers/learning.py --graph DIR TRAINING.txt [TRAINING.jsonl ...] [--folds 5] [--usage] [--halves]

L2-regularised logistic regression over the features of `clinweave.knowledge.linking.mention_classifier`, a few
hundred weights, on every candidate of the dictionary in the training corpora: right where it overlaps a gold mention of
the same concept (half a vote unless the span is exact). Prints cross-validated figures by folds of documents. The
thresholds maximise document F1; with few documents, they are the lowest within one standard error of it. Development
parts are not read.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from corpora import Corpus, Scorer, read
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from clinweave.core.artifacts import home
from clinweave.knowledge import Graph, Linker
from clinweave.knowledge.linking import mention_classifier
from clinweave.knowledge.linking.bag_of_words import SHARED
from clinweave.knowledge.linking.normalise import join, normal_form, tokenise
from clinweave.knowledge.linking.ranking import DISEASE, USAGE
from clinweave.knowledge.linking.selection import longest_first

FOLDER = Path(mention_classifier.__file__).parent
STRENGTH = {"table": 0.3, "word": 1.0}  # L2
ENOUGH = 500  # documents that tell thresholds apart
SEEN = 5  # a word counts from this many candidates on
SIZES = {"kind": 16, "kind in group": 64, "length": 64, "level": 20, "size": 48, "number": 16, "senses": 16}
SIZES |= {"support": 16, "repeats": 32, "inside": 12, "capital": 16, "brackets": 16, "category": 16}


class Candidates(NamedTuple):
    """All candidates of a corpus as columns."""

    tables: dict[str, Any]
    words: dict[str, list[str]]
    group: Any
    label: Any
    weight: Any
    document: Any
    at: Any
    size: Any
    score: Any
    how: Any
    ids: list[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("corpora", nargs="+", type=Path)
    parser.add_argument("--graph", type=Path, default=home() / "graph")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--usage", action="store_true", help="write usage.tsv instead")
    parser.add_argument("--halves", action="store_true", help="tell what names of one half do in the other")
    options = parser.parse_args()
    graph = Graph.open(options.graph)
    linker, scorer = Linker.open(graph), Scorer(graph)
    corpora = [corpus for path in options.corpora for corpus in read(path)]
    if options.halves:
        for corpus in corpora:
            names, right, wrong = halves(linker, scorer, corpus)
            print(
                f"{corpus.name}: {names} names a half; in the other {right} concepts more right, {wrong} wrong"
            )
        return
    if options.usage:
        rows = sorted({row for corpus in corpora for row in usage(linker, corpus)})
        (FOLDER / "usage.tsv").write_text("".join(f"{name}\t{curie}\n" for name, curie in rows), "utf-8")
        return
    result = [candidates(linker, scorer, corpus) for corpus in corpora]
    limits = thresholds(scorer, corpora, result, options.folds)
    learned = fit(result, [np.ones(len(item.label), bool) for item in result])
    learned["threshold"] = limits
    (FOLDER / "mention_classifier.json").write_text(
        json.dumps(learned, indent=0, sort_keys=True) + "\n", "utf-8"
    )


def candidates(linker: Linker, scorer: Scorer, corpus: Corpus) -> Candidates:
    """Return the dictionary's candidates of a corpus with features and labels."""
    vocabulary, scope = linker.vocabulary, linker.scope(corpus.prefixes, corpus.categories)
    whole, begins = join(corpus.texts)
    tokens = tokenise(whole)
    result, how, sense, score = linker.candidates(whole, tokens, scope)
    document = np.searchsorted(begins, tokens.start[result.first], side="right") - 1
    group = mention_classifier.groups(vocabulary, scope, sense)
    matches = mention_classifier.Matches(result, how, sense, document)
    tables = mention_classifier.features(tokens, matches, vocabulary, scope, group)
    ids = vocabulary.shown(vocabulary.concept[sense], scope)[1].to_pylist()
    last = result.first + result.size - 1
    start, end = tokens.start[result.first] - begins[document], tokens.end[last] - begins[document]
    gold = scorer.gold(corpus, live=False)
    label, weight = np.zeros(len(ids)), np.ones(len(ids))
    once, votes = _named_once(corpus), np.ones(len(ids))
    for number in np.flatnonzero(vocabulary.kind[sense] == USAGE).tolist():
        # A name that this very document gave says nothing of how often such names are right.
        at, size = int(result.first[number]), int(result.size[number])
        votes[number] = once.get(" ".join(tokens.words(at, at + size))) != document[number]
    for number, (doc, low, high, curie) in enumerate(
        zip(document.tolist(), start.tolist(), end.tolist(), ids, strict=True)
    ):
        for row in gold[doc]:
            if row.start < high and low < row.end and any(scorer.same(item, curie) for item in row.ids):
                label[number] = 1
                exact = (row.start, row.end) == (low, high)
                weight[number] = 1.0 if exact else 0.5
                if exact:
                    break
    return Candidates(
        tables,
        _words(tokens, result, group),
        group,
        label,
        weight * votes,
        document,
        result.first,
        result.size,
        score,
        how,
        ids,
    )


def _named_once(corpus: Corpus) -> dict[str, int]:
    """Return, for each name that annotators used in one document alone, that document's number."""
    places = defaultdict(set)
    for number, document in enumerate(corpus.documents):
        for row in document.gold:
            places[normal_form(document.text[row.start : row.end])].add(number)
    return {name: min(numbers) for name, numbers in places.items() if len(numbers) == 1}


def _words(tokens: Any, found: Any, group: Any) -> dict[str, list[str]]:
    """Return the word features as `mention_classifier` reads them: the group's number, then the words; "" for none."""
    rows: dict[str, list[str]] = {name: [] for name in mention_classifier.WORDS}
    kinds = np.maximum(group, DISEASE).tolist()  # findings share their words with diseases
    for at, size, kind in zip(found.first.tolist(), found.size.tolist(), kinds, strict=True):
        words, stop = tokens.words(at, at + size), at + size
        before = at > 0 and tokens.sentence[at - 1] == tokens.sentence[at]
        after = stop < len(tokens) and tokens.sentence[stop] == tokens.sentence[stop - 1]
        spelt = {
            "before": tokens.words(at - 1, at) if before else [],
            "after": tokens.words(stop, stop + 1) if after else [],
            "first": words[:1],
            "last": words[-1:],
            "whole": words if size <= 3 else [],
        }
        for name, parts in spelt.items():
            rows[name].append(" ".join([str(kind), *parts]) if parts else "")
    return rows


def fit(found: list[Candidates], chosen: list[Any]) -> dict[str, Any]:
    """Return the model of the chosen candidates as plain JSON values."""
    seen = {name: Counter() for name in mention_classifier.WORDS}
    for item, rows in zip(found, chosen, strict=True):
        for name in mention_classifier.WORDS:
            seen[name].update(item.words[name][row] for row in np.flatnonzero(rows))
    columns: dict[tuple[str, Any], int] = {}
    for name, size in SIZES.items():
        columns |= {(name, value): len(columns) + value for value in range(size)}
    for name in mention_classifier.WORDS:
        for word in sorted(word for word, count in seen[name].items() if word and count >= SEEN):
            columns[name, word] = len(columns)
    matrix, label, weight = _matrix(found, chosen, columns)
    strength = np.array([STRENGTH["table" if name in SIZES else "word"] for name, _ in columns])
    solved = minimize(
        _loss, np.zeros(len(columns) + 1), (matrix, label, weight, strength), "L-BFGS-B", jac=True
    )
    weights = np.round(solved.x, 3)
    learned: dict[str, Any] = {"intercept": float(weights[-1]), "tables": {}, "words": {}}
    for (name, value), number in columns.items():
        if name in SIZES:
            learned["tables"].setdefault(name, []).append(float(weights[number]))
        elif abs(weights[number]) >= 0.05:
            learned["words"].setdefault(name, {})[value] = float(weights[number])
    for name in mention_classifier.WORDS:
        learned["words"].setdefault(name, {})
    return learned


def _matrix(
    found: list[Candidates], chosen: list[Any], columns: dict[tuple[str, Any], int]
) -> tuple[Any, Any, Any]:
    rows_of, columns_of, first = [], [], 0
    for entry, keep in zip(found, chosen, strict=True):
        rows = np.flatnonzero(keep)
        for name in SIZES:
            rows_of.append(first + np.arange(len(rows)))
            columns_of.append(columns[name, 0] + entry.tables[name][rows])
        for name in mention_classifier.WORDS:
            place = np.array([columns.get((name, entry.words[name][row]), -1) for row in rows], np.int64)
            there = np.flatnonzero(place >= 0)
            rows_of.append(first + there)
            columns_of.append(place[there])
        first += len(rows)
    at, of = np.concatenate(rows_of), np.concatenate(columns_of)
    matrix = csr_matrix((np.ones(len(at)), (at, of)), shape=(first, len(columns)))
    label, weight = (
        np.concatenate([getattr(entry, item)[keep] for entry, keep in zip(found, chosen, strict=True)])
        for item in ("label", "weight")
    )
    return matrix, label, weight


def _loss(weights: Any, matrix: Any, label: Any, vote: Any, strength: Any) -> tuple[float, Any]:
    total = matrix @ weights[:-1] + weights[-1]
    value = vote @ (np.logaddexp(0.0, total) - label * total) + 0.5 * strength @ weights[:-1] ** 2
    slope = vote * (1.0 / (1.0 + np.exp(-total)) - label)
    return float(value), np.append(matrix.T @ slope + strength * weights[:-1], slope.sum())


def said(learned: dict[str, Any], one: Candidates) -> Any:
    """Return the probability of each candidate."""
    total = np.full(len(one.label), learned["intercept"])
    for name, values in learned["tables"].items():
        total += np.array(values)[one.tables[name]]
    for name, weights in learned["words"].items():
        total += np.array([weights.get(word, 0.0) for word in one.words[name]])
    return 1.0 / (1.0 + np.exp(-total))


def thresholds(scorer: Scorer, corpora: list[Corpus], found: list[Candidates], folds: int) -> list[float]:
    """Return the threshold of each group that is best for document F1 across folds; print the figures."""
    chances = [np.zeros(len(item.label)) for item in found]
    for fold in range(folds):
        learned = fit(found, [item.document % folds != fold for item in found])
        for chance, item in zip(chances, found, strict=True):
            held = item.document % folds == fold
            chance[held] = np.where(item.weight > 0, said(learned, item), -1.0)[held]
    limits = [0.5, 0.5, 0.5]
    groups = defaultdict(list)
    for corpus, item, chance in zip(corpora, found, chances, strict=True):
        groups[int(np.bincount(item.group, minlength=4)[:3].argmax())].append((corpus, item, chance))
    steps = (0.0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
    for group, parts in groups.items():
        table = [
            [counted(scorer, corpus, item, chance >= limit) for limit in steps]
            for corpus, item, chance in parts
        ]
        for limit, values in zip(steps, zip(*table, strict=True), strict=True):
            told = (f"{part[0].name} {f1(value):.3f}" for part, value in zip(parts, values, strict=True))
            print(group, limit, " ".join(told), flush=True)
        limits[group] = steps[_chosen(table)]
    return limits


def _chosen(table: list[list[Any]]) -> int:
    """Return the best threshold; with few documents the lowest within one standard error (resampled) of the best.

    Small corpora cannot tell thresholds apart; the one that refuses least is then the least fitted to them.
    """
    draws = np.random.default_rng(0)
    means = np.mean([[f1(step) for step in item] for item in table], axis=0)
    best = int(means.argmax())
    if sum(len(item[0]) for item in table) >= ENOUGH:
        return best
    loss = []
    for _ in range(200):
        drawn = [draws.integers(0, len(item[0]), len(item[0])) for item in table]
        values = [[f1(step[rows]) for step in item] for item, rows in zip(table, drawn, strict=True)]
        loss.append(np.mean(values, axis=0)[best])
    return int(np.flatnonzero(means >= means[best] - np.std(loss))[0])


def f1(counts: Any) -> float:
    """Return F1 of rows (right, told, met, wanted), one per document."""
    right, told, met, expected = counts.sum(axis=0)
    precision, recall = right / max(1, told), met / max(1, expected)
    return float(2 * precision * recall / max(1e-9, precision + recall))


def counted(scorer: Scorer, corpus: Corpus, one: Candidates, stay: Any) -> Any:
    """Return (right, told, met, wanted) ids of each document for the candidates that stay, freed of overlaps."""
    rows = np.flatnonzero(stay)
    alone = rows[one.how[rows] != SHARED]
    kept = alone[longest_first(one.at[alone], one.size[alone], one.score[alone])]
    told: list[set[str]] = [set() for _ in corpus.documents]
    for row in [*kept.tolist(), *rows[one.how[rows] == SHARED].tolist()]:
        told[one.document[row]].add(one.ids[row])
    counts = []
    for gold, ids in zip(scorer.gold(corpus, live=False), told, strict=True):
        expected = {item for row in gold for item in row.ids}
        right = sum(any(scorer.same(item, other) for other in expected) for item in ids)
        met = sum(any(scorer.same(item, other) for other in ids) for item in expected)
        counts.append((right, len(ids), met, len(expected)))
    return np.array(counts)


def usage(linker: Linker, corpus: Corpus) -> Iterator[tuple[str, str]]:
    """Yield (name, identifier) that annotators used, and mostly so, and that mean nothing so far.

    One document is enough: names learned on one half of the training parts were right in the other half as often as
    the linker's own (docs/linking.md). None for findings, which have but 30 texts.
    """
    if corpus.prefixes == ("HP",):
        return
    unaided = Linker(linker.vocabulary, judged=False, usage=False)
    result = unaided.link_many(corpus.texts, corpus.prefixes, corpus.categories)
    times: Counter[tuple[str, str]] = Counter()
    known, total = Counter(), Counter()
    for document, mentions in zip(corpus.documents, result, strict=True):
        spans = {(item.start, item.end) for item in mentions}
        for row in document.gold:
            surface = document.text[row.start : row.end]
            name = normal_form(surface)
            if (row.start, row.end) in spans:
                known[name] += 1
            elif len(row.ids) == 1 and len(name) >= 5 and not (surface.isupper() and len(surface) < 7):
                times[name, row.ids[0]] += 1
                total[name] += 1
    texts = [f" {normal_form(text)} " for text in corpus.texts]
    for (name, curie), count in times.items():
        if known[name] >= count / 3 or count < 0.7 * total[name]:
            continue
        if count >= 0.5 * sum(text.count(f" {name} ") for text in texts):
            yield name, curie


def halves(linker: Linker, scorer: Scorer, corpus: Corpus) -> tuple[int, int, int]:
    """Return (names a half, right, wrong): concepts that only the names of the other half's annotators tell."""
    unaided = Linker(linker.vocabulary, judged=False, usage=False)
    names = right = wrong = 0
    for half in (0, 1):
        learned = set(usage(linker, replace(corpus, documents=corpus.documents[half::2])))
        other = replace(corpus, documents=corpus.documents[1 - half :: 2])
        names += len(learned)
        result = unaided.link_many(other.texts, other.prefixes, other.categories)
        for document, mentions in zip(other.documents, result, strict=True):
            text, told = f" {normal_form(document.text)} ", {item.id for item in mentions}
            expected = {item for row in document.gold for item in row.ids}
            for curie in {curie for name, curie in learned if f" {name} " in text} - told:
                if not any(scorer.same(curie, item) for item in expected):
                    wrong += 1
                elif not any(scorer.same(curie, item) for item in told):
                    right += 1
    return names // 2, right, wrong


if __name__ == "__main__":
    main()
