"""Megabytes a second of CPU time on one core, each arm on the same text and the same names, the best of two."""

import re
import time
from collections.abc import Callable

import numpy as np

from clinweave.knowledge import Graph, Linker
from clinweave.knowledge.linking.normalise import join, tokenise

PREFIX = ("HP",)


def report(
    graph: Graph, linker: Linker, texts: list[str], megabytes: float, most: int, *, peers: bool
) -> None:
    """Print the speeds; `most` names are given to the peers, evenly drawn from all."""
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
    print(
        f"\n{len(names):,} names for peers, {len(linker.vocabulary.names):,} for the linker, {total:.1f} MB of text"
    )
    print(f"vocabulary opened in {opened:.4f} s (CPU times throughout)")
    arms = _peers(names, batch) if peers else {}
    pieces = [join(batch[at : at + 400])[0] for at in range(0, len(batch), 400)]
    dictionary = linker.vocabulary.dictionary
    tokens = [tokenise(piece) for piece in pieces]
    arms |= {
        "dictionary matching, tokens ready": lambda: [dictionary.match(item) for item in tokens],
        "dictionary matching, from raw text": lambda: [dictionary.match(tokenise(piece)) for piece in pieces],
        "whole linker, to arrays": lambda: linker.spans(batch),
        "whole linker, told in HPO, judged": lambda: linker.spans(batch, PREFIX),
        "whole linker, to an Arrow batch with reasons": lambda: linker.link_batch(batch),
    }
    linker.spans(["warm"], PREFIX)
    peer = 0.0
    for name, work in arms.items():
        seconds = min(timed(work) for _ in range(2))
        if name.startswith("ahocorasick_rs, text ready"):
            peer = seconds
        ratio = f"{peer / seconds:6.2f} x ahocorasick_rs" if peer else ""
        print(f"{name:<56}{total / seconds:8.2f} MB/s {ratio}")
    times = [timed(lambda: linker.link("Does Marfan syndrome cause aortic aneurysm?")) for _ in range(200)]
    half, most = (1000 * float(np.quantile(times, part)) for part in (0.5, 0.99))
    print(f"one question: p50 {half:.2f} ms, p99 {most:.2f} ms")


def _peers(names: list[str], batch: list[str]) -> dict[str, Callable[[], object]]:
    import ahocorasick_rs
    import spacy
    from flashtext2 import KeywordProcessor
    from spacy.matcher import PhraseMatcher

    padded = sorted({f" {re.sub(r'[^a-z0-9]+', ' ', name).strip()} " for name in names})
    automaton = ahocorasick_rs.AhoCorasick([name for name in padded if len(name) > 3], store_patterns=False)
    processor = KeywordProcessor(case_sensitive=False)
    processor.add_keywords_from_iter(names)
    english = spacy.blank("en")
    matcher = PhraseMatcher(english.vocab, attr="LOWER")
    matcher.add("name", list(english.tokenizer.pipe(names)))
    ready = _padded(batch)
    few = batch[: max(1, len(batch) // 10)]  # spaCy is slow: a tenth, counted ten times
    return {
        "ahocorasick_rs, text ready, padded, overlapping": lambda: automaton.find_matches_as_indexes(
            ready, overlapping=True
        ),
        "ahocorasick_rs, from raw text": lambda: automaton.find_matches_as_indexes(
            _padded(batch), overlapping=True
        ),
        "flashtext2, from raw text": lambda: [processor.extract_keywords_with_span(text) for text in batch],
        "spaCy PhraseMatcher, from raw text (x 10 of a tenth)": lambda: [
            [matcher(english.make_doc(text)) for text in few] for _ in range(10)
        ],
    }


def _padded(batch: list[str]) -> str:
    return " " + re.sub(r"[^a-z0-9]+", "  ", " ".join(batch).lower()) + " "


def timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
