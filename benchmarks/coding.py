"""Score suggested ICD-10-CM codes against codes given by hand, with an index look-up as baseline.

    python benchmarks/coding.py [NOTES.jsonl ...] [--errors] [--json]

Each line of NOTES is {"id", "setting", "text", "codes": [{"code", "why"}], "optional": [codes], "not": [codes]}; the
committed notes are used if none are given. `optional` codes count neither way. Precision and recall are over all codes
of a file (micro), with 95 % intervals by bootstrap over notes. `not` lists codes that a reader must not give; every
one given is counted. The look-up has no rules: each title or inclusion term of the tabular list that stands in the note
gives its code, completed by its first code that can be reported.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clinweave.applications.coding import Codebook, code_note
from clinweave.core.artifacts import home
from clinweave.knowledge import OwnNames

FOLDER = Path(__file__).with_name("coding")
REPEATS, SEED = 2000, 13


@dataclass(frozen=True)
class Score:
    """Counts of one note."""

    right: int
    wrong: int
    missed: int
    forbidden: int


def look_up(book: Codebook) -> Callable[[str, str], list[str]]:
    """Return the baseline: names of the tabular list that stand in a text, without rules or status."""
    names, codes = [], []
    for code, entry in book.entries.items():
        for name in (entry.title, *entry.names):
            plain = name.split(",")[0].removesuffix(" NOS").removesuffix(", unspecified")
            for form in dict.fromkeys((name, plain)):
                names.append(form)
                codes.append(code)
    finder = OwnNames(names)

    def codes_of(text: str, _setting: str) -> list[str]:
        spans = finder.find(text, lambda _name, start, end: end - start > 3)
        result: dict[str, None] = {}
        for span in spans:
            code = codes[span.names[0]]
            leaves = [leaf for leaf in book.leaves(code) if leaf in book.billable]
            chosen = next((leaf for leaf in leaves if "unspecified" in book.title(leaf).lower()), None)
            if chosen or leaves:
                result[chosen or leaves[0]] = None
        return list(result)

    return codes_of


def codes_in(items: Sequence[Any]) -> set[str]:
    """Return the codes of a list of codes or of {"code", "why"}."""
    return {item if isinstance(item, str) else item["code"] for item in items}


def score(note: Mapping[str, Any], given: Sequence[str]) -> Score:
    """Return the counts of the codes given for a note."""
    gold = codes_in(note["codes"])
    codes = set(given) - (codes_in(note["optional"]) - gold)
    return Score(
        len(codes & gold), len(codes - gold), len(gold - codes), len(set(given) & codes_in(note["not"]))
    )


def interval(scores: Sequence[Score]) -> dict[str, list[float]]:
    """Return precision, recall and F1 of all notes with the bounds of 95 %."""
    table = np.array([[item.right, item.wrong, item.missed] for item in scores], float)
    rng = np.random.default_rng(SEED)
    picks = rng.integers(0, len(table), (REPEATS, len(table)))
    rows = np.vstack([table.sum(0), table[picks].sum(1)])
    right, wrong, missed = rows.T
    values = {
        "precision": right / np.maximum(right + wrong, 1),
        "recall": right / np.maximum(right + missed, 1),
        "f1": 2 * right / np.maximum(2 * right + wrong + missed, 1),
    }
    return {
        name: [float(value[0]), *map(float, np.percentile(value[1:], [2.5, 97.5]))]
        for name, value in values.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notes", nargs="*", type=Path)
    parser.add_argument(
        "--errors", action="store_true", help="List the codes missed and the wrong ones of each note."
    )
    parser.add_argument("--json", action="store_true", help="Print one JSON document.")
    options = parser.parse_args()
    book = Codebook.fetched(home())
    arms = {
        "clinweave code": lambda text, setting: [item.code for item in code_note(text, setting, book).codes],
        "index look-up": look_up(book),
    }
    results = {}
    for path in options.notes or sorted(FOLDER.glob("*.jsonl")):
        notes = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        for arm, codes_of in arms.items():
            given = [codes_of(note["text"], note["setting"]) for note in notes]
            scores = [score(note, codes) for note, codes in zip(notes, given, strict=True)]
            results[f"{path.stem}: {arm}"] = {
                "notes": len(notes), **interval(scores), "forbidden": sum(item.forbidden for item in scores)
            }  # fmt: skip
            if options.errors and arm == "clinweave code":
                _errors(notes, given)
    if options.json:
        print(json.dumps(results))
        return
    print(f"ICD-10-CM {book.release}; 95 % intervals by bootstrap over notes ({REPEATS} repeats)")
    print("| notes | n | precision | recall | F1 | codes that must not be given |\n|---|---|---|---|---|---|")
    for name, row in results.items():
        cells = [
            f"{row[key][0]:.2f} ({row[key][1]:.2f}-{row[key][2]:.2f})"
            for key in ("precision", "recall", "f1")
        ]
        print(f"| {name} | {row['notes']} | {' | '.join(cells)} | {row['forbidden']} |")


def _errors(notes: Sequence[Mapping[str, Any]], given: Sequence[Sequence[str]]) -> None:
    for note, codes in zip(notes, given, strict=True):
        gold = codes_in(note["codes"])
        wrong = sorted(set(codes) - gold - codes_in(note["optional"]))
        print(f"{note['id']} ({note['setting']}): missed {sorted(gold - set(codes))}, wrong {wrong}")


if __name__ == "__main__":
    main()
