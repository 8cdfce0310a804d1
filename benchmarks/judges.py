"""Which measure of a clinical summary agrees with people? Rank correlation with human ratings of MTS-Dialog summaries.

    python benchmarks/judges.py RATINGS.csv [--only MEASURE] [--model ADDRESS] [--count 40] [--resamples 2000]

RATINGS is MTS-Dialog's file of automatic summaries with dialogue, reference and what people counted: factual precision,
recall and F1, hallucination and omission rate. The knowledge base in CLINWEAVE_HOME recognises concepts. Intervals
resample dialogues, since each has several summaries. A measure of length alone is the control. METEOR is nltk's
(`pip install nltk`), with its exact and stem modules alone: its synonyms need WordNet, a download. BERTScore stands on
all-MiniLM-L6-v2 (`clinweave fetch all-minilm-l6-v2`), not on the published RoBERTa weights. A measure whose library or
weights are missing is left out and named. With --model the rubric judge rates `count` summaries.
"""

import argparse
import csv
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import clinweave
from clinweave.core.artifacts import home
from clinweave.core.errors import UserError
from clinweave.evaluation.judging import (
    DEFAULT_RUBRICS,
    RubricJudge,
    bert_score,
    concept_f1,
    overlap_f1,
    rank_correlation,
    rouge_l,
)
from clinweave.knowledge import SentenceEncoder

RATINGS = ("factual_precision", "factual_recall", "factual_f1", "hallucination_rate", "omission_rate")
LOWER = {"hallucination_rate", "omission_rate"}  # better when lower: the sign is turned


@dataclass(frozen=True)
class Row:
    """One rated summary."""

    dialogue: str
    reference: str
    summary: str
    ratings: dict[str, float]


def read(path: Path) -> list[Row]:
    """Return the rated summaries."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [
            Row(
                row["dialogue"],
                row["reference"],
                row["summary"],
                {name: float(row[name]) for name in RATINGS},
            )
            for row in csv.DictReader(stream)
        ]


def recogniser(base: clinweave.KnowledgeBase) -> Callable[[str], Iterable[tuple[str, str]]]:
    """Return what recognises the concepts of a text with their status."""
    return lambda text: {(mention.id, str(mention.status)) for mention in base.link(text)}


def measures(rows: list[Row], only: str) -> Iterator[tuple[str, list[float]]]:
    """Yield each measure for every row; with `only` those whose name contains it."""
    plain = {
        "length in words (control)": lambda row: float(len(row.summary.split())),
        "ROUGE-1 F1": lambda row: overlap_f1(row.summary, row.reference).f1,
        "ROUGE-L F1": lambda row: rouge_l(row.summary, row.reference).f1,
        "ROUGE-1 precision against the dialogue": lambda row: overlap_f1(row.summary, row.dialogue).precision,
    }
    for name, measure in plain.items():
        if only in name:
            yield name, [measure(row) for row in rows]
    if only in "METEOR (exact, stem)" and (meteor := _meteor()):
        yield "METEOR (exact, stem)", [meteor(row.reference, row.summary) for row in rows]
    if only in "BERTScore (MiniLM)":
        yield from _bert_scores(rows)
    if only in "concept":
        yield from _concepts(rows)


def _concepts(rows: list[Row]) -> Iterator[tuple[str, list[float]]]:
    with clinweave.open(model="none") as base:
        recognise = recogniser(base)
        overlaps = [concept_f1(row.summary, row.reference, recognise) for row in rows]
    for name in ("precision", "recall"):
        yield f"concept {name}", [getattr(each, name) for each in overlaps]
    yield "concept F1", [each.f1 for each in overlaps]


def _bert_scores(rows: list[Row]) -> Iterator[tuple[str, list[float]]]:
    """Yield BERTScore on the sentence encoder, where it was fetched."""
    try:
        vectors = cache(SentenceEncoder.open(home()).token_vectors)
    except UserError as error:
        print(f"BERTScore left out: {error}\n")
        return
    scores = [bert_score(row.summary, row.reference, vectors) for row in rows]
    yield "BERTScore precision (MiniLM)", [score.precision for score in scores]
    yield "BERTScore recall (MiniLM)", [score.recall for score in scores]
    yield "BERTScore F1 (MiniLM)", [score.f1 for score in scores]


def _meteor() -> Callable[[str, str], float] | None:
    """Return METEOR without its synonym module, where nltk is installed."""
    try:
        from nltk.translate.meteor_score import meteor_score
    except ImportError:
        print("METEOR left out: pip install nltk\n")
        return None

    class NoSynonyms:
        @staticmethod
        def synsets(_: str) -> list[object]:
            return []

    def score(reference: str, text: str) -> float:
        left, right = reference.casefold().split(), text.casefold().split()
        return (
            float(meteor_score([left], right, wordnet=NoSynonyms()))
            if left and right
            else float(left == right)
        )

    return score


def show(name: str, values: list[float], rows: list[Row], resamples: int) -> None:
    """Print one measure's correlations."""
    clusters = [row.dialogue for row in rows]
    cells = []
    for rating in RATINGS:
        sign = -1.0 if rating in LOWER else 1.0
        people = [sign * row.ratings[rating] for row in rows]
        result = rank_correlation(values, people, clusters, resamples=resamples)
        cells.append(
            "not defined"
            if result.rho is None
            else f"{result.rho:+.2f} ({result.low:+.2f} to {result.high:+.2f})"
        )
    print(f"| {name} | {' | '.join(cells)} |")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("ratings", type=Path)
    parser.add_argument("--model", default="")
    parser.add_argument("--count", type=int, default=40, help="summaries for the model")
    parser.add_argument("--only", default="", help="measures whose name contains this, such as BERTScore")
    parser.add_argument("--resamples", type=int, default=2_000)
    asked = parser.parse_args()
    rows = read(asked.ratings)
    same = {
        name: max(
            sum(row.ratings[name] == value for row in rows) for value in {r.ratings[name] for r in rows}
        )
        for name in RATINGS
    }
    print(f"{len(rows)} summaries of {len({row.dialogue for row in rows})} dialogues.")
    print(
        "Summaries with the most frequent rating: "
        + ", ".join(f"{name} {count}" for name, count in same.items())
    )
    print(f"\n| measure | {' | '.join(RATINGS)} |\n|---|{'---|' * len(RATINGS)}")
    for name, values in measures(rows, asked.only):
        show(name, values, rows, asked.resamples)
    if asked.model:
        from clinweave.models import open_model

        chosen = random.Random(0).sample(rows, min(asked.count, len(rows)))
        judge = RubricJudge(open_model(asked.model))
        print(f"\nRubric judge {asked.model}, {len(chosen)} summaries:")
        for rubric in DEFAULT_RUBRICS:
            ratings = [judge.rate(rubric, row.dialogue, row.summary) for row in chosen]
            values = [each.value for each in ratings if each.value is not None]
            kept = [row for row, each in zip(chosen, ratings, strict=True) if each.value is not None]
            spread = sum(each.spread for each in ratings) / len(ratings)
            print(f"{rubric.id}: mean spread {spread:.2f}, unparsed {sum(each.unparsed for each in ratings)}")
            show(f"{rubric.id} by {asked.model}", values, kept, asked.resamples)


if __name__ == "__main__":
    main()
