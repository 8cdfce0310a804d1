"""Findings and ICD-10-CM codes of invented notes in eight styles, against those that their author listed.

    python benchmarks/held_out_notes.py [NOTES.jsonl ...] [--graph DIR] [--errors] [--json]

A line is {"id", "style", "field", "setting", "text", "present", "absent", "family", "optional_findings", "codes",
"optional", "not"}; findings are {"id", "name"} of the HPO, `optional` ones count neither way. `present` is what the
patient has or had, `absent` what the note denies, `family` what only relatives have. Findings are compared by the very
id. Rows give precision and recall over all notes of a style (micro); intervals of the sums are 95 % by bootstrap over
notes. The baselines are the linker by names alone and the look-up of the tabular list (`benchmarks/coding.py`).
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from coding import Score, codes_in, interval, look_up, score

from clinweave.applications.coding import Codebook, code_note
from clinweave.core.artifacts import home
from clinweave.knowledge import Graph, Linker, NoteReader
from clinweave.records import Mention

FOLDER = Path(__file__).with_name("held_out_notes")
Note = Mapping[str, Any]


def findings_score(note: Note, mentions: Sequence[Mention], status: str = "present") -> Score:
    """Return the counts of the findings read as present (or absent); `forbidden` counts relatives' read as present."""
    gold = {item["id"] for item in note[status]}
    optional = {item["id"] for item in note["optional_findings"]} - gold
    relatives = {item["id"] for item in note["family"]} - gold
    read = read_as(mentions, status)
    return Score(
        len(read & gold), len(read - gold - optional), len(gold - read), len(read & relatives - optional)
    )


def read_as(mentions: Sequence[Mention], status: str) -> set[str]:
    """Return the findings read as the patient's with a status; what is present somewhere is not absent."""
    present = {item.id for item in mentions if item.of_patient}
    if status == "present":
        return present
    return {item.id for item in mentions if item.status == "absent" and not item.experiencer} - present


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notes", nargs="*", type=Path)
    parser.add_argument("--graph", type=Path, default=home() / "graph")
    parser.add_argument("--errors", action="store_true", help="list what was missed and what was wrong")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    graph = Graph.open(options.graph)
    linker = Linker.open(graph)
    book = Codebook.fetched(home())
    results: dict[str, Any] = {}
    for path in options.notes or sorted(FOLDER.glob("*.jsonl")):
        notes = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        results |= _measured(path.stem, notes, linker, book, options.errors)
    if options.json:
        print(json.dumps(results))
        return
    print("| notes | n | precision | recall | relatives' or excluded |\n|---|---|---|---|---|")
    for name, row in results.items():
        cells = [
            f"{row[key][0]:.2f} ({row[key][1]:.2f}-{row[key][2]:.2f})" for key in ("precision", "recall")
        ]
        print(f"| {name} | {row['notes']} | {' | '.join(cells)} | {row['forbidden']} |")


def _measured(
    stem: str, notes: Sequence[Note], linker: Linker, book: Codebook, errors: bool
) -> dict[str, dict[str, Any]]:
    texts = [note["text"] for note in notes]
    read = NoteReader(linker).read_many(texts)
    named = linker.link_many(texts, ["HP"])
    given = [[item.code for item in code_note(note["text"], note["setting"], book).codes] for note in notes]
    looked_up = look_up(book)
    arms: dict[str, Callable[[int], Score]] = {
        "findings": lambda at: findings_score(notes[at], read[at]),
        "findings, names alone": lambda at: findings_score(notes[at], named[at]),
        "findings absent": lambda at: findings_score(notes[at], read[at], "absent"),
        "codes": lambda at: score(notes[at], given[at]),
        "codes, look-up": lambda at: score(notes[at], looked_up(notes[at]["text"], notes[at]["setting"])),
    }
    results = {}
    for arm, scored in arms.items():
        scores = [scored(at) for at in range(len(notes))]
        results[f"{stem}: {arm}"] = _row(scores)
        if arm in {"findings", "codes"}:
            for key in ("style", "field"):
                for value in dict.fromkeys(note[key] for note in notes):
                    part = [item for item, note in zip(scores, notes, strict=True) if note[key] == value]
                    results[f"{stem}: {arm}, {value}"] = _row(part)
    if errors:
        for note, mentions, codes in zip(notes, read, given, strict=True):
            _errors(note, mentions, codes)
    return results


def _row(scores: Sequence[Score]) -> dict[str, Any]:
    return {"notes": len(scores), **interval(scores), "forbidden": sum(item.forbidden for item in scores)}


def _errors(note: Note, mentions: Sequence[Mention], codes: Sequence[str]) -> None:
    print(f"{note['id']} ({note['style']}, {note['field']}, {note['setting']})")
    words = {item.id: f"{item.name} [{item.text}]" for item in mentions}
    optional = {item["id"] for item in note["optional_findings"]}
    for status in ("present", "absent"):
        gold = {item["id"]: item["name"] for item in note[status]}
        read = read_as(mentions, status)
        missed = [name for curie, name in gold.items() if curie not in read]
        wrong = [words[curie] for curie in read - gold.keys() - optional]
        print(f"    {status}: missed {missed}; wrong {wrong}")
    gold_codes = codes_in(note["codes"])
    wrong_codes = sorted(set(codes) - gold_codes - codes_in(note["optional"]))
    print(f"    codes: missed {sorted(gold_codes - set(codes))}; wrong {wrong_codes}", flush=True)


if __name__ == "__main__":
    main()
