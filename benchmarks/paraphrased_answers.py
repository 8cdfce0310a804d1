"""Answers without a model to lay questions that share no word with what answers them: `text` against `hybrid`.

    python benchmarks/paraphrased_answers.py [--collection NAME] [--audience clinician] [--json OUT.json]

The questions are `passage_search_parts/paraphrased.jsonl`: each names the sentence of a guideline or the stored
question of MedQuAD that answers it. The knowledge base is the one in CLINWEAVE_HOME; it needs the collections
`guidelines` and `medquad` with vectors (`clinweave index vectors guidelines medquad`). Each question is asked by the
graph with `text` and by the graph with `hybrid`, and counted as

- right: a statement quotes the answering sentence, or an answer to the stored question;
- other: statements are shown, none of them that one; they are printed, to be read;
- silent: the answer is "I do not know".

*Retrieved* counts the questions whose answering passage was among the evidence, shown or not. Intervals are Wilson's at
95 %.
"""

import argparse
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from passage_search_parts.questions import PARAPHRASED

from clinweave import KnowledgeBase
from clinweave.core.statistics import wilson
from clinweave.records import Answer, Passage

CONDITIONS = {"text": ("graph", "text"), "hybrid": ("graph", "hybrid")}


class Row(NamedTuple):
    """One answer and how it counts."""

    id: str
    question: str
    condition: str
    verdict: str  # right | other | silent
    retrieved: bool  # the answering passage is among the evidence
    statements: tuple[str, ...]
    text: str


def is_gold(passage: Passage | None, row: Mapping[str, str]) -> bool:
    """Say whether a passage answers a question."""
    if passage is None:
        return False
    if "sentence" in row:
        return passage.source == "guidelines" and row["sentence"] in passage.text
    return passage.title.lower() == row["title"].lower()


def verdict(answer: Answer, row: Mapping[str, str]) -> tuple[str, bool]:
    """Return how an answer counts, and whether the answering passage was retrieved."""
    gold = {item.id for item in answer.evidence if is_gold(item.passage, row)}
    if answer.abstained or not answer.statements:
        return "silent", bool(gold)
    for statement in answer.statements:
        if gold.intersection(statement.evidence) and row.get("sentence", "") in statement.text:
            return "right", True
    return "other", bool(gold)


def asked(base: KnowledgeBase, rows: list[dict[str, str]], audience: str) -> list[Row]:
    """Return the answers to all questions under both conditions."""
    results = []
    for number, row in enumerate(rows, 1):
        for name, retrievers in CONDITIONS.items():
            answer = base.ask(row["question"], retrievers=retrievers, audience=audience)
            result, retrieved = verdict(answer, row)
            shown = tuple(f"{item.heading}: {item.text}".strip(": ") for item in answer.statements)
            results.append(Row(row["id"], row["question"], name, result, retrieved, shown, answer.text))
        print(f"\rasked {number} of {len(rows)}", end="", flush=True)
    print()
    return results


def summary(results: list[Row]) -> dict[str, Any]:
    """Return counts with intervals by condition."""
    table: dict[str, Any] = {}
    for name in CONDITIONS:
        mine = [row for row in results if row.condition == name]
        counts = Counter(row.verdict for row in mine)
        counts["retrieved"] = sum(row.retrieved for row in mine)
        table[name] = {
            key: (counts[key], *wilson(counts[key], len(mine)))
            for key in ("right", "other", "silent", "retrieved")
        }
    return table


def main() -> None:
    """Ask all questions under both conditions and print what was answered."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--collection", action="append", default=[], help="Passages come from these alone.")
    parser.add_argument("--audience", default="clinician", choices=("public", "clinician"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = [json.loads(line) for line in PARAPHRASED.read_text("utf-8").splitlines()]
    with KnowledgeBase(collections=options.collection) as base:
        results = asked(base, rows, options.audience)
    counts = summary(results)
    print(f"\n| {len(rows)} questions | right | other | silent | retrieved |\n|---|---|---|---|---|")
    for name, values in counts.items():
        cells = [f"{count} ({low:.0%} to {high:.0%})" for count, low, high in values.values()]
        print(f"| graph, {name} | {' | '.join(cells)} |")
    for row in results:
        if row.verdict != "silent":
            print(f"\n{row.verdict} ({row.condition}): {row.question}")
            for text in row.statements:
                print(f"  - {text}")
    if options.json:
        text = json.dumps({"counts": counts, "rows": [row._asdict() for row in results]}, indent=1)
        options.json.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
