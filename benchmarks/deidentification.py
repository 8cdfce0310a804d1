"""De-identification: leakage, clinical terms lost and speed on generated notes, and on your own i2b2 2014 files.

    python benchmarks/deidentification.py [--notes 1000] [--graph DIR] [--i2b2 DIR] [--show 20]

The generated notes are a unit test, not a claim: their names and templates are ours. Only a hospital's own gold set, or
i2b2's, says what the rules leave in real notes.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from clinweave.databases import RowLog
from clinweave.patients import Pseudonymiser, gold_notes, measure, read_i2b2

NOTES = Path(__file__).parents[1] / "tests" / "patients" / "data" / "deidentification.jsonl"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notes", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--graph", type=Path, help="protect the names of this graph, too")
    parser.add_argument("--i2b2", type=Path, help="your copy of the corpus")
    parser.add_argument(
        "--peers", action="store_true", help="also presidio-analyzer (pip install clinweave[bench])"
    )
    parser.add_argument("--show", type=int, default=0, help="print so many leaks of the generated notes")
    chosen = parser.parse_args()
    linker = None
    if chosen.graph:
        from clinweave.knowledge import Graph, Linker

        linker = Linker.open(Graph.open(chosen.graph))
    rules = Pseudonymiser(b"benchmark" * 4, linker)
    built = list(gold_notes(chosen.notes, seed=chosen.seed))
    sets = {}
    for name, known in (("names known from the record", True), ("names not known", False)):
        sets[name] = [
            (note.text, str(note.person.subject_id), note.person if known else None, note.marks, note.terms)
            for note in built
        ]
    for name, notes in sets.items():
        begun = time.perf_counter()
        result = measure(rules, notes, examples=chosen.show)
        seconds = time.perf_counter() - begun
        size = sum(len(note[0]) for note in notes)
        print(f"generated, {name}: {result.notes} notes, {size / seconds / 1e3:,.0f} kB/s")
        show(result)
        for example in result.examples:
            print("   ", *map(repr, example))
    written(rules, peers=chosen.peers)
    if chosen.i2b2:
        log = RowLog()
        result = measure(rules, read_i2b2(chosen.i2b2, log), ignore=frozenset({"PROFESSION", "AGE<90"}))
        print(
            f"i2b2 2014: {result.notes} notes, {log.total} refused (professions and ages under 90 not counted)"
        )
        show(result)
    return 0


def written(rules: Pseudonymiser, *, peers: bool) -> None:
    """Print what leaks and what is lost in the notes of the tests, in 20 styles."""
    notes = [json.loads(line) for line in NOTES.read_text("utf-8").splitlines()]
    systems = {"clinweave": lambda text: [(span.start, span.end) for span in rules.find(text, "1")]}
    if peers:
        systems["presidio-analyzer, rules without a language model"] = presidio()
    for name, find in systems.items():
        begun = time.perf_counter()
        gone = leaked = stay = lost = 0
        for note in notes:
            covered = {place for start, end in find(note["note"]) for place in range(start, end)}
            for text, counted in ((text, key) for key in ("gone", "stay") for text in note[key]):
                places = range(note["note"].index(text), note["note"].index(text) + len(text))
                letters = [place for place in places if note["note"][place].isalnum()]
                if counted == "gone":
                    gone, leaked = gone + 1, leaked + covered.isdisjoint(letters)
                else:
                    stay, lost = stay + 1, lost + (not covered.isdisjoint(letters))
        print(
            f"written notes, {name}: {len(notes)} notes, identifiers left untouched {leaked}/{gone}, "
            f"clinical stretches touched {lost}/{stay}, {time.perf_counter() - begun:.2f} s"
        )


def presidio():
    """Return presidio's analyzer with all its English rules; no package carries one of its language models."""
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine

    class Tokens(SpacyNlpEngine):
        def load(self) -> None:
            self.nlp = {"en": spacy.blank("en")}

        def process_text(self, text: str, language: str) -> NlpArtifacts:
            tokens = self.nlp["en"](text)
            places, words = [token.idx for token in tokens], [token.text.lower() for token in tokens]
            return NlpArtifacts([], tokens, places, words, self, language)

    engine = Tokens()
    engine.load()
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
    return lambda text: [(item.start, item.end) for item in analyzer.analyze(text, language="en")]


def show(found) -> None:
    leaks = ", ".join(
        f"{kind} {found.leaked.get(kind, 0)}/{count}" for kind, count in sorted(found.marks.items())
    )
    print(f"  leakage {found.leakage:.2%} ({leaks})")
    print(
        f"  clinical terms lost {found.lost}/{found.terms} ({found.term_loss:.2%}), precision {found.precision:.1%}"
    )


if __name__ == "__main__":
    sys.exit(main())
