"""Megabytes a second of CPU time on one core, each arm on the same text and the same names, the best of two.

Peers and linker have the same number of names, evenly drawn from the graph's; the linker is shown with all, too.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from clinweave.knowledge import Graph, Linker
from clinweave.knowledge.linking.normalise import join, tokenise

PREFIX = ("HP",)


class Drawn:
    """A graph of which only some names are known."""

    def __init__(self, graph: Graph, folder: Path, names: frozenset[str]) -> None:
        self.graph, self.path, self.manifest = graph, folder, {"key": f"{len(names)} names"}
        table, seen, rows = graph.names(), set(), []
        for row, name in enumerate(table.column("name").to_pylist()):
            if name.lower() in names and name.lower() not in seen:
                seen.add(name.lower())
                rows.append(row)
        self._names = table.take(pa.array(rows))

    def names(self) -> pa.Table:
        return self._names

    def concepts(self, ids: Sequence[str], /) -> list[Any]:
        return self.graph.concepts(ids)

    def descendants(self, curie: str, /) -> frozenset[str]:
        return self.graph.descendants(curie)


def report(
    graph: Graph, linker: Linker, texts: list[str], megabytes: float, most: int, *, peers: bool, slow: bool
) -> None:
    """Print the speeds; `most` names are given to the peers, evenly drawn from all; `slow`: spaCy too."""
    size = sum(map(len, texts))
    batch = (texts * (int(megabytes * 1e6 / size) + 1))[: max(1, int(len(texts) * megabytes * 1e6 / size))]
    total = sum(map(len, batch)) / 1e6
    names = sorted(
        {name.lower() for name in graph.names().column("name").to_pylist() if 3 <= len(name) <= 150}
    )
    names = names[:: max(1, len(names) // most)][:most]
    start = time.process_time()
    Linker.open(graph)
    opened = time.process_time() - start
    print(f"\n{total:.1f} MB of text; vocabulary opened in {opened:.4f} s (CPU times throughout)")
    arms = {
        f"{name}; {len(names):,} names": work
        for name, work in (_peers(names, batch, slow=slow) if peers else {}).items()
    }
    place = graph.path.with_name(f"{graph.path.name}-{len(names)}-names")
    equal = Linker.open(Drawn(graph, place, frozenset(names)))
    equal.spans(["warm"])
    _print(total, arms | _own(equal, batch, len(names)))
    linker.spans(["warm"], PREFIX)
    own = _own(linker, batch, len(linker.vocabulary.names))
    own["whole linker, told in HPO, judged; all names"] = lambda: linker.spans(batch, PREFIX)
    _print(total, own)
    times = [timed(lambda: linker.link("Does Marfan syndrome cause aortic aneurysm?")) for _ in range(200)]
    half, most = (1000 * float(np.quantile(times, part)) for part in (0.5, 0.99))
    print(f"one question: p50 {half:.2f} ms, p99 {most:.2f} ms")


def _own(linker: Linker, batch: list[str], names: int) -> dict[str, Callable[[], object]]:
    pieces = [join(batch[at : at + 200])[0] for at in range(0, len(batch), 200)]
    dictionary = linker.vocabulary.dictionary
    tokens = [tokenise(piece) for piece in pieces]
    arms: dict[str, Callable[[], object]] = {
        "dictionary matching, tokens ready": lambda: [dictionary.match(item) for item in tokens],
        "dictionary matching, from raw text": lambda: [dictionary.match(tokenise(piece)) for piece in pieces],
        "whole linker, to arrays": lambda: linker.spans(batch),
        "whole linker, to an Arrow batch with reasons": lambda: linker.link_batch(batch),
    }
    return {f"{name}; {names:,} names": work for name, work in arms.items()}


def _print(total: float, arms: Mapping[str, Callable[[], object]]) -> None:
    """Print each arm's speed. Arms take turns: what else the machine does then weighs on all alike."""
    seconds = dict.fromkeys(arms, float("inf"))
    for _ in range(2):
        for name, work in arms.items():
            seconds[name] = min(seconds[name], timed(work))
    peer = next((seconds[name] for name in arms if name.startswith("ahocorasick_rs, text ready")), 0.0)
    for name, spent in seconds.items():
        ratio = f"{peer / spent:6.2f} x ahocorasick_rs" if peer else ""
        print(f"{name:<78}{total / spent:8.2f} MB/s {ratio}", flush=True)


def _peers(names: list[str], batch: list[str], *, slow: bool) -> dict[str, Callable[[], object]]:
    import ahocorasick_rs
    from flashtext2 import KeywordProcessor

    padded = sorted({f" {re.sub(r'[^a-z0-9]+', ' ', name).strip()} " for name in names})
    automaton = ahocorasick_rs.AhoCorasick([name for name in padded if len(name) > 3], store_patterns=False)
    processor = KeywordProcessor(case_sensitive=False)
    processor.add_keywords_from_iter(names)
    ready = _padded(batch)
    arms: dict[str, Callable[[], object]] = {
        "ahocorasick_rs, text ready, padded, overlapping": lambda: automaton.find_matches_as_indexes(
            ready, overlapping=True
        ),
        "ahocorasick_rs, from raw text": lambda: automaton.find_matches_as_indexes(
            _padded(batch), overlapping=True
        ),
        "flashtext2, from raw text": lambda: [processor.extract_keywords_with_span(text) for text in batch],
    }
    return arms | (_spacy(names, batch) if slow else {})


def _spacy(names: list[str], batch: list[str]) -> dict[str, Callable[[], object]]:
    import spacy
    from spacy.matcher import PhraseMatcher

    english = spacy.blank("en")
    matcher = PhraseMatcher(english.vocab, attr="LOWER")
    matcher.add("name", list(english.tokenizer.pipe(names)))
    few = batch[: max(1, len(batch) // 10)]  # a tenth, counted ten times
    return {
        "spaCy PhraseMatcher, from raw text (x 10 of a tenth)": lambda: [
            [matcher(english.make_doc(text)) for text in few] for _ in range(10)
        ]
    }


def _padded(batch: list[str]) -> str:
    return " " + re.sub(r"[^a-z0-9]+", "  ", " ".join(batch).lower()) + " "


def timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
