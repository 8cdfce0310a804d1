"""Findings of case reports by retrieval: phrases by meaning with a learned judge, or chosen by a language model.

    python benchmarks/case_reports_retrieval.py REPORTS.jsonl --names NAMES.npz [--graph DIR]
    python benchmarks/case_reports_retrieval.py REPORTS.jsonl --names NAMES.npz --model ADDRESS --count 10 --cache FILE

Both add to what `link --notes` reads, and are compared with it on the same documents (2,000 draws, seed 0).

Dense: stretches of two to six words that no mention covers, each with the nearest names of findings by the sentence
encoder (`clinweave fetch all-minilm-l6-v2`, extra `dense`); a logistic judge of nearness, margin, length and position,
fitted and its threshold chosen on the other folds' documents (five folds).

Model, in the manner of RAG-HPO (Garcia et al. 2025): the model lists the abnormal findings of a paragraph in the
words of the text; phrases that the text does not have are dropped; for each that no mention covers it chooses one of
the nearest eight names or none; the status is the linker's at that place. Replies are kept in `--cache`, so that a
stopped run goes on (`--minutes`). NAMES.npz holds the vectors of all names, made on first use.
"""

import argparse
import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from case_reports import observed, scores, shown

from clinweave.core.artifacts import home
from clinweave.knowledge import Graph, Linker, NoteReader
from clinweave.knowledge.linking.cues import STATUSES
from clinweave.knowledge.linking.normalise import tokenise
from clinweave.knowledge.linking.status import assess
from clinweave.knowledge.retrieval.sentence_encoder import SentenceEncoder
from clinweave.models import LanguageModel, open_model
from clinweave.records import Mention, Message

_DRAWS, _FOLDS, _NEAREST = 2000, 5, 8
_WORD = re.compile(r"[A-Za-z][\w'/-]*")
_BREAK = re.compile(r"[.,;:()\[\]\n]")
_FUNCTION = frozenset({
    "the", "a", "an", "and", "or", "but", "with", "without", "of", "to", "in", "on", "at", "by", "for",
    "from", "was", "were", "is", "are", "had", "has", "have", "be", "been", "as", "that", "which",
    "who", "he", "she", "his", "her", "they", "their", "it", "its", "this", "these", "no", "not",
    "also", "both", "after", "before", "during", "when", "while", "than", "then",
})  # fmt: skip
_LIST = (
    "List every abnormal finding (symptom, sign, malformation, abnormal test) that the text says the patient has. Copy "
    "the words of the text exactly. One a line, nothing else. Write none if there is none.\n\nText: {}"
)
_CHOOSE = (
    'Which term means the same as "{}" in this text? Reply with the number only; 0 if none does.\n\n'
    "Text: {}\n\n{}\n0. none"
)


class Phrase(NamedTuple):
    """A stretch of a document without a finding, and its nearest names: (cosine, place), best first."""

    document: int
    start: int
    end: int
    nearest: tuple[tuple[float, int], ...]


class Names(NamedTuple):
    """All names of findings: their ids, words and unit vectors."""

    ids: list[str]
    words: list[str]
    vectors: Any


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("reports", type=Path)
    parser.add_argument("--graph", type=Path, default=home() / "graph")
    parser.add_argument("--names", type=Path, required=True)
    parser.add_argument("--model")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--cache", type=Path, default=Path("replies.jsonl"))
    parser.add_argument("--minutes", type=float, default=9.0)
    options = parser.parse_args()
    graph = Graph.open(options.graph)
    rows = [json.loads(line) for line in options.reports.read_text("utf-8").splitlines() if line.strip()]
    if options.model:
        rows = random.Random(0).sample(rows, min(options.count, len(rows)))
    gold = [
        {graph.resolve(item["id"]) or item["id"] for item in row["concepts"] if item["status"] == "affirmed"}
        for row in rows
    ]
    linker = Linker.open(graph)
    texts = [row["text"] for row in rows]
    mentions = NoteReader(linker).read_many(texts)
    encoder = SentenceEncoder.open(home())
    names = _names(linker, encoder, options.names)
    base = [observed(items) for items in mentions]
    if options.model:
        deadline = time.monotonic() + 60 * options.minutes
        asking = Asking(open_model(options.model), options.cache, deadline)
        added, complete = _by_model(asking, texts, mentions, names, encoder)
        if complete < len(texts):
            print(f"{complete} of {len(texts)} documents read so far; run again to go on", flush=True)
        texts, gold, base, added = (items[:complete] for items in (texts, gold, base, added))
        arms = {"notes": base, f"notes and {options.model}": _joined(base, added)}
    else:
        phrases = [
            phrase for number, text in enumerate(texts) for phrase in _phrases(number, text, mentions[number])
        ]
        phrases = _with_names(phrases, texts, names, encoder)
        right = [
            names.ids[phrase.nearest[0][1]] in gold[phrase.document] - base[phrase.document]
            for phrase in phrases
        ]
        print(
            f"{len(phrases)} stretches without a finding; the nearest name is right and new in {sum(right)}"
        )
        arms = {
            "notes": base,
            "notes and judged neighbours": _judged(phrases, right, texts, names, gold, base),
        }
    _report(arms, gold)


def _report(arms: dict[str, list[set[str]]], gold: list[set[str]]) -> None:
    draw = random.Random(0)
    drawn = [draw.choices(range(len(gold)), k=len(gold)) for _ in range(_DRAWS)]
    counts = {
        name: [(len(wanted & told), len(told), len(wanted)) for wanted, told in zip(gold, sets, strict=True)]
        for name, sets in arms.items()
    }
    first = counts["notes"]
    print(f"{len(gold)} documents, {sum(map(len, gold))} concepts")
    for name, each in counts.items():
        print(f"{name:<40}{shown(each, first, drawn)}")


def _names(linker: Linker, encoder: SentenceEncoder, path: Path) -> Names:
    """Return all names of findings with their vectors, which are made once."""
    vocabulary = linker.vocabulary
    ids = vocabulary.ids.to_pylist()
    chosen = np.array([curie.startswith("HP:") for curie in ids], np.bool_)
    rows = np.flatnonzero(chosen[vocabulary.concept])
    words = vocabulary.names.take(vocabulary.name[rows]).to_pylist()
    concepts = [ids[concept] for concept in vocabulary.concept[rows].tolist()]
    pairs = sorted({(word, curie) for word, curie in zip(words, concepts, strict=True) if len(word) > 4})
    if not path.exists():
        vectors = encoder.encode([word for word, _ in pairs]).astype(np.float16)
        np.savez(path, vectors=vectors)
    with np.load(path) as stored:
        vectors = stored["vectors"].astype(np.float32)
    if len(vectors) != len(pairs):
        raise SystemExit(f"{path} holds other names; delete it")
    return Names([curie for _, curie in pairs], [word for word, _ in pairs], vectors)


def _phrases(number: int, text: str, mentions: Sequence[Mention]) -> Iterator[Phrase]:
    """Yield the stretches of two to six words between punctuation and function words that no mention covers."""
    covered = np.zeros(len(text), np.bool_)
    for item in mentions:
        covered[item.start : item.end] = True
    run: list[tuple[int, int]] = []
    last = 0
    for match in [*_WORD.finditer(text), None]:
        breaks = match is None or _BREAK.search(text, last, match.start()) is not None
        ends = (
            breaks or match.group().lower() in _FUNCTION or bool(covered[match.start() : match.end()].any())
        )
        if ends:
            if 2 <= len(run) <= 6:
                yield Phrase(number, run[0][0], run[-1][1], ())
            run = []
        if match is not None:
            last = match.end()
            if match.group().lower() not in _FUNCTION and not covered[match.start() : match.end()].any():
                run.append(match.span())


def _with_names(
    phrases: Sequence[Phrase], texts: Sequence[str], names: Names, encoder: SentenceEncoder
) -> list[Phrase]:
    vectors = encoder.encode([texts[phrase.document][phrase.start : phrase.end] for phrase in phrases])
    result = []
    for phrase, vector in zip(phrases, vectors, strict=True):
        near = names.vectors @ vector
        best: dict[str, tuple[float, int]] = {}
        for place in np.argsort(-near)[: 6 * _NEAREST].tolist():
            best.setdefault(names.ids[place], (float(near[place]), place))
        result.append(phrase._replace(nearest=tuple(list(best.values())[:_NEAREST])))
    return result


def _judged(  # noqa: PLR0917 - phrases with what is right, and the documents that they are of
    phrases: Sequence[Phrase],
    right: Sequence[bool],
    texts: Sequence[str],
    names: Names,
    gold: list[set[str]],
    base: list[set[str]],
) -> list[set[str]]:
    """Return the findings with those that a judge fitted on the other folds accepts, at their best threshold."""
    rows = np.array([_features(phrase, texts, names) for phrase in phrases])
    rows = (rows - rows.mean(0)) / (rows.std(0) + 1e-9)
    rows = np.c_[np.ones(len(rows)), rows]
    labels, document = np.array(right, np.float64), np.array([phrase.document for phrase in phrases])
    fold = np.array(random.Random(0).sample(range(len(texts)), len(texts))) % _FOLDS
    added: list[set[str]] = [set() for _ in texts]
    for part in range(_FOLDS):
        train = fold[document] != part
        weights = _logistic(rows[train], labels[train])
        chance = 1 / (1 + np.exp(-rows @ weights))

        def score(threshold: float, chance: Any = chance, part: int = part) -> float:
            extra = _accepted(phrases, chance, threshold, names, len(texts))
            kept = [number for number in range(len(texts)) if fold[number] != part]
            told = [base[number] | extra[number] for number in kept]
            wanted = [gold[number] for number in kept]
            return scores([(len(a & b), len(a), len(b)) for a, b in zip(told, wanted, strict=True)])[2]

        threshold = max(np.linspace(0.05, 1.0, 39).tolist(), key=score)
        print(f"fold {part}: threshold {threshold:.2f}")
        extra = _accepted(phrases, chance, threshold, names, len(texts))
        for number in np.flatnonzero(fold == part).tolist():
            added[number] = extra[number]
    return _joined(base, added)


def _features(phrase: Phrase, texts: Sequence[str], names: Names) -> list[float]:
    (first, place), (second, _) = phrase.nearest[:2]
    words = texts[phrase.document][phrase.start : phrase.end].lower().split()
    named = names.words[place].lower().split()
    shared = len({word[:5] for word in words} & {word[:5] for word in named})
    return [first, first - second, len(words), len(named), shared / len(named), shared / len(words), first**4]


def _logistic(rows: Any, labels: Any) -> Any:
    weights = np.zeros(rows.shape[1])
    for _ in range(50):  # Newton's method with a small penalty
        chance = 1 / (1 + np.exp(-rows @ weights))
        gradient = rows.T @ (labels - chance) - weights
        curvature = (rows * (chance * (1 - chance))[:, None]).T @ rows + np.eye(rows.shape[1])
        weights += np.linalg.solve(curvature, gradient)
    return weights


def _accepted(
    phrases: Sequence[Phrase], chance: Any, threshold: float, names: Names, documents: int
) -> list[set[str]]:
    result: list[set[str]] = [set() for _ in range(documents)]
    for row in np.flatnonzero(chance > threshold).tolist():
        result[phrases[row].document].add(names.ids[phrases[row].nearest[0][1]])
    return result


def _joined(base: Sequence[set[str]], added: Sequence[set[str]]) -> list[set[str]]:
    return [first | second for first, second in zip(base, added, strict=True)]


class Asking:
    """Asks a model, with every reply on disk; `late` once the time is over."""

    def __init__(self, model: LanguageModel, path: Path, deadline: float) -> None:
        self.model, self.path, self.deadline = model, path, deadline
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        self.replies: dict[str, str] = dict(json.loads(line) for line in lines)

    def ask(self, prompt: str, most: int) -> str | None:
        """Return the reply, None where it is not known and the time is over."""
        key = sha256(prompt.encode()).hexdigest()
        if key not in self.replies:
            if time.monotonic() > self.deadline:
                return None
            self.replies[key] = self.model.generate(
                [Message(role="user", content=prompt)], max_tokens=most
            ).text
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps([key, self.replies[key]]) + "\n")
        return self.replies[key]


def _by_model(
    asking: Asking,
    texts: Sequence[str],
    mentions: Sequence[Sequence[Mention]],
    names: Names,
    encoder: SentenceEncoder,
) -> tuple[list[set[str]], int]:
    """Return the findings that the model adds to each document, and how many documents it has read."""
    result: list[set[str]] = []
    told = verified = chosen = 0
    for number, text in enumerate(texts):
        added: set[str] = set()
        for paragraph in _paragraphs(text):
            reply = asking.ask(_LIST.format(paragraph), 200)
            if reply is None:
                return result, number
            lines = [line.strip(" -*.\t0123456789") for line in reply.splitlines()]
            told += sum(len(line) > 3 for line in lines)
            for bare in _quoted(number, text, paragraph, lines, mentions[number]):
                verified += 1
                (phrase,) = _with_names([bare], texts, names, encoder)
                terms = "\n".join(
                    f"{row}. {names.words[place]}" for row, (_, place) in enumerate(phrase.nearest, 1)
                )
                words, around = (
                    text[phrase.start : phrase.end],
                    text[max(0, phrase.start - 150) : phrase.end + 100],
                )
                reply = asking.ask(_CHOOSE.format(words, around, terms), 4)
                if reply is None:
                    return result, number
                row = re.match(r"\s*(\d)", reply)
                if row and 1 <= int(row[1]) <= len(phrase.nearest) and _of_patient(text, phrase):
                    chosen += 1
                    added.add(names.ids[phrase.nearest[int(row[1]) - 1][1]])
        result.append(added)
        print(
            f"document {number}: {told} phrases told, {verified} in the text and new, {chosen} chosen",
            flush=True,
        )
    return result, len(texts)


def _paragraphs(text: str, most: int = 900) -> Iterator[str]:
    """Yield the text in pieces of whole sentences."""
    piece = ""
    for sentence in re.split(r"(?<=[.!?])\s+", text):
        if piece and len(piece) + len(sentence) > most:
            yield piece
            piece = ""
        piece = f"{piece} {sentence}".strip()
    if piece:
        yield piece


def _quoted(
    number: int, text: str, paragraph: str, lines: Sequence[str], mentions: Sequence[Mention]
) -> Iterator[Phrase]:
    """Yield the phrases that the text has word for word and no mention touches."""
    for line in dict.fromkeys(lines):
        if not 4 <= len(line) <= 80 or line.lower() not in paragraph.lower():
            continue
        match = re.search(re.escape(line).replace(r"\ ", r"\s+"), text, re.IGNORECASE)
        if match and not any(item.start < match.end() and match.start() < item.end for item in mentions):
            yield Phrase(number, match.start(), match.end(), ())


def _of_patient(text: str, phrase: Phrase) -> bool:
    """Return whether the linker's rules for status and experiencer make a phrase the patient's."""
    tokens = tokenise(text)
    first = int(np.searchsorted(tokens.end, phrase.start, side="right"))
    size = max(1, int(np.searchsorted(tokens.start, phrase.end)) - first)
    assessed = assess(text, tokens, np.array([first], np.int64), np.array([size], np.int64))
    return not assessed.family[0] and STATUSES[int(assessed.status[0])] in {"present", "historical"}


if __name__ == "__main__":
    main()
