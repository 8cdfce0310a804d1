"""Recall of the passage that answers a question: words, concepts, dense vectors, and ways to combine them.

    python benchmarks/passage_search.py --medquad medquad.tar.gz --pubmedqa pubmedqa_train.json \
        --guidelines FOLDER --questions clinical_questions.jsonl --work DIR [--json OUT.json] \
        [--onnx model.onnx --tokenizer tokenizer.json | --weights FOLDER] [--count 200] [--seed 0]

One index holds all passages: the guidelines, MedQuAD's answers and the abstracts of PubMedQA (without title and
conclusion). It is built once in --work with the graph of CLINWEAVE_HOME. Four sets of questions:

- guidelines: the clinical questions that the guidelines answer; gold is the passage with the answering sentence
  (`passage_search_parts/answers.jsonl`);
- paraphrased: 40 lay questions of ours over the guidelines and MedQuAD, none of whose words is in the answer
  (`passage_search_parts/paraphrased.jsonl`; checked when they are read);
- reworded: --count answers of MedQuAD drawn with --seed, each with a stored question that no other answer has. The
  question's frame is put in other words ("What are the symptoms of X ?" becomes "How does X show itself?") and X in
  another name of the same concept of the graph, where there is one; gold is any passage of that answer;
- pubmedqa: PubMedQA's questions; gold is any passage of the question's own abstract.

Dense vectors are those of a sentence encoder (the mean of the token vectors, unit length): --onnx by onnxruntime, or
--weights, a folder with the publisher's model.safetensors, config.json and tokenizer.json, by torch in bfloat16.
All passages are compared; vectors are computed once and kept in --work.

Candidates of a question are the first 200 of each single ranking. Weights of a combination are chosen on one half of
the questions (mean reciprocal rank at 20, the four sets counting the same) and used on the other half, in both
directions; the halves are fixed by a hash of the question's id. The first half is the development half: the arm and the
weight that clinweave uses are chosen there, and "second half" reports on the other. Intervals are BCa bootstraps of the
paired difference at 95 %, in points. Milliseconds are processor time of the median question; encoding is that of
clinweave's own encoder, whose vectors are compared with those used here.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from passage_search_parts.dense import Encoder, OnnxEncoder, TorchEncoder, vectors
from passage_search_parts.features import Corpus, pool, searched
from passage_search_parts.fusion import (
    Arm,
    Question,
    Ranking,
    arms,
    cross_fitted,
    in_halves,
    macro_mrr,
    reciprocal,
)
from passage_search_parts.questions import (
    Asked,
    guideline_questions,
    paraphrased_questions,
    pubmedqa_questions,
    reworded_questions,
)
from passage_search_parts.tables import difference_table, recall_table
from scipy.stats import binomtest

from clinweave.core.artifacts import digest, home, read_manifest, sha256, write_text
from clinweave.core.statistics import difference
from clinweave.knowledge import Graph, Linker, SentenceEncoder, TextIndex, read_folder
from clinweave.knowledge.retrieval.index_store import build_parts
from clinweave.knowledge.retrieval.sentence_encoder import TOKENIZER, WEIGHTS
from clinweave.records import Passage

MEASURES = ("recall@1", "recall@5", "recall@20", "mrr")
DEFAULT = "both"
# What choosing between two rankings could reach at most: it looks at the answers.
ORACLE = Arm(
    "the better of both and dense (oracle)", lambda pool, _: pool.scores["both"], parts=("both", "dense")
)


def abstracts(path: Path) -> Iterator[Passage]:
    """Yield the abstract of each question of PubMedQA as passages of its paragraphs, at most 180 words each."""
    from clinweave.knowledge.retrieval.passages import split

    for key, item in json.loads(path.read_text("utf-8")).items():
        text = "\n\n".join(item["CONTEXTS"])
        for start, end in split(text):
            yield Passage(
                f"pubmedqa/{key}:{start}-{end}", text[start:end], "", f"PMID:{key}", start, end, "pubmedqa"
            )


def open_corpus(options: argparse.Namespace) -> Corpus:
    """Return the corpus, its index and vectors made in the work folder where they are not there yet."""
    graph = Graph.open(home() / "graph")
    linker = Linker.open(graph)
    parts: dict[str, Callable[[], Iterator[Passage]]] = {
        "guidelines": lambda: read_folder(options.guidelines, source="guidelines"),
        "medquad": lambda: read_folder(options.medquad, source="medquad"),
        "pubmedqa": lambda: abstracts(options.pubmedqa),
    }
    inside = sorted(item for item in options.guidelines.iterdir() if item.is_file())
    keys = {
        "medquad": sha256(options.medquad),
        "pubmedqa": sha256(options.pubmedqa),
        "guidelines": digest([sha256(item) for item in inside]),
    }
    out = options.work / "index"
    build_parts(parts, keys, linker, graph, out)
    index = TextIndex.open(out)
    corpus = Corpus(index, linker, graph, list(index.passages()))
    if (encoder := open_encoder(options)) is not None:
        add_vectors(corpus, encoder, options.work / "vectors")
    return corpus


def open_encoder(options: argparse.Namespace) -> Encoder | None:
    """Return the encoder asked for, None if there is none."""
    if options.weights:
        return TorchEncoder(options.weights)
    return OnnxEncoder(options.onnx, options.tokenizer) if options.onnx else None


def plain_text(passage: Passage) -> str:
    """Return what of a passage is encoded here."""
    return f"{passage.title}. {passage.text}" if passage.title else passage.text


def add_vectors(corpus: Corpus, encoder: Encoder, folder: Path) -> None:
    """Encode all passages (title and text) and, apart from them, their titles; a passage without a title gets zeros."""
    texts = [plain_text(item) for item in corpus.passages]
    corpus.encoder = encoder
    corpus.matrix = vectors(encoder, texts, folder)
    titled = [row for row, item in enumerate(corpus.passages) if item.title]
    corpus.titles = np.zeros_like(corpus.matrix)
    corpus.titles[titled] = vectors(encoder, [corpus.passages[row].title for row in titled], folder)


def with_candidates(corpus: Corpus, sets: Mapping[str, list[Asked]], kept: Path) -> list[Question]:
    """Return all questions with their candidates; what the index found for a question is kept in a file."""
    lists: dict[str, Any] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    questions = []
    for name, asked in sets.items():
        for item in asked:
            if item.question not in lists:
                lists[item.question] = searched(corpus, item.question)
            result = pool(corpus, item.question, lists[item.question])
            gold = [
                corpus.passages[row].id in item.gold or corpus.passages[row].document in item.gold
                for row in result.rows.tolist()
            ]
            questions.append(Question(item.id, name, result, np.array(gold)))
        print(f"{name}: {len(asked)} questions searched", flush=True)
        write_text(kept, json.dumps(lists))
    return questions


def measured(questions: list[Question], rankings: Mapping[str, Ranking]) -> dict[str, dict[str, float]]:
    """Return measure -> question id -> value."""
    values: dict[str, dict[str, float]] = {name: {} for name in MEASURES}
    for item in questions:
        share = reciprocal(item, rankings[item.id])
        values["mrr"][item.id] = share
        for k in (1, 5, 20):
            values[f"recall@{k}"][item.id] = float(share > 0 and round(1 / share) <= k)
    return values


def compare(
    sets: Mapping[str, list[Asked]], questions: list[Question], every: list[Arm]
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, list[tuple[float, ...]]], dict[str, float]]:
    """Return for each set the rows of all arms, the weights chosen on either half, and the MRR on the first half."""
    halves = in_halves(questions, lambda item: digest(item.id))
    chosen: dict[str, list[tuple[float, ...]]] = {}
    development: dict[str, float] = {}
    values: dict[str, dict[str, dict[str, dict[str, float]]]] = {name: {} for name in sets}
    for arm in every:
        rankings, chosen[arm.name] = cross_fitted(arm, halves)
        development[arm.name] = round(macro_mrr(halves[0], arm, chosen[arm.name][0]), 4)
        for name in sets:
            values[name][arm.name] = measured([item for item in questions if item.part == name], rankings)
    second = {item.id for item in halves[1]}
    shown = list(every)
    if "dense" in chosen:
        shown.append(ORACLE)
        for of_set in values.values():
            of_set[ORACLE.name] = {
                name: {
                    key: max(of_set[part][name][key] for part in ORACLE.parts)
                    for key in of_set[DEFAULT][name]
                }
                for name in MEASURES
            }
    rows = {}
    for name, asked in sets.items():
        cluster = {item.id: item.cluster for item in asked}
        rows[name] = [row_of(arm, values[name], cluster, second) for arm in shown]
    return rows, chosen, development


def row_of(
    arm: Arm,
    values: Mapping[str, Mapping[str, dict[str, float]]],
    cluster: Mapping[str, str],
    second: set[str],
) -> dict[str, Any]:
    """Return an arm's measures, and their paired differences to the default and to the arm's parts.

    `second half` holds the differences on the half of the questions whose weights were chosen on the first, `signs` the
    number of its questions that are better and worse, and the exact sign test's p.
    """
    own = values[arm.name]
    row: dict[str, Any] = {"arm": arm.name}
    row |= {name: round(statistics.fmean(own[name].values()), 4) for name in MEASURES}
    row["differences"], row["second half"], row["signs"] = {}, {}, {}
    for other in dict.fromkeys((DEFAULT, *arm.parts)):
        if other == arm.name:
            continue
        for name in MEASURES:
            base = values[other][name]
            key = f"{name} - {other}"
            row["differences"][key] = paired(own[name], base, cluster)
            kept = [
                {item: value for item, value in side.items() if item in second} for side in (own[name], base)
            ]
            row["second half"][key] = paired(kept[0], kept[1], cluster)
            row["signs"][key] = signs(kept[0], kept[1])
    return row


def signs(arm: Mapping[str, float], base: Mapping[str, float]) -> tuple[int, int, float]:
    """Return how many questions are better and worse, and p of the exact two-sided sign test."""
    better = sum(arm[key] > base[key] for key in arm)
    worse = sum(arm[key] < base[key] for key in arm)
    p = float(binomtest(better, better + worse).pvalue) if better + worse else 1.0
    return better, worse, round(p, 4)


def paired(arm: dict[str, float], base: dict[str, float], cluster: Mapping[str, str]) -> list[float]:
    """Return the mean difference and its interval."""
    result = difference(arm, base, cluster)
    return [round(value, 4) for value in (result.difference, result.low, result.high)]


def milliseconds(corpus: Corpus, asked: list[Asked], product: SentenceEncoder | None) -> dict[str, float]:
    """Return the median processor time of the single searches, of encoding a question and of comparing it."""
    index, linker, graph = corpus.index, corpus.linker, corpus.graph
    searches: dict[str, Callable[[str], object]] = {
        "words": lambda question: index.search(question, k=20),
        "both": lambda question: index.search(question, k=20, linker=linker, graph=graph),
    }
    if corpus.matrix is not None:
        halves = corpus.matrix.astype(np.float16)
        searches["comparing"] = lambda _: nearest(halves, halves[0].astype(np.float32))
    if product is not None:
        searches["encoding"] = lambda question: product.encode([question])
    seconds: dict[str, list[float]] = {}
    for name, search in searches.items():
        for item in asked:
            started = time.process_time()
            search(item.question)
            seconds.setdefault(name, []).append(time.process_time() - started)
    return {name: round(1000 * statistics.median(values), 2) for name, values in seconds.items()}


def nearest(halves: npt.NDArray[np.float16], vector: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Return the rows of the nearest vectors, compared in blocks as the hybrid index does."""
    blocks = (halves[start : start + (1 << 14)] for start in range(0, len(halves), 1 << 14))
    cosines = np.concatenate([block.astype(np.float32) @ vector for block in blocks])
    return np.argpartition(-cosines, 200)[:200]


def agreement(corpus: Corpus, product: SentenceEncoder | None, count: int = 50) -> dict[str, float]:
    """Return the least and the mean cosine between the vectors here and those of clinweave's own encoder."""
    if product is None or corpus.matrix is None:
        return {}
    rows = range(0, len(corpus.passages), len(corpus.passages) // count)
    own = product.encode([plain_text(corpus.passages[row]) for row in rows])
    cosines = (own * corpus.matrix[list(rows)]).sum(1)
    return {"passages": len(rows), "least": float(cosines.min()), "mean": float(cosines.mean())}


def folder_bytes(path: Path) -> int:
    """Return the size of all files below a folder."""
    return sum(item.stat().st_size for item in path.rglob("*") if item.is_file())


def parse() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    for name in ("medquad", "pubmedqa", "guidelines", "questions", "work"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument(
        "--onnx", type=Path, help="a sentence encoder; without it or --weights no dense vectors"
    )
    parser.add_argument("--tokenizer", type=Path, help="its tokenizer.json")
    parser.add_argument("--weights", type=Path, help="folder of the encoder's own weights, run by torch")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def main() -> None:
    """Rank every question by every arm; print recall, differences, weights, sizes and times."""
    options = parse()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    corpus = open_corpus(options)
    sets = {
        "guidelines": guideline_questions(options.questions, corpus.passages),
        "paraphrased": paraphrased_questions(corpus.passages),
        "reworded": reworded_questions(
            corpus.passages, corpus.graph, corpus.linker, options.count, options.seed
        ),
        "pubmedqa": pubmedqa_questions(options.pubmedqa),
    }
    sizes = {"passages": len(corpus.passages), "index": folder_bytes(options.work / "index" / "tantivy")}
    if corpus.matrix is not None:
        sizes["vectors"] = corpus.matrix.nbytes // 2
    print(", ".join(f"{name} {value:,}" for name, value in sizes.items()))
    key = str((read_manifest(options.work / "index") or {})["key"])
    questions = with_candidates(corpus, sets, options.work / f"rankings-{key}.json")
    rows, chosen, development = compare(sets, questions, list(arms(corpus.matrix)))
    weights = options.weights
    product = SentenceEncoder(weights / WEIGHTS, weights / TOKENIZER, "") if weights is not None else None
    same = agreement(corpus, product)
    print(f"\n{recall_table(rows, development)}\n\n{difference_table(rows)}\n")
    spent = milliseconds(corpus, sets["pubmedqa"][:100], product)
    print("weights chosen on either half:", json.dumps(chosen), "\nmilliseconds:", json.dumps(spent))
    print("cosine to the vectors of clinweave's own encoder:", json.dumps(same))
    if options.json:
        text = {"sizes": sizes, "milliseconds": spent, "weights": chosen, "development": development}
        text |= {"agreement": same, "sets": rows}
        options.json.write_text(json.dumps(text, indent=1), "utf-8")


if __name__ == "__main__":
    main()
