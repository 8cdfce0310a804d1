"""De-identification: leakage, clinical terms lost and speed on generated notes, and on your own i2b2 2014 files.

    python benchmarks/deidentification.py [--notes 1000] [--graph DIR] [--i2b2 DIR] [--show 20]

The generated notes are a unit test, not a claim: their names and templates are ours. Only a hospital's own gold set, or
i2b2's, says what the rules leave in real notes.
"""

import argparse
import sys
import time
from pathlib import Path

from clinweave.databases import RowLog
from clinweave.patients import Pseudonymiser, gold_notes, measure, read_i2b2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notes", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--graph", type=Path, help="protect the names of this graph, too")
    parser.add_argument("--i2b2", type=Path, help="your copy of the corpus")
    parser.add_argument("--show", type=int, default=0, help="print so many leaks of the generated notes")
    chosen = parser.parse_args()
    linker = None
    if chosen.graph:
        from clinweave.knowledge import Graph, Linker

        linker = Linker.open(Graph.open(chosen.graph))
    rules = Pseudonymiser(b"benchmark" * 4, linker)
    made = list(gold_notes(chosen.notes, seed=chosen.seed))
    sets = {}
    for name, known in (("names known from the record", True), ("names not known", False)):
        sets[name] = [
            (note.text, str(note.person.subject_id), note.person if known else None, note.marks, note.terms)
            for note in made
        ]
    for name, notes in sets.items():
        begun = time.perf_counter()
        found = measure(rules, notes, examples=chosen.show)
        seconds = time.perf_counter() - begun
        size = sum(len(note[0]) for note in notes)
        print(f"generated, {name}: {found.notes} notes, {size / seconds / 1e3:,.0f} kB/s")
        show(found)
        for example in found.examples:
            print("   ", *map(repr, example))
    if chosen.i2b2:
        log = RowLog()
        found = measure(rules, read_i2b2(chosen.i2b2, log), ignore=frozenset({"PROFESSION", "AGE<90"}))
        print(
            f"i2b2 2014: {found.notes} notes, {log.total} refused (professions and ages under 90 not counted)"
        )
        show(found)
    return 0


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
