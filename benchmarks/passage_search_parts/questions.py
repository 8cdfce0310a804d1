"""The four sets of questions, each with the documents or passages that answer it."""

import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from clinweave.knowledge import Graph, Linker
from clinweave.knowledge.linking.normalise import words_of
from clinweave.knowledge.retrieval.text_index import QUESTION_WORDS
from clinweave.records import Passage

_ANSWERS = Path(__file__).with_name("answers.jsonl")
PARAPHRASED = Path(__file__).with_name("paraphrased.jsonl")

# A stored question of MedQuAD -> the same in other words.
FRAMES = (
    (r"What is \(are\) (.+?) \?", "Tell me about {}"),
    (r"What are the symptoms of (.+?) \?", "How does {} show itself?"),
    (r"What are the treatments for (.+?) \?", "How do doctors manage {}?"),
    (r"What causes (.+?) \?", "Why does somebody get {}?"),
    (r"How to diagnose (.+?) \?", "Which examinations reveal {}?"),
    (r"How to prevent (.+?) \?", "How can one avoid {}?"),
    (r"What is the outlook for (.+?) \?", "What can a patient with {} expect in later life?"),
    (r"How many people are affected by (.+?) \?", "Is {} a rare illness?"),
    (r"What are the genetic changes related to (.+?) \?", "Mutations in which gene lead to {}?"),
    (r"Is (.+?) inherited \?", "Can parents pass {} on to a child?"),
    (r"Who is at risk for (.+?)\?* \?", "Which people are more likely to get {}?"),
    (r"What are the complications of (.+?) \?", "What else can go wrong with {}?"),
    (r"What are the stages of (.+?) \?", "How far can {} have spread?"),
)


class Asked(NamedTuple):
    """A question, and the ids of passages or documents that answer it."""

    id: str
    question: str
    gold: frozenset[str]
    cluster: str = ""


def guideline_questions(path: Path, passages: Sequence[Passage]) -> list[Asked]:
    """Return the clinical questions that the guidelines answer; gold are passages with the answering sentence."""
    answers = {row["id"]: row for row in map(json.loads, _ANSWERS.read_text("utf-8").splitlines())}
    result = []
    for row in map(json.loads, path.read_text("utf-8").splitlines()):
        if row["id"] not in answers:
            continue
        sentence = answers[row["id"]]["sentence"]
        gold = {item.id for item in passages if item.source == "guidelines" and sentence in item.text}
        if not gold:
            raise SystemExit(f"{row['id']}: no guideline holds {sentence!r}; correct {_ANSWERS.name}")
        result.append(Asked(row["id"], row["question"], frozenset(gold)))
    return result


def paraphrased_questions(passages: Sequence[Passage]) -> list[Asked]:
    """Return our lay questions, none of whose words is in what answers it (checked here, function words apart).

    Gold is the guidelines' passage with a sentence, or MedQuAD's answers to a stored question.
    """
    result = []
    for row in map(json.loads, PARAPHRASED.read_text("utf-8").splitlines()):
        if "sentence" in row:
            gold = [item for item in passages if item.source == "guidelines" and row["sentence"] in item.text]
        else:
            gold = [item for item in passages if item.title.lower() == row["title"].lower()]
        answer = {
            word for item in gold for word in words_of(f"{item.title} {item.section} {item.text}")
        } - QUESTION_WORDS
        shared = sorted(answer.intersection(words_of(row["question"])))
        if shared or not gold:
            raise SystemExit(f"{row['id']}: {'no passage answers it' if not gold else f'shares {shared}'}")
        ids = {item.id if "sentence" in row else item.document for item in gold}
        result.append(Asked(f"paraphrased/{row['id']}", row["question"], frozenset(ids)))
    return result


def pubmedqa_questions(path: Path) -> list[Asked]:
    """Return PubMedQA's questions; gold is the question's own abstract."""
    items = json.loads(path.read_text("utf-8"))
    return [Asked(key, item["QUESTION"], frozenset({f"PMID:{key}"})) for key, item in items.items()]


def reworded_questions(
    passages: Sequence[Passage], graph: Graph, linker: Linker, count: int, seed: int
) -> list[Asked]:
    """Return `count` stored questions of MedQuAD in other words, drawn with `seed`; gold is the original answer."""
    titles = {item.document: item.title for item in passages if item.source == "medquad"}
    times = Counter(title.lower() for title in titles.values())
    pool = [(document, title) for document, title in sorted(titles.items()) if times[title.lower()] == 1]
    draw = random.Random(seed)
    draw.shuffle(pool)
    result: list[Asked] = []
    for document, title in pool:
        if len(result) == count:
            break
        for pattern, frame in FRAMES:
            if match := re.fullmatch(pattern, title):
                name = _other_name(match[1], graph, linker, draw)
                result.append(Asked(document, frame.format(name), frozenset({document}), match[1].lower()))
                break
    return result


def _other_name(name: str, graph: Graph, linker: Linker, draw: random.Random) -> str:
    """Return another name of the concept that a whole name means, the name itself where there is none."""
    mentions = [item for item in linker.link(name) if item.text.lower() == name.lower()]
    if not mentions:
        return name
    concept = graph.concept(mentions[0].id)
    others = [
        item
        for item in sorted({concept.name, *concept.synonyms})
        if item.lower() != name.lower() and " " in item and not re.search(r"[;,\[\]]", item)
    ]
    return draw.choice(others) if others else name
