"""How good are the summaries of notes, and the answers from records?

    python benchmarks/summaries.py notes FILE.csv[.gz] [--count N] [--first N] [--model ADDRESS] [--out ROWS.jsonl]
    python benchmarks/summaries.py records benchmarks/records/questions.jsonl --store NAME=DIR...

`notes`: a file of MTS-Dialog (section_text, dialogue) or ACI-Bench (note, dialogue). Summaries of the dialogue are held
against the reference note: the first sentences of the dialogue (as many as the extractive summary has), the extractive
summary, and with --model what the model writes, with and without the check. Measures: the share of sentences (questions
left out) that stand word for word in the dialogue, or that the citation checker finds stated by one sentence of it; the
check is strict, and the reference's own share shows how many true sentences it misses. Concept F1
against the reference (concept and status by our linker), the share of concepts that the dialogue names too, ROUGE-L.
Means with 95 % intervals (bootstrap over items); an empty summary has F1 and ROUGE-L 0 and no share, and is counted.
`table ROWS.jsonl` prints what several runs appended to one file.

`records`: questions over the loaded stores with gold answers; half are about somebody else or about what the record
does not state. The knowledge base in CLINWEAVE_HOME recognises concepts.
"""

import argparse
import csv
import gzip
import json
import math
import random
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clinweave.applications.summary import (
    Meanings,
    answer_from_record,
    open_record,
    sentences_of_model,
    summarize_notes,
)
from clinweave.core.artifacts import home
from clinweave.core.statistics import wilson
from clinweave.evaluation.judging import concept_f1, rouge_l
from clinweave.knowledge import CitationChecker, Graph, Linker, split_sentences
from clinweave.models import LanguageModel, open_model
from clinweave.patients import PatientStore
from clinweave.records import Evidence, Passage, Verdict

SEED = 1
MEASURES = ("supported", "concept F1", "concepts named", "ROUGE-L")
_QUOTED = re.compile("\u201c(.+?)\u201d")


@dataclass(frozen=True)
class Item:
    """A dialogue and its reference."""

    id: str
    source: str
    reference: str


def read_items(path: Path) -> list[Item]:
    """Return the items of a file of MTS-Dialog or ACI-Bench."""
    csv.field_size_limit(10**9)
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [
        Item(row.get("ID") or row["encounter_id"], row["dialogue"], row.get("section_text") or row["note"])
        for row in rows
    ]


class Judge:
    """Measures texts against a dialogue and its reference."""

    def __init__(self, graph: Graph, linker: Linker) -> None:
        self.linker, self.checker = linker, CitationChecker(graph, linker)

    def evidence(self, source: str) -> tuple[Evidence, ...]:
        """Return the sentences of a dialogue as items that can be cited."""
        texts = [re.sub(r"^\s*(?:\[\w+\]|\w+:)\s*", "", line) for line in source.splitlines()]
        sentences = [
            span.text.strip() for text in texts for span in split_sentences(text) if span.text.strip()
        ]
        return tuple(
            Evidence(str(number), "passage", text, 1.0,
                     passage=Passage(f"d#{number}", text, "", "d", 0, len(text), "dialogue"))
            for number, text in enumerate(sentences, 1)
        )  # fmt: skip

    def concepts(self, text: str) -> set[tuple[str, str]]:
        """Return (concept, status) of a text; a relative's is a status of its own."""
        return {(item.id, item.experiencer or item.status) for item in self.linker.link(text)}

    def measured(
        self, sentences: Sequence[str], item: Item, evidence: Sequence[Evidence]
    ) -> dict[str, float]:
        """Return the measures of a summary."""
        text = " ".join(sentences)
        if not text.strip():
            nothing = {"supported": float("nan"), "concepts named": float("nan"), "sentences": 0.0}
            return {**dict.fromkeys(MEASURES, 0.0), **nothing}
        claims = [sentence for sentence in sentences if not sentence.rstrip().endswith("?")]
        checked = [self.supported(sentence, evidence) for sentence in claims]
        own, named = (
            {curie for curie, _ in self.concepts(text)},
            {curie for curie, _ in self.concepts(item.source)},
        )
        return {
            "supported": sum(checked) / len(checked) if checked else float("nan"),
            "concept F1": concept_f1(text, item.reference, self.concepts).f1,
            "concepts named": len(own & named) / len(own) if own else float("nan"),
            "ROUGE-L": rouge_l(text, item.reference).f1,
            "sentences": float(len(sentences)),
        }

    def supported(self, sentence: str, evidence: Sequence[Evidence]) -> bool:
        """Say whether a sentence stands word for word in the dialogue, or the checker finds it stated there."""
        words = " ".join(words_of(sentence))
        if (
            words
            and f" {words} " in f" {' '.join(word for item in evidence for word in words_of(item.text))} "
        ):
            return True
        return any(self.checker.check(sentence, [item])[0] == Verdict.SUPPORTED for item in evidence)


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return re.findall(r"\w+", text.lower())


def summaries(item: Item, judge: Judge, model: LanguageModel | None) -> dict[str, list[str]]:
    """Return the sentences of each summary of a dialogue."""
    summary = summarize_notes({"dialogue": item.source}, judge.linker.link)
    extractive: list[str] = []
    for line in summary.lines:
        extractive += _QUOTED.findall(line.text) if line.text.startswith("Asked") else [line.text]
    every = [piece.text for piece in judge.evidence(item.source)]
    arms = {
        "reference": [span.text.strip() for span in split_sentences(item.reference) if span.text.strip()],
        "lead": every[: max(len(extractive), 1)],
        "extractive": extractive,
    }
    if model is not None:
        written = sentences_of_model(summary, model, judge.checker, judge.linker.link).sentences
        kept = [piece.text for piece in written if piece.verdict == Verdict.SUPPORTED]
        arms["model, unchecked"] = [piece.text for piece in written]
        arms["model, checked"] = kept
        arms["model, checked, then extractive"] = kept + extractive
    return arms


def interval(values: Iterable[float]) -> tuple[float, float, float]:
    """Return mean and 95 % interval over items (percentile bootstrap, 2,000 draws)."""
    known = np.array([value for value in values if not math.isnan(value)])
    if not len(known):
        return float("nan"), float("nan"), float("nan")
    draws = np.random.default_rng(SEED).choice(known, (2000, len(known))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(known.mean()), float(low), float(high)


def notes(arguments: argparse.Namespace) -> None:
    """Measure summaries of dialogues and print a table."""
    items = read_items(arguments.file)
    if arguments.count:
        items = random.Random(SEED).sample(items, min(arguments.count, len(items)))
    items = items[arguments.first - 1 : arguments.last or None]
    graph = Graph.open(home() / "graph")
    judge = Judge(graph, Linker.open(graph))
    model = open_model(arguments.model, home=home()) if arguments.model else None
    rows: list[dict[str, Any]] = []
    for number, item in enumerate(items, 1):
        evidence = judge.evidence(item.source)
        for arm, sentences in summaries(item, judge, model).items():
            rows.append({"id": item.id, "arm": arm, **judge.measured(sentences, item, evidence)})
        print(f"\r{number} of {len(items)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    if arguments.out:
        with arguments.out.open("a", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row) + "\n" for row in rows)
    table(rows)


def table(rows: Sequence[dict[str, Any]]) -> None:
    """Print the means of each summary with their intervals."""
    print(f"{len({row['id'] for row in rows})} items")
    print("| summary | sentences | empty | " + " | ".join(MEASURES) + " |")
    print("|---" * (3 + len(MEASURES)) + "|")
    for arm in dict.fromkeys(row["arm"] for row in rows):
        own = [row for row in rows if row["arm"] == arm]
        cells = [
            f"{np.mean([row['sentences'] for row in own]):.1f}",
            str(sum(not row["sentences"] for row in own)),
        ]
        for name in MEASURES:
            mean, low, high = interval(row[name] for row in own)
            cells.append("-" if math.isnan(mean) else f"{mean:.2f} ({low:.2f}-{high:.2f})")
        print(f"| {arm} | " + " | ".join(cells) + " |")
    against_lead(rows)


def against_lead(rows: Sequence[dict[str, Any]]) -> None:
    """Print the paired differences to the first sentences of the dialogue, item by item."""
    by_arm: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        by_arm.setdefault(row["arm"], {})[row["id"]] = row
    for arm, own in by_arm.items():
        if arm in {"reference", "lead"}:
            continue
        for name in ("concept F1", "ROUGE-L"):
            mean, low, high = interval(own[item][name] - by_arm["lead"][item][name] for item in own)
            print(f"{arm} minus lead, {name}: {mean:+.2f} ({low:+.2f} to {high:+.2f})")


def records(arguments: argparse.Namespace) -> None:
    """Score answers from records against their gold answers and print the counts."""
    stores = {
        name: PatientStore.open(path) for name, _, path in (text.partition("=") for text in arguments.store)
    }
    graph = Graph.open(home() / "graph")
    known = Meanings(graph, Linker.open(graph))
    rows = [json.loads(line) for line in arguments.file.read_text("utf-8").splitlines() if line.strip()]
    right: dict[str, list[bool]] = {}
    for row in rows:
        if row["store"] not in stores:
            sys.exit(
                f"question {row['id']} is about the store {row['store']}: give --store {row['store']}=DIR"
            )
        record = open_record(stores[row["store"]], row["patient"])
        answer = answer_from_record(record, row["question"], known)
        passed = answer.abstained == row["abstained"]
        passed = passed and all(
            re.search(pattern, answer.text, re.IGNORECASE) for pattern in row.get("must", [])
        )
        passed = passed and not any(re.search(pattern, answer.text) for pattern in row.get("must_not", []))
        passed = passed and (answer.abstained or bool(answer.citations))
        right.setdefault(row["kind"], []).append(passed)
        if not passed:
            print(f"wrong: {row['id']} {row['question']}\n    {answer.text[:300]}")
    right["all"] = [value for values in right.values() for value in values]
    for kind, values in right.items():
        bounds = wilson(sum(values), len(values))
        print(f"{kind}: {sum(values)} of {len(values)} ({bounds.low:.0%} to {bounds.high:.0%})")


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    of_notes = commands.add_parser("notes")
    of_notes.add_argument("file", type=Path)
    of_notes.add_argument("--count", type=int, default=0, help="items drawn by chance (seed 1); 0 for all")
    of_notes.add_argument("--first", type=int, default=1, help="first item of these, to measure in pieces")
    of_notes.add_argument("--last", type=int, default=0)
    of_notes.add_argument("--model", default="")
    of_notes.add_argument(
        "--out", type=Path, help="append the rows to this file; `table FILE` prints all of them"
    )
    of_notes.set_defaults(run=notes)
    of_table = commands.add_parser("table")
    of_table.add_argument("file", type=Path)
    of_table.set_defaults(
        run=lambda given: table([json.loads(line) for line in given.file.read_text("utf-8").splitlines()])
    )
    of_records = commands.add_parser("records")
    of_records.add_argument("file", type=Path)
    of_records.add_argument("--store", action="append", default=[], metavar="NAME=DIR")
    of_records.set_defaults(run=records)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
