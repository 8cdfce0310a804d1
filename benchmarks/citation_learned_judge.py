"""Whether a learned judge of entailment could rescue true sentences that the citation checker does not recognise.

    python benchmarks/citation_learned_judge.py [--shortcuts] [--json]

A rescue would turn "not verified: the passage does not state this" into "supported"; every other verdict of the rules
(contradictions, headings, instructions, ...) keeps its veto. The judge is a forest of extremely randomised trees over
counts: words, numbers, denials, hedges, conditions and groups of patients that only the sentence or only the best one
or two sentences of the passage have, and differences in order. `--shortcuts` adds the lengths and whether the sentence
begins with "Yes," or "No,": they tell how the pairs were written, not what a passage states.

Each set of written pairs (`_first`, `_unseen_e`, ...) is judged by trees that were not trained on it, at the thresholds
that let 0.5, 1 and 2 % of the false sentences of the other sets through. Parts `b`, `f`, `g`, `h` and the seventh set
are not read.
Intervals are Wilson's, 95 %. Needs the built graph.
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score

from clinweave.core.artifacts import home
from clinweave.core.statistics import wilson
from clinweave.datasets import NamedConcepts, read_written_pairs
from clinweave.knowledge import CitationChecker, Graph, Linker
from clinweave.knowledge.citations.context import statements
from clinweave.knowledge.citations.inflection import lemma
from clinweave.knowledge.citations.tokens import tokens
from clinweave.records import Passage, Verdict

WRITTEN = Path(__file__).parents[1] / "tests" / "knowledge" / "citation_pairs"
CLOSED = ("unseen_b", "unseen_f", "unseen_g", "unseen_h", "seventh")
SHOWN = ("unseen_e", "sixth")  # most sentences that the checker does not recognise
SHARES = (0.005, 0.01, 0.02)
WORDING = "the passage does not state this"
_YES_NO = re.compile(r"^\s*(?:yes|no)\s*[,.:;–—-]\s*", re.IGNORECASE)
_STOP_WORDS = (
    "the a an of in to and or for on by with as at from is are was were be been being has have had do does did that "
    "this these those it its which who whose there their they he she his her also such other than then so"
)
_STOP = frozenset(_STOP_WORDS.split())
_CLASSES = {
    "denial": "no not never none without neither nor cannot lack absent absence fail unable free "
    "rather instead far nothing",
    "hedge": "may might can could possibly perhaps probably suggest likely appear seem "
    "potential suspect associate unclear",
    "duty": "should must need require recommend offer consider advise avoid contraindicated indicated allow",
    "condition": "if unless when while until except only provided whether where once after before during although but",
    "quantity": "all every each most many some few several both half majority always usually often common commonly "
    "rare rarely occasionally sometimes frequently never nearly almost exclusively least about",
    "comparison": "more less better worse superior inferior high low great small long short than compare versus "
    "similar same twice increase decrease rise fall raise reduce over under above below first second last",
    "attribution": "say claim report believe hold argue assert think swear state view opinion myth manufacturer expert",
    "group": "child adult woman man boy girl infant neonate pregnant pregnancy elderly people patient adolescent "
    "newborn preterm carrier homozygous heterozygous male female mother",
    "species": "mouse rat rabbit dog cat macaque zebrafish pig animal vitro cell human",
    "time": "was were had did previously formerly historically past withdrawn retracted now currently former used",
}
_SETS = {name: frozenset(words.split()) for name, words in _CLASSES.items()}
_PREPOSITION_WORDS = "to by from of in for before after with without than as"
_PREPOSITIONS = frozenset(_PREPOSITION_WORDS.split())


class Item(NamedTuple):
    """A written pair, the set it is of, and whether a rescue of it would be considered."""

    sentence: str
    passages: tuple[Passage, ...]
    supported: bool
    set: str
    open: bool


def read_items() -> list[Item]:
    """Return the pairs that cite a passage, each with the checker's verdict."""
    graph = Graph.open(home() / "graph")
    names = NamedConcepts(graph)
    checker = CitationChecker(names, Linker.open(graph))
    items = []
    for path in sorted(WRITTEN.rglob("*.jsonl")):
        group = path.stem.removeprefix("true_").removeprefix("false_")
        if group in CLOSED:
            continue
        for pair in read_written_pairs(path, names):
            passages = tuple(item.passage for item in pair.evidence if item.passage is not None)
            if passages:
                verdict, reason = checker.check(pair.sentence, pair.evidence)
                candidate = verdict == Verdict.UNVERIFIED and reason == WORDING
                items.append(Item(pair.sentence, passages, pair.supported, group, candidate))
    return items


def _lemmas(text: str) -> list[str]:
    return [lemma(item.text)[0] or item.text for item in tokens(text) if item.kind != "mark"]


def _like(word: str, others: frozenset[str]) -> bool:
    return word in others or (len(word) >= 5 and any(other[:5] == word[:5] for other in others))


class Window(NamedTuple):
    """One or two neighbouring sentences of a passage."""

    words: list[str]
    texts: tuple[str, ...]
    refused: bool
    group: bool


def _windows(passage: Passage) -> list[Window]:
    result = statements(passage.text, passage.section, passage.title)
    words = [_lemmas(item.text) for item in result]
    return [
        Window(
            [word for part in words[start:stop] for word in part],
            tuple(item.text for item in result[start:stop]),
            any(item.refused for item in result[start:stop]),
            any(item.group for item in result[start:stop]),
        )
        for size in (1, 2)
        for start in range(len(result) - size + 1)
        for stop in (start + size,)
    ]


def _order(claim: Sequence[str], stated: Sequence[str]) -> dict[str, float]:
    """Return how much the order of the shared words differs."""
    places = [stated.index(word) for word in claim if word in stated]
    pairs = [(a, b) for at, a in enumerate(places) for b in places[at + 1 :]]
    steps = list(pairwise(places))
    return {
        "inversions": sum(a > b for a, b in pairs) / max(1, len(pairs)),
        "descents": sum(a > b for a, b in steps),
        "breaks": sum(b != a + 1 for a, b in steps),
        "first": float(places[:1] == [0]),
        "last": float(places[-1:] == [len(stated) - 1]),
        "gap": float(max(places) - min(places) + 1 - len(places)) if places else 9.0,
    }


def features(item: Item, *, shortcuts: bool) -> dict[str, float] | None:
    """Return the features of a sentence and the part of its passages that shares most words with it."""
    claim = _lemmas(_YES_NO.sub("", item.sentence))
    expected = [word for word in claim if word not in _STOP]
    best: tuple[float, Window, Passage] | None = None
    for passage in item.passages:
        for window in _windows(passage):
            shared = sum(_like(word, frozenset(window.words)) for word in expected)
            score = shared - 0.35 * (len(window.texts) - 1) - 0.01 * len(window.words)
            if best is None or score > best[0]:
                best = score, window, passage
    if best is None:
        return None
    _, window, passage = best
    stated = [word for word in window.words if word not in _STOP]
    own, theirs = frozenset(claim), frozenset(window.words)
    whole = frozenset(_lemmas(f"{passage.title} {passage.section} {passage.text}"))
    numbers = [{word for word in side if word[:1].isdigit()} for side in (own, theirs)]
    missing = [word for word in expected if word not in theirs]
    result: dict[str, float] = {
        "missing": len(missing),
        "coverage": 1 - len(missing) / max(1, len(expected)),
        "unlike": sum(not _like(word, theirs) for word in expected),
        "unlike_passage": sum(not _like(word, whole) for word in expected),
        "names_missing": sum(len(word) <= 3 or any(map(str.isdigit, word)) for word in missing),
        "extra": sum(not _like(word, own) for word in stated),
        "extra_share": sum(not _like(word, own) for word in stated) / max(1, len(stated)),
        "numbers_missing": len(numbers[0] - numbers[1]),
        "numbers_extra": len(numbers[1] - numbers[0]),
        "denials": abs(
            sum(w in _SETS["denial"] for w in claim) - sum(w in _SETS["denial"] for w in window.words)
        ),
        "prepositions": len((own - theirs) & _PREPOSITIONS),
        "by": float("by" in own) - float("by" in theirs),
        "and": float("and" in own) - float("and" in theirs),
        "or": float("or" in own) - float("or" in theirs),
        "one_of": float("the" in own and bool({"a", "an", "one"} & theirs)),
        "than": float("than" in own),
        "refused": float(window.refused),
        "group": float(window.group),
        "heading": float(bool(passage.section or passage.title)),
        "question": float("?" in passage.text),
        "quote": float('"' in passage.text or "“" in passage.text),
    }
    for name, words in _SETS.items():
        result[f"{name}_claim"] = len((own - theirs) & words)
        result[f"{name}_stated"] = len((theirs - own) & words)
    result |= _order(expected, stated)
    if shortcuts:
        result |= {
            "yes": float(bool(_YES_NO.match(item.sentence))),
            "words": len(expected),
            "words_stated": len(stated),
            "words_passage": len(whole),
        }
    return result


def judge_features(items: Sequence[Item], *, shortcuts: bool) -> np.ndarray:
    """Return each pair's score by trees that were trained without its set."""
    rows = [features(item, shortcuts=shortcuts) for item in items]
    names = list(next(row for row in rows if row))
    known = np.array([row is not None for row in rows])
    matrix = np.array([[row[name] if row else 0.0 for name in names] for row in rows])
    labels = np.array([item.supported for item in items])
    sets = np.array([item.set for item in items])
    scores = np.zeros(len(items))
    for group in sorted(set(sets)):
        train = known & (sets != group)
        trees = ExtraTreesClassifier(
            400, min_samples_leaf=2, max_features=0.3, random_state=0, class_weight="balanced_subsample"
        )
        trees.fit(matrix[train], labels[train])
        scores[sets == group] = trees.predict_proba(matrix[sets == group])[:, 1]
    return np.where(known, scores, 0.0)


def evaluate(items: Sequence[Item], scores: np.ndarray) -> list[dict]:
    """Return what a rescue at each allowed share of false sentences does to false support and recall."""
    usable = np.array([item.open for item in items])
    labels = np.array([item.supported for item in items])
    sets = np.array([item.set for item in items])
    rows = []
    for name, within in {"all": usable, **{name: sets == name for name in SHOWN}}.items():
        chosen = usable & within
        row = {"set": name, "area": float(roc_auc_score(labels[chosen], scores[chosen])), "rescued": {}}
        row |= {f"open_{label}": int((chosen & (labels == label)).sum()) for label in (True, False)}
        for share in SHARES:
            saved = np.zeros(len(items), dtype=bool)
            for group in set(sets[chosen]):
                rest = np.sort(scores[usable & (sets != group) & ~labels])[::-1]
                saved |= chosen & (sets == group) & (scores > rest[int(share * len(rest))])
            row["rescued"][share] = [int((saved & (labels == label)).sum()) for label in (True, False)]
        rows.append(row)
    return rows


def cell(count: int, n: int) -> str:
    """Return "3 of 120, 2.5 % (0.9-7.1)"."""
    low, high = wilson(count, n)
    return f"{count} of {n}, {100 * count / n:.1f} % ({100 * low:.1f}-{100 * high:.1f})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge, choose thresholds, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shortcuts", action="store_true", help="add lengths and Yes/No to the features")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    items = read_items()
    rows = evaluate(items, judge_features(items, shortcuts=options.shortcuts))
    if options.json:
        print(json.dumps(rows, indent=1))
        return 0
    table = Table("set", "area under the curve", "allowed", "true rescued", "false rescued")
    for row in rows:
        for share, (true, false) in row["rescued"].items():
            shown = (cell(true, row["open_True"]), cell(false, row["open_False"]))
            table.add_row(row["set"], f"{row['area']:.2f}", f"{100 * share:g} %", *shown)
    Console(width=130, file=sys.stdout).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
